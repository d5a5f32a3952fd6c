# Dray. `make` lists the targets.

PAGE := web/dist/index.html
PAGE_SOURCES := $(wildcard web/src/* web/packages/*/src/* web/packages/*/package.json web/*.html web/*.svg web/*.css web/*.mjs web/*.json)
TARGET := $(or $(CARGO_TARGET_DIR),target)
# One build for all tests. With fewer crates, cargo chooses other features and compiles everything again.
BUILD_TESTS := cargo test --workspace --locked --no-run --quiet
# Tests of the server wait more than they compute: for disks, timers and each other.
TEST_THREADS := $(or $(RUST_TEST_THREADS),$(shell echo $$((2 * $$(nproc)))))
# Where the tests of the server put their folders and databases: in memory if 4 GiB are free there, because many hundred new
# drives wait for a disk three times as long as they work. Kills and power cuts (make torture, make power) use the disk.
TEST_TMP := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4194304 { print "/dev/shm" }')
IN_MEMORY := RUST_TEST_THREADS=$(TEST_THREADS) $(if $(TEST_TMP),TMPDIR=$(TEST_TMP))
RUN_ARGS ?=

.PHONY: help run build dist docs test test-tools lint unit clients python stores cluster postgres openapi page-test simulation torture power fuzz bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: $(PAGE) ## build everything (the page included) at target/quick/dray, and serve on http://127.0.0.1:8080 from ./dray-data
	cargo build --profile quick --locked -p dray --no-default-features
	@$(TARGET)/quick/dray serve $(RUN_ARGS)

build: $(PAGE) ## the same program, optimised, at target/release/dray: without traces, and S3 keys come from variables only
	cargo build --release --locked -p dray --no-default-features

dist: $(PAGE) ## the binary to deploy, at target/dist/dray: it has everything, needs less CPU, and takes longer to build
	cargo build --profile dist --locked -p dray

docs: ## the book, at target/book/index.html
	scripts/mdbook build docs --dest-dir $(abspath $(TARGET))/book

$(PAGE): $(PAGE_SOURCES)
	cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build

test: test-tools lint unit ## everything: formatting, lints, unit, integration, S3 clients and stores, the API against its document, terminal client, browser
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target page-test others simulation

# Beside the browser, which mostly waits.
.PHONY: others
others:
	$(MAKE) --no-print-directory --jobs=1 clients python stores openapi

test-tools:
	scripts/install-test-tools

lint: $(PAGE)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --locked -p dray --no-default-features -- -D warnings
	git apply --check tests/sim/faults/*.patch tests/model/faults/*.patch
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	cd web && npm run --silent check

unit: $(PAGE)
	$(IN_MEMORY) cargo test --workspace --locked --quiet
	$(IN_MEMORY) scripts/with-postgres sh -c "scripts/run-test dray-db dray_db --quiet && scripts/run-test dray-server it --quiet && scripts/run-test dray it --quiet nodes"
	$(IN_MEMORY) POSTGRES_POOLER=1 scripts/with-postgres scripts/run-test dray-server it --quiet finalize:: folders:: change:: links:: search::
	$(IN_MEMORY) POSTGRES_ISOLATION="repeatable read" scripts/with-postgres scripts/run-test dray-server it --quiet change:: folders::
	$(IN_MEMORY) POSTGRES_BIN="$$(scripts/postgres newest)" scripts/with-postgres scripts/run-test dray-server it --quiet finalize:: recover:: search::

clients: $(PAGE) ## boto3, aws-cli, rclone, s3fs, restic and others against the embedded store
	$(BUILD_TESTS)
	tests/clients/run

python: $(PAGE) ## the Python package: its types, and its tests against a real server
	$(BUILD_TESTS)
	clients/python/tests/run

stores: $(PAGE) ## uploads and downloads on S3 servers of others: rclone, moto and SeaweedFS
	$(BUILD_TESTS)
	tests/stores/run

cluster: test-tools $(PAGE) ## stores and databases that people run (SeaweedFS, Ceph, Garage, Patroni, a rolling upgrade), killed while files are uploaded; CASES="seaweedfs failover" runs some
	scripts/install-test-tools cluster
	$(BUILD_TESTS)
	scripts/with-postgres tests/cluster/run $(CASES)
	$(if $(CASES),,$(MAKE) --no-print-directory postgres)

postgres: $(PAGE) ## the server's tests on the oldest Postgres that Dray takes, and on the newest there is
	@for version in oldest newest; do \
	  bin=$$(scripts/postgres $$version) && echo "$$version: $$("$$bin/postgres" --version)" && \
	  POSTGRES_BIN="$$bin" scripts/with-postgres scripts/run-test dray-server it --quiet || exit 1; \
	done

openapi: $(PAGE) ## the server against its OpenAPI document, by schemathesis
	$(BUILD_TESTS)
	tests/openapi/run

page-test: $(PAGE) ## the page in a real browser
	$(BUILD_TESTS)
	cd web && npm test --silent

simulation: $(PAGE) ## 20,000 simulated courses of uploads, with the processor time that nobody else wants
	$(BUILD_TESTS)
	DRAY_SIM_SCHEDULES=20000 chrt --idle 0 scripts/run-test dray-server dray_server sim::no_schedule --nocapture

torture: test-tools $(PAGE) ## all of the proof that nothing acknowledged is ever lost: kills, races, faults of disk and store, on both databases; a million steps of who may do what, and schedules of simulated uploads; five power cuts
	DRAY_TORTURE=full scripts/with-postgres scripts/run-test dray torture
	DRAY_MODEL_STEPS=1000000 scripts/run-test dray-server it model::
	DRAY_SIM_SCHEDULES=100000 scripts/run-test dray-server dray_server sim::no_schedule --nocapture
	tests/sim/faults/run
	tests/model/faults/run
	$(MAKE) power

power: test-tools $(PAGE) ## cuts the power of a virtual machine that runs Dray on a disk with a volatile cache; DRAY_POWER_CUTS=300 for many cuts
	scripts/install-test-tools power
	$(BUILD_TESTS)
	tests/power/run

fuzz: ## looks for inputs that break a parser which strangers reach: chunked json sigv4 xml; DRAY_FUZZ_MINUTES=60 for an hour each
	fuzz/run

bench: $(PAGE) ## figures, each as a ratio to a reference in the same run
	bench/run

clean:
	rm -rf $(TARGET) web/dist web/packages/*/dist web/node_modules
