#!/bin/sh
# install-deps.sh [lint]
# Installs what the development Vault and the HSM tests need from Debian or
# Ubuntu: a C compiler (PKCS#11 libraries are loaded through cgo), SoftHSM and
# OpenSC's pkcs11-tool; with "lint" also what scripts/lint.sh calls. Does nothing
# when all of it is there.
set -eu

missing=""
need() { # need PACKAGE TEST...: adds PACKAGE when the test fails
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

have_softhsm() {
	for module in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/pkcs11 /usr/local/lib/softhsm; do
		[ -e "$module/libsofthsm2.so" ] && command -v softhsm2-util && return 0
	done
	return 1
}

have_libc_headers() {
	echo '#include <stdlib.h>' | "${CC:-cc}" -E - || echo '#include <stdlib.h>' | gcc -E -
}

if ! command -v go >/dev/null 2>&1; then
	echo "install-deps: Go is not on PATH; get it from https://go.dev/dl/ first" >&2
	exit 1
fi

need gcc command -v gcc
need libc6-dev have_libc_headers
need softhsm2 have_softhsm
need opensc command -v pkcs11-tool
need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
if [ "${1:-}" = lint ]; then
	need git command -v git
	need shellcheck command -v shellcheck
fi

if [ -z "$missing" ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "install-deps: missing:$missing; this machine has no apt-get, so install them by hand" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "install-deps: missing:$missing; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi

echo "==> installing$missing with apt-get"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word per package
apt-get install -y -qq --no-install-recommends $missing
