# Every target of Palisade. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
FUZZTIME ?= 10s
REQUESTS ?= 20000
SEED ?= 0
DEV := go run ./vault-dev/cmd/dev
TIMED := @scripts/timed.sh

.PHONY: help deps build vault dev dev-stop dev-clean tour test unit e2e parity check lint vet race fuzz bench microbench format clean

help: ## List the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

deps: ## Install the Debian packages that building and testing need
	$(TIMED) deps scripts/install-deps.sh

build: ## Build the plugins, the seal daemon and palisade into bin/
	$(TIMED) build go build -o bin/ ./plugins/...

vault: ## Build stock Vault into bin/ unless one of 1.21 or later is at hand
	$(TIMED) vault $(DEV) vault

dev: ## Start a real Vault with all three parts, and show them in a tour
	@$(DEV) up

dev-stop: ## Stop it and keep its data
	@$(DEV) stop

dev-clean: ## Stop it and remove everything it made
	@$(DEV) clean

tour: ## Run the tour again on the running Vault
	@$(DEV) tour

test: deps unit e2e ## Everything that must hold: unit, conformance and end-to-end tests

unit: ## The tests that need no Vault (those of the HSM need SoftHSM)
	$(TIMED) unit go test $$(scripts/unit-packages.sh)

e2e: vault ## The tests on a real Vault, in a temporary directory
	$(TIMED) e2e go test -count=1 -timeout 20m ./vault-dev/e2e/...

parity: vault ## The same REQUESTS (20000), of a SEED, to transit and pqtransit on a real Vault: every difference
	$(TIMED) parity go test -count=1 -timeout 2h -v -run '^TestParity' ./vault-dev/e2e/ -parity.requests=$(REQUESTS) -parity.seed=$(SEED)

check: deps lint vet race fuzz ## Lint, vet, race detector and a short fuzz of every target

lint: ## Formatting, golangci-lint and shellcheck, at pinned versions
	$(TIMED) lint scripts/lint.sh

vet: ## go vet
	$(TIMED) vet go vet ./...
	$(TIMED) vet-clients go vet -C vault-dev/clients ./...

race: ## The unit tests under the race detector, the longest loops shortened
	$(TIMED) race go test -race -short $$(scripts/unit-packages.sh)

fuzz: ## Each fuzz target for FUZZTIME (10s)
	$(TIMED) fuzz scripts/fuzz.sh $(FUZZTIME)

bench: vault ## Load test against the built-in transit on a real Vault; BENCH=-full for all, BENCH=-help for choices
	@go run ./vault-dev/cmd/bench $(BENCH)

microbench: ## The Go benchmarks, without Vault
	go test -run '^$$' -bench . -benchmem $$(scripts/unit-packages.sh)

format: ## Format the Go code
	go tool -modfile=scripts/tools/go.mod gofumpt -w $$(git ls-files '*.go')

clean: dev-clean ## Also remove what was built
	rm -rf bin
