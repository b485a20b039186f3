#!/usr/bin/env bash
# timed.sh NAME COMMAND... runs the command, says how long it took, and notes that in
# $PALISADE_TIMES when that names a file.
set -euo pipefail
name=$1
shift
start=$SECONDS
echo "== $name"
"$@"
line=$(printf '%5ds  %s' $((SECONDS - start)) "$name")
echo "== $line"
[ -z "${PALISADE_TIMES:-}" ] || echo "$line" >>"$PALISADE_TIMES"
