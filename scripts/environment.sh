# Sourced by demo.sh and test.sh: an environment of its own, made once for each pyproject.
# usage: environment FOLDER EXTRAS

python_of_this_machine() {
  for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "volconv needs Python 3.11 or later; set PYTHON to its path" >&2
  return 1
}

environment() {
  local folder=$1 extras=$2 python
  local stamp=$folder/installed
  if ! cmp -s pyproject.toml "$stamp"; then
    python=$(python_of_this_machine)
    echo "making the environment $folder with $("$python" --version)"
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
      --editable ".[$extras]"
    cp pyproject.toml "$stamp"
  fi
  PATH=$PWD/$folder/bin:$PATH
  # nothing is compiled yet: processes that may not keep what they compile would each do it anew
  unset PYTHONDONTWRITEBYTECODE
}
