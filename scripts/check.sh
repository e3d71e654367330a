#!/usr/bin/env bash
# What CI checks beside the tests: lint, format, types, layers, the shipped schema.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
environment .venv-check lint,test

ruff check .
ruff format --check .
mypy
lint-imports
diff <(volconv schema) configs/volconv.schema.json
check-jsonschema --schemafile configs/volconv.schema.json configs/*.yaml
