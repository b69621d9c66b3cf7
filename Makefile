# `make run` starts the server, `make test` runs every check. Both install what is missing where
# they can (Debian and Ubuntu, as root), and say what to install where they cannot.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## Show what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# The server answers Ctrl-C by itself and leaves in good order. `exec` makes it the process that
# make waits for.
.PHONY: run
run: ## Build and start the server on http://127.0.0.1:8080
	@scripts/setup.sh run
	@cargo build --release --locked
	@exec target/release/stockroom serve

.PHONY: build
build: ## Build the server
	@scripts/setup.sh run
	cargo build --release --locked

.PHONY: test
test: ## Run every check, as the continuous integration does
	@scripts/setup.sh test
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked
	scripts/lint.sh
	@"$$(scripts/postgres_bindir.sh)/postgres" --version
	cargo test --locked || { scripts/stop_test_postgres.sh; exit 1; }
	scripts/test_databases.sh || { scripts/stop_test_postgres.sh; exit 1; }
	scripts/stop_test_postgres.sh
	scripts/check_schema.sh
	scripts/postman.sh
	scripts/lint_openapi.sh
	scripts/clients.sh
	scripts/schemathesis.sh
	@echo "Everything passed on $$("$$(scripts/postgres_bindir.sh)/postgres" --version)"

.PHONY: bench
bench: ## Measure it beside plain SQL, about 20 minutes; options by ARGS='--quick', see ARGS=--help
	@scripts/setup.sh bench
	cargo bench --locked --bench shop -- $(ARGS)

.PHONY: schema
schema: ## Write src/db/schema.rs anew from the migrations
	@scripts/setup.sh run
	scripts/check_schema.sh --write

# The database of `make run` only, and never while it is in use.
.PHONY: reset
reset: ## Remove the database of make run, to start afresh
	@scripts/reset.sh

.PHONY: clean
clean: ## Remove what was built, but not the data
	cargo clean
	rm -rf postman/node_modules tests/smtp/node_modules tests/clients/node_modules tests/clients/generated
