# syntax=docker/dockerfile:1

# Builds the admin UI. Scripts of packages are not run.
FROM node:22-bookworm-slim AS desk
WORKDIR /build/admin
COPY admin/package.json admin/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY admin ./
RUN npm run build


FROM rust:1-bookworm AS builder
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# Builds the dependencies with an empty program. This layer is reused until Cargo.toml or Cargo.lock change. Cargo needs
# the file of the benchmark, because Cargo.toml names it, but does not build it.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches/shop \
    && echo 'fn main() {}' | tee src/main.rs build.rs > benches/shop/main.rs \
    && touch src/lib.rs \
    && cargo build --profile dist --locked \
    && rm -rf src

# Builds the program, with the admin UI in it. Cargo compares modification times, and the files of the checkout may be
# older than the empty program.
COPY . .
COPY --from=desk /build/admin/dist admin/dist
RUN touch build.rs src/main.rs src/lib.rs \
    && cargo build --profile dist --locked


FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin stockroom
COPY --from=builder /build/target/dist/stockroom /usr/local/bin/stockroom

USER stockroom
WORKDIR /

# This image has no PostgreSQL, so DATABASE_URL and JWT_SECRET must be set.
ENV STOCKROOM__SERVER__HOST=0.0.0.0
EXPOSE 8080

# The image has no curl, so bash sends the request.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${STOCKROOM__SERVER__PORT:-8080} && printf 'GET /health/ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]

ENTRYPOINT ["stockroom"]
CMD ["serve"]
