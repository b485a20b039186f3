#!/bin/sh
# Prints every package but the end-to-end tests, which need a running Vault.
set -eu
cd "$(dirname "$0")/.."
go list ./... | grep -v '/vault-dev/e2e$'
