"""Every part of the package may be the first that a process imports."""

import json
import subprocess
import sys

import pytest

import volconv

PARTS = ("coordinates", "api", "run.prepare")

ASK = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
import xarray
one = xarray.DataArray([1.0, 2.0, 4.0], dims="x")
method = xarray.DataArray.volconv.correlate.__doc__
both = one.volconv, one.to_dataset(name="v").volconv
names = [type(found).__name__ for found in both]
print(json.dumps([names, one.volconv.correlate([1, 1]).values.tolist(), method]))
"""


def told(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_imported_first_and_the_accessor_is_there(part):
    names, values, method = json.loads(told(ASK, f"volconv.{part}"))
    assert names == ["Accessor", "Accessor"]
    assert values == [3.0, 6.0]
    assert method == volconv.correlate.__doc__ or "volconv.correlate" in method


def test_the_accessor_is_there_whichever_comes_first():
    for order in ("import volconv, xarray", "import xarray, volconv"):
        code = f"{order}; print('gaussian' in dir(xarray.DataArray([1]).volconv))"
        assert told(code) == "True\n"


def test_importing_the_package_imports_no_xarray():
    assert told("import sys, volconv; print('xarray' in sys.modules)") == "False\n"
