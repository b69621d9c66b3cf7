# `make run` starts the server, `make test` runs every check. As root on Debian and Ubuntu, both install missing
# packages; elsewhere they list them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## Show all targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# The admin UI is built while cargo compiles the dependencies. The second build embeds it if the first one came too early.
# The server handles Ctrl-C itself. With `exec`, make waits for the server and not for a shell.
.PHONY: run
run: ## Build and start the server on http://127.0.0.1:8080
	@scripts/setup.sh run
	@$(MAKE) -j2 desk release
	@cargo build --release --locked
	@exec target/release/stockroom serve

.PHONY: desk
desk:
	@scripts/build_desk.sh

.PHONY: release
release:
	@cargo build --release --locked

.PHONY: build
build: ## Build the server for production: a longer build than for make run, and a faster program
	@scripts/setup.sh run
	scripts/build_desk.sh
	cargo build --profile dist --locked

.PHONY: admin
admin: ## Build the admin UI, which the next build of the server contains
	@scripts/setup.sh run
	scripts/build_desk.sh

.PHONY: test
test: ## Run every check, as in the continuous integration
	@scripts/setup.sh test
	scripts/build_desk.sh
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked
	scripts/lint.sh
	@"$$(scripts/postgres_bindir.sh)/postgres" --version
	@scripts/test_postgres_in_memory.sh
	cargo test --locked || { scripts/stop_test_postgres.sh; exit 1; }
	scripts/test_databases.sh || { scripts/stop_test_postgres.sh; exit 1; }
	scripts/stop_test_postgres.sh
	scripts/check_schema.sh
	scripts/postman.sh
	scripts/lint_openapi.sh
	scripts/clients.sh
	scripts/desk.sh
	scripts/schemathesis.sh
	@echo "Everything passed on $$("$$(scripts/postgres_bindir.sh)/postgres" --version)"

.PHONY: test-desk
test-desk: ## Run the tests of each page of the admin UI, too
	@scripts/setup.sh test
	scripts/desk.sh --all

.PHONY: bench-desk
bench-desk: ## Measure the pages of the admin UI of make run, or at DESK_URL: docs/bench/desk.md; ARGS='--rounds 3' for less
	@scripts/setup.sh test
	scripts/desk.sh --bench $(ARGS)

.PHONY: soak
soak: ## Repeat the tests that depend on chance for 60 minutes; MINUTES=10 for less
	@scripts/setup.sh test
	@scripts/test_postgres_in_memory.sh
	@status=0; scripts/soak.sh $(MINUTES) || status=$$?; scripts/stop_test_postgres.sh; exit $$status

.PHONY: bench
bench: ## Compare it with plain SQL, about 20 minutes; ARGS=forecast compares the forecasts; other options: ARGS=--help
	@scripts/setup.sh bench
	cargo bench --profile dist --locked --bench shop -- $(ARGS)

.PHONY: schema
schema: ## Write src/db/schema.rs from the migrations
	@scripts/setup.sh run
	scripts/check_schema.sh --write

# Removes only the database of `make run`, and only if no process uses it.
.PHONY: reset
reset: ## Remove the database of make run, to start afresh
	@scripts/reset.sh

.PHONY: clean
clean: ## Remove all build results, but not the data
	cargo clean
	rm -rf postman/node_modules tests/smtp/node_modules tests/clients/node_modules tests/clients/generated \
		admin/node_modules admin/dist
