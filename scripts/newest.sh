#!/usr/bin/env bash
# Tests with a newer Python of this machine, and the newest dependencies: those that Python 3.11
# takes may be older.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

kept_by_pyenv=("${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python)
for name in python3.14 python3.13 python3.12 "${kept_by_pyenv[@]}"; do
  if "$name" -c "" 2>/dev/null; then
    PYTHON=$name environment .venv-newest test
    exec python -m pytest -n "${WORKERS:-2}" tests/io tests/test_api.py tests/run/test_threads.py \
      tests/run/test_missing.py "$@"
  fi
done
echo "no Python after 3.11 is here: no tests with it"
