#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time (default 10s), and fails when
# there is none: a list that is empty by mistake must not look like success.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${1:-10s}

# shellcheck disable=SC2016 # the dollars are awk's
targets=$(find . -name '*_test.go' -print | sort |
	xargs awk 'match($0, /^func Fuzz[A-Za-z0-9_]+/) {
		folder = FILENAME; sub("/[^/]*$", "", folder)
		print folder, substr($0, 6, RLENGTH - 5)
	}')
[ -n "$targets" ] || { echo "no fuzz targets found"; exit 1; }

# Go before 1.27 can end a target at the time limit with a bare "context deadline exceeded"
# (golang/go#75804). That alone, without a failing input or any line of a test, is no finding.
only_time_was_up() { # log
	grep -qx '    context deadline exceeded' "$1" && ! grep -qE 'Failing input|panic|_test\.go:' "$1"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
while read -r package target; do
	echo "fuzz $package $target"
	# Finding a smaller input for what is merely new would take all the time.
	if ! go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" -fuzzminimizetime 10x "$package" 2>&1 | tee "$log"; then
		only_time_was_up "$log" || exit 1
		echo "the time was up within an input; nothing was found"
	fi
done <<<"$targets"
echo "fuzzed $(wc -l <<<"$targets") targets for $fuzztime each"
