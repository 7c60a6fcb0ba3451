# `make` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: reference help run test test-fast build release vendor format lint fuzz sim bench doc clean

# C libraries are optimised in debug builds, too: password hashes take seconds otherwise.
SWIFT_FLAGS := -Xcc -O2 -Xcxx -O2

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: ## Install what is missing, build, and show an alert and its webhooks
	@scripts/run.sh

test: ## Install and start what the tests need, build, and run all tests
	@scripts/test.sh

test-fast: vendor ## Run the tests that need only the compiler
	@swift build --build-tests $(SWIFT_FLAGS) && \
	swift test --skip-build $(SWIFT_FLAGS) --filter 'AlertCoreTests|TidyTests|PersistenceTests|ScriptingTests'

build: vendor ## Build everything (debug)
	@swift build $(SWIFT_FLAGS)

release: vendor ## Build everything (optimised)
	@swift build -c release

vendor: ## Fetch the sources of QuickJS-ng and xmldom
	@scripts/vendor-quickjs.sh
	@scripts/vendor-xmldom.sh

format: ## Format the Swift sources
	@swift format -i -r --configuration .swift-format Package.swift Shared Services Tests Benchmarks/Sources

lint: ## Check the format of the Swift sources
	@swift format lint -s -r --configuration .swift-format Package.swift Shared Services Tests Benchmarks/Sources

fuzz: vendor ## Fuzz what takes bytes from outside, 10 minutes for each way in
	@Fuzz/run.sh

sim: vendor ## Simulate all services under faults: SEED=7 replays a run (VERBOSE=1 shows all of it), RUNS=500 tries many
	@swift build --product simulate $(SWIFT_FLAGS) 2>&1 | grep -E 'error|complete' ; \
	.build/debug/simulate --seed $(or $(SEED),1) --runs $(or $(RUNS),1) $(if $(VERBOSE),--verbose --trace 1000000)

bench: vendor ## Run the benchmarks, or some by SECTIONS="1 3" (all of them take long)
	@Benchmarks/run.sh

reference: vendor ## Write docs/REST.md and docs/ROLES.md from the routes of the API
	@swift build --build-tests $(SWIFT_FLAGS) && \
	TOCSIN_WRITE_REFERENCE=1 swift test --skip-build $(SWIFT_FLAGS) --filter OpenAPITests

doc: ## Check the deployment files and the settings they name
	@scripts/check-deploy.sh

clean: ## Remove what was built and what tests left
	@rm -rf .build Benchmarks/.build .test .demo .venv
