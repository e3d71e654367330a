"""Networks over Datasets: variable by variable, as other functions go."""

import numpy as np
import onnx
import pytest
import xarray as xr

import volconv
from tests.network.zoo import Builder
from volconv.errors import DimError, KindError


@pytest.fixture
def path(tmp_path):
    random = np.random.default_rng(1)
    net = Builder(2)
    weight = net.constant(random.standard_normal((3, 2, 3, 3)).astype("f4"))
    wide = net.node("Conv", ["image", weight], pads=[1] * 4)
    gate = net.constant(random.standard_normal((1, 3, 1, 1)).astype("f4"))
    gated = net.node("Mul", [net.node("Conv", [wide, gate]), wide])
    half = net.node("AveragePool", [gated], kernel_shape=[2, 2], strides=[2, 2])
    onnx.save(net.model(half, (None, None)), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


@pytest.fixture
def scans():
    random = np.random.default_rng(2)
    coords = {
        "y": ("y", np.arange(8) * 2.0, {"bounds": "y_bounds"}),
        "x": np.arange(10),
        "channel": ["a", "b"],
        "subject": ["one", "two", "three"],
    }
    one = random.standard_normal((2, 8, 10)).astype("f4")
    many = random.standard_normal((3, 8, 10, 2))
    edges = np.arange(8)[:, None] * 2.0 + [-1, 1]
    return xr.Dataset(
        {
            "one": (("channel", "y", "x"), one, {"units": "K"}),
            "many": (("subject", "y", "x", "channel"), many),
            "age": ("subject", [1, 2, 3]),
            "y_bounds": (("y", "side"), edges),
        },
        coords,
        {"title": "scans"},
    )


@pytest.mark.parametrize("chunks", [None, {"y": 3, "x": 4}])
def test_each_variable_is_what_it_is_alone(path, scans, chunks):
    data = scans if chunks is None else scans.chunk(chunks)
    found = volconv.onnx(data, path, dims=["y", "x"])
    for name in ("one", "many"):
        alone = volconv.onnx(scans[name], path, dims=["y", "x"])
        assert found[name].dtype == scans[name].dtype
        assert (found[name].chunks is None) == (chunks is None)
        xr.testing.assert_identical(found[name].drop_attrs(), alone.drop_attrs())
    assert found.y.values.tolist() == [1.0, 5.0, 9.0, 13.0]
    assert found.y_bounds[1].values.tolist() == [3.0, 7.0]
    assert "y_bounds" in found.data_vars
    assert "channel" not in found.coords
    xr.testing.assert_identical(found.age, scans.age)
    assert found.attrs["title"] == "scans"
    assert "AveragePool" in str(found.attrs) or "mean_pool" in str(found.attrs)
    same = data.volconv.onnx(path, dims=["y", "x"])
    xr.testing.assert_identical(same.compute(), found.compute())


def test_variables_that_would_no_longer_fit_are_refused(path, scans):
    land = scans.assign(land=(("y", "x"), np.ones((8, 10))))
    with pytest.raises(DimError, match=r"variable 'land': got dims .*drop_vars"):
        volconv.onnx(land, path, dims=["y", "x"])
    with pytest.raises(DimError, match="'band'; expected dimensions of the Dataset"):
        volconv.onnx(scans, path, channel="band")
    with pytest.raises(DimError, match=r"variable 'many', .*dims"):
        volconv.onnx(scans, path)
    with pytest.raises(KindError, match="expected an xarray DataArray or Dataset"):
        volconv.onnx(scans.one.values, path)
