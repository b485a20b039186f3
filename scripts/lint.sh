#!/usr/bin/env bash
# Formatting, golangci-lint and shellcheck. The Go tools are pinned in scripts/tools/go.mod
# and built into bin/ once; building golangci-lint takes some minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh lint

build_tool() { # name package
	if [ ! -x "bin/$1" ] || [ scripts/tools/go.mod -nt "bin/$1" ]; then
		echo "building $1 (pinned in scripts/tools/go.mod); the first time takes minutes"
		go build -C scripts/tools -o ../../bin/ "$2"
		touch "bin/$1"
	fi
}

mkdir -p bin
build_tool gofumpt mvdan.cc/gofumpt
build_tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

unformatted=$(git ls-files '*.go' | xargs bin/gofumpt -l)
if [ -n "$unformatted" ]; then
	echo "not formatted, run 'make format':"
	echo "$unformatted"
	exit 1
fi
bin/golangci-lint run ./...
(cd vault-dev/clients && ../../bin/golangci-lint run ./...)
git ls-files '*.sh' .ci/run | xargs shellcheck
