#!/usr/bin/env bash
# Installs the Debian packages that the tests need, where it may (root, or sudo without a password).
# usage: system_packages.sh venv | judges
# A judge that cannot be installed is a named skip in the tests, and a failure where CI=true.
set -u
case "${1:-}" in
  venv) wanted="python3-venv python3-pip" ;;
  judges) wanted="poppler-utils libnss3-tools qpdf mupdf-tools openssl softhsm2
    libpdfbox2-java libfontbox2-java libbcprov-java libbcpkix-java libbcutil-java libbcmail-java libcommons-logging-java
    libjaxb-api-java"
    command -v javac >/dev/null || wanted="$wanted default-jdk-headless" ;;
  *) echo "usage: $0 venv|judges" >&2; exit 2 ;;
esac
command -v dpkg-query >/dev/null || { echo "not a Debian system: install yourself what you need of: $wanted" >&2; exit 0; }
missing=""
for package in $wanted; do
  [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
run=""
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then run="sudo -n"; else
    echo "not root: these are left out and the tests that need them are skipped by name:$missing" >&2
    exit 0
  fi
fi
export DEBIAN_FRONTEND=noninteractive
if $run apt-get update -qq >/dev/null && $run apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
  exit 0
fi
echo "could not be installed:$missing" >&2
# The tests name each judge that they miss; where CI=true a missing one is a failure.
[ "${CI:-}" != true ]
