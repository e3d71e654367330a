"""Every part of the package may be the first that a process imports."""

import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
import zarr

import volconv
from volconv.steps.registry import FAMILIES

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


COMMAND = """
import gc, json, sys
from volconv.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps([sorted(sys.modules), gc.isenabled(), gc.get_freeze_count()]))
"""

CONFIG = """
version: 1
input: {{path: in.zarr}}
steps: [{step}]
output: {{path: out.zarr}}
"""


@pytest.fixture
def command(tmp_path, monkeypatch):
    """What a process has that carries a verb out over one step."""
    monkeypatch.chdir(tmp_path)
    data = xr.DataArray(np.ones((6, 6), "float32"), dims=("y", "x"), name="v")
    data.to_zarr("in.zarr", consolidated=False)

    def run(verb, step):
        (tmp_path / "a.yaml").write_text(CONFIG.format(step=step), encoding="utf-8")
        modules, collects, frozen = json.loads(
            told(COMMAND, verb, "a.yaml").splitlines()[-1]
        )
        return set(modules), collects, frozen

    return run


# with what all of them build on: kernels by name, and regions by label
EVERY = {"ball", "box", "correlate", "frame", "gaussian", "network", "pointwise"}


@pytest.mark.parametrize("verb", ["plan", "run"])
@pytest.mark.parametrize(
    ("step", "family"),
    [
        ("correlate: {kernel: {box: 3}, padding: same}", "correlate"),
        ("max_pool: {size: 2}", "pooling"),
        ("relu", "activations"),
    ],
)
def test_a_step_is_imported_where_a_configuration_names_it(command, verb, step, family):
    modules, _, _ = command(verb, step)
    families = {name for name in FAMILIES if f"volconv.steps.{name}" in modules}
    assert family in families
    assert families <= EVERY | {family}
    assert not modules & {"volconv.network", "volconv.accessor", "dask", "distributed"}
    assert not modules & {
        "volconv.compute.compiled.layers.layer",
        "scipy",
        "onnx",
        "pint",
    }


@pytest.mark.parametrize("words", [["--version"], ["schema", "--help"]])
def test_a_verb_imports_no_other_one(words):
    modules, _, _ = json.loads(told(COMMAND, *words).splitlines()[-1])
    assert not {"volconv.cli.run", "volconv.cli.plan", "volconv.run"} & set(modules)
    assert ("pydantic" in modules) == ("schema" in words)


@pytest.mark.parametrize("source", ["f4", "u1"])  # read where it lies, and packed
def test_a_kernel_is_compiled_and_run_without_numpy_s_masked_arrays(source):
    code = """
import sys
import numpy as np
from volconv.compute.compiled.direct import engine as direct
source = sys.argv[1]
correlator = direct.prepare(np.ones((3, 3)) + np.eye(3), (1, 1), (1, 1), source, "f4")
correlator(np.ones((6, 6), source), np.empty((4, 4), "f4"))
print(*sorted({"numpy.ma", "xarray", "pydantic", "scipy"} & set(sys.modules)))
"""
    assert told(code, source) == "\n"


@pytest.fixture
def array(tmp_path, monkeypatch):
    """A folder with an array that has names of dimensions, and no coordinates."""
    monkeypatch.chdir(tmp_path)
    zarr.create_array(
        "in.zarr", shape=(6, 6), dtype="float32", dimension_names=("y", "x")
    )
    step = "correlate: {kernel: {box: 3}, padding: same, boundary: edge}"
    (tmp_path / "a.yaml").write_text(CONFIG.format(step=step), encoding="utf-8")


def test_an_array_without_coordinates_is_run_over_without_xarray(array):
    for words in (["plan", "a.yaml"], ["run", "a.yaml"], ["status", "out.zarr"]):
        modules, _, _ = json.loads(told(COMMAND, *words).splitlines()[-1])
        assert "zarr" in modules
        assert not {"xarray", "pandas", "dask"} & set(modules)
    assert xr.open_zarr("out.zarr")["data"].dims == ("y", "x")


def test_help_and_the_grammar_are_told_without_what_computes(array):
    for words in (["--help"], ["validate", "a.yaml"]):
        modules, _, _ = json.loads(told(COMMAND, *words).splitlines()[-1])
        assert not {"zarr", "llvmlite"} & set(modules)
        assert ("pydantic" in modules) == ("validate" in words)


def test_garbage_is_collected_during_a_run_but_not_what_came_before(command):
    _, collects, frozen = command("run", "relu")
    assert collects
    assert frozen > 0
