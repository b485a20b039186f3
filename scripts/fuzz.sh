#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time (default 10s), and fails when
# there is none: a list that is empty by mistake must not look like success.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${1:-10s}
count=0

for package in $(scripts/unit-packages.sh); do
	directory=$(go list -f '{{.Dir}}' "$package")
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$directory"/*_test.go 2>/dev/null | sed 's/^func //'); do
		echo "fuzz $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$package"
		count=$((count + 1))
	done
done
[ "$count" -gt 0 ] || { echo "no fuzz targets found"; exit 1; }
echo "fuzzed $count targets for $fuzztime each"
