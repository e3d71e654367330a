#!/usr/bin/env bash
# Tests with the oldest versions of the dependencies that pyproject.toml allows.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
"$(python_of_this_machine)" - <<'PYTHON' >"$constraints"
import re
import tomllib

with open("pyproject.toml", "rb") as handle:
    project = tomllib.load(handle)["project"]
extras = project["optional-dependencies"]
named = [extras[name] for name in ("s3", "http", "safetensors", "onnx")]
wanted = sum(named, project["dependencies"])
for each in wanted:
    name, version = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?>=([\d.]+)", each).groups()
    print(f"{name}=={version}")
PYTHON
PIP_CONSTRAINT=$constraints environment .venv-oldest test

python -m pytest -n "${WORKERS:-2}" tests/io tests/config tests/test_api.py tests/run/test_threads.py \
  tests/run/test_missing.py "$@"
