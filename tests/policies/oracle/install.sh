#!/bin/sh
# Fetches real OPA 1.20 (opa-golib-python-bindings 0.4.4) for tests/policies/test_oracle.py into .venv/oracle.
# Its metadata asks for Python 3.14, but the wheel is py3-none and loads its library through ctypes: it is unpacked
# beside the environment instead of installed into it. Uses pip's own configuration; checks the hash.
set -eu

cd "$(dirname "$0")/../../.."
python="${PYTHON:-.venv/bin/python}"
target="${1:-.venv/oracle}"
version="0.4.4"
sha256="d411c901e14b8c7c3023e23e4a944f4cf429c1d31baf80e959e57d11efbfd24a"

draft="$(mktemp -d)"
trap 'rm -rf "$draft"' EXIT
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.14 \
    --dest "$draft" "opa-golib-python-bindings==$version"
wheel="$(ls "$draft"/opa_golib_python_bindings-"$version"-*.whl)"
echo "$sha256  $wheel" | sha256sum --check --status || {
    echo "the wheel's hash is not the one on file: $(sha256sum "$wheel")" >&2
    exit 1
}
rm -rf "$target"
mkdir -p "$target"
"$python" -m zipfile -e "$wheel" "$target"
echo "oracle: real OPA in $target"
