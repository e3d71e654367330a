#!/usr/bin/env bash
# All tests, from nothing: environment, then pytest with the arguments given here.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
environment .venv-test test

exec python -m pytest -n "${WORKERS:-2}" "$@"
