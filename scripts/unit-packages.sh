#!/bin/sh
# Prints every package but those that need a running Vault.
set -eu
cd "$(dirname "$0")/.."
go list ./... | grep -v '/vault-dev'
