# Dray. `make` lists what there is.

PAGE := web/dist/index.html
PAGE_SOURCES := $(wildcard web/src/* web/packages/*/src/* web/packages/*/package.json web/*.html web/*.svg web/*.css web/*.mjs web/*.json)
TARGET := $(or $(CARGO_TARGET_DIR),target)
# One build for all tests: of fewer crates cargo would choose other features, and build everything once more.
BUILD_TESTS := cargo test --workspace --locked --no-run --quiet
RUN_ARGS ?=

.PHONY: help run build dist docs test test-tools lint unit clients stores cluster openapi page-test torture bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: build ## build everything (the page included) and serve on http://127.0.0.1:8080 from ./dray-data
	@$(TARGET)/release/dray serve $(RUN_ARGS)

build: $(PAGE) ## a binary that is built quickly, at target/release/dray: without traces, and S3 keys come from variables only
	cargo build --release --locked -p dray --no-default-features

dist: $(PAGE) ## the binary to deploy, at target/dist/dray: it has everything, needs less CPU, and takes longer to build
	cargo build --profile dist --locked -p dray

docs: ## the book, at target/book/index.html
	scripts/mdbook build docs --dest-dir $(abspath $(TARGET))/book

$(PAGE): $(PAGE_SOURCES)
	cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build

test: test-tools lint unit clients stores openapi page-test ## everything: formatting, lints, unit, integration, S3 clients and stores, the API against its document, terminal client, browser

test-tools:
	scripts/install-test-tools

lint: $(PAGE)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --locked -p dray --no-default-features -- -D warnings
	cd web && npm run --silent check

unit: $(PAGE)
	cargo test --workspace --locked --quiet
	scripts/with-postgres sh -c "scripts/run-test dray-server it --quiet && scripts/run-test dray it --quiet nodes"
	POSTGRES_POOLER=1 scripts/with-postgres scripts/run-test dray-server it --quiet finalize:: folders:: change:: links:: search::
	POSTGRES_ISOLATION="repeatable read" scripts/with-postgres scripts/run-test dray-server it --quiet change:: folders::

clients: $(PAGE) ## boto3, aws-cli, rclone, s3fs, restic and others against the embedded store
	$(BUILD_TESTS)
	tests/clients/run

stores: $(PAGE) ## uploads and downloads on S3 servers of others: rclone, moto and SeaweedFS
	$(BUILD_TESTS)
	tests/stores/run

cluster: test-tools $(PAGE) ## stores and databases that people run (SeaweedFS, Ceph, Garage, Patroni, a rolling upgrade), killed while files are uploaded; CASES="seaweedfs failover" runs some
	scripts/install-test-tools cluster
	$(BUILD_TESTS)
	scripts/with-postgres tests/cluster/run $(CASES)

openapi: $(PAGE) ## the server against its OpenAPI document, by schemathesis
	$(BUILD_TESTS)
	tests/openapi/run

page-test: $(PAGE) ## the page in a real browser
	$(BUILD_TESTS)
	cd web && npm test --silent

torture: test-tools $(PAGE) ## all of the proof that nothing acknowledged is ever lost: kills, races, faults of disk and store, on both databases; a million steps of who may do what, and schedules of simulated uploads
	DRAY_TORTURE=full scripts/with-postgres scripts/run-test dray torture
	DRAY_MODEL_STEPS=1000000 scripts/run-test dray-server it model::
	DRAY_SIM_SCHEDULES=400 scripts/run-test dray-server dray_server sim::no_schedule --nocapture
	tests/sim/faults/run

bench: $(PAGE) ## figures, each as a ratio to a reference in the same run
	bench/run

clean:
	rm -rf $(TARGET) web/dist web/packages/*/dist web/node_modules
