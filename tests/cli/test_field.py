"""The verb `field` as a user runs it."""

import json

import numpy as np
import onnx
import pytest
import xarray as xr

from tests.cli.command import volconv
from tests.network import zoo
from tests.network.zoo import Builder
from volconv.cli.field import sizes_of
from volconv.errors import KindError

CONFIG = """\
version: 1
input: {path: a.zarr}
steps:
  - gaussian: {sigma: {y: 1}, truncate: 2, dims: [y], name: smooth}
  - mean_pool: {size: {y: 2, x: 2}}
  - abs
  - box: {size: {y: 3, x: 3}, padding: 1}
output: {path: b.zarr}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "steps.yaml").write_text(CONFIG)
    data = xr.DataArray(np.zeros((16, 12), np.float32), dims=("y", "x"), name="a")
    data.to_zarr(tmp_path / "a.zarr", consolidated=False)
    return tmp_path


TABLE = """\
layer   kind       along  field  stride  padding  halo  outputs
smooth  gaussian   y          5       1        2     4       16
smooth  gaussian   x          1       1        0     0       12
step 2  mean_pool  y          6       2        2     4        8
step 2  mean_pool  x          2       2        0     0        6
step 4  box        y         10       2        4     8        8
step 4  box        x          6       2        2     4        6
"""


def test_a_configuration_is_seen_over_its_input(folder):
    done = volconv("field", "steps.yaml", cwd=folder)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", TABLE)


def test_with_sizes_the_input_is_not_opened(folder):
    (folder / "other.yaml").write_text(CONFIG.replace("a.zarr", "none.zarr"))
    done = volconv("field", "other.yaml", "--size", "y=16,x=12", cwd=folder)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", TABLE)


def test_cell_weights_are_opened_as_a_run_opens_them(folder):
    weights = xr.DataArray(np.ones(16), dims="y", name="w")
    weights.to_zarr(folder / "w.zarr", consolidated=False)
    weighted = CONFIG.replace("truncate: 2", "truncate: 2, weights: {path: w.zarr}")
    (folder / "weighted.yaml").write_text(weighted)
    for sizes in ((), ("--size", "y=16,x=12")):
        done = volconv("field", "weighted.yaml", *sizes, cwd=folder)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", TABLE)


def test_a_network_has_a_line_for_all_dimensions_that_agree(folder):
    onnx.save(zoo.alexnet((224, 224)), folder / "alexnet.onnx")
    done = volconv("field", "alexnet.onnx", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == (
        ["alexnet_v2/pool5", "MaxPool", "y,", "x", "195", "32", "64", "163", "5"]
    )
    every = volconv("field", "alexnet.onnx", "--all", cwd=folder)
    assert len(every.stdout.splitlines()) == 1 + 5 + 5 + 3


def test_json_says_the_same_and_what_sees_all_has_no_field(folder):
    net = Builder()
    net.node("GlobalMaxPool", [net.conv("image", 3, padding=1)], "whole")
    onnx.save(net.model("whole", (8, 8)), folder / "net.onnx")
    done = volconv("field", "net.onnx", "--json", "--size", "y=9,x=9", cwd=folder)
    conv, _, whole = json.loads(done.stdout)
    assert conv["fields"]["y"] == {"size": 3, "stride": 1, "padding": 1, "halo": 2}
    assert conv["sizes"] == {"y": 9, "x": 9}
    assert whole["fields"] is None


def test_paths_that_do_not_align_are_noted(folder):
    net = Builder()
    net.node("Add", ["image", net.conv("image", 2, padding="same")], "sum")
    onnx.save(net.model("sum", (8, 8)), folder / "net.onnx")
    done = volconv("field", "net.onnx", cwd=folder)
    assert done.stdout.splitlines()[-1] == (
        "note: paths that meet in sum do not align: their centres lie 1/2 cells apart "
        "along x"
    )


def test_a_length_in_units_needs_the_input(folder):
    text = CONFIG.replace("sigma: {y: 1}", "sigma: {y: 1 mm}")
    (folder / "steps.yaml").write_text(text)
    done = volconv("field", "steps.yaml", "--size", "y=16,x=12", cwd=folder)
    assert done.returncode == 2
    assert "Fix: leave --size out" in done.stderr


@pytest.mark.parametrize("size", ["y", "y=0", "y=2,y=3", "y=-1", "=3"])
def test_sizes_that_are_none_are_told(size):
    with pytest.raises(KindError, match="expected sizes by name, such as z=128,y=128"):
        sizes_of(size)
