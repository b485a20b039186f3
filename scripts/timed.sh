#!/usr/bin/env bash
# timed.sh NAME COMMAND... runs the command, says how long it took, also where it failed,
# and notes that in $PALISADE_TIMES when that names a file.
set -euo pipefail
name=$1
shift
start=$SECONDS
echo "== $name"
outcome=""
code=0
"$@" || { code=$? && outcome=" FAILED"; }
line=$(printf '%5ds  %s%s' $((SECONDS - start)) "$name" "$outcome")
echo "== $line"
[ -z "${PALISADE_TIMES:-}" ] || echo "$line" >>"$PALISADE_TIMES"
exit "$code"
