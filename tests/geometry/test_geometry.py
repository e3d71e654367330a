import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.geometry.axes import along_x
from tests.strategies import padding_names, paddings
from volconv.errors import DimError, GeometryError, KindError
from volconv.geometry import Geometry, Window
from volconv.meta import ArrayMeta, Axis

META = ArrayMeta((Axis("time", 12), Axis("y", 9), Axis("x", 8)), "float32")


@given(padding_names, st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))
def test_one_value_goes_to_every_dimension_of_the_kernel(name, size, stride, dilation):
    options = {"stride": stride, "padding": name, "dilation": dilation}
    geometry = Geometry.parse(META, {"y": size, "x": size}, **options)
    assert geometry.dims == ("y", "x")
    for dim in geometry.dims:
        assert geometry[dim] == along_x(META.sizes[dim], size, **options)
    assert geometry["time"] == Window(1)


@given(paddings, st.integers(1, 3), st.integers(1, 2))
def test_each_dimension_takes_its_own_value_by_name(pair, stride, dilation):
    geometry = Geometry.parse(
        META,
        {"x": 2, "y": 3},
        stride={"x": stride},
        padding={"y": pair, "x": "same"},
        dilation={"y": dilation},
    )
    assert geometry["x"] == Window(2, stride, 1, (0, 1))
    assert geometry["y"] == Window(3, 1, dilation, pair)


def test_windows_stand_in_the_order_of_the_array():
    geometry = Geometry.parse(META, {"x": 2, "time": 2, "y": 2})
    assert geometry.dims == ("time", "y", "x")


def test_a_stride_may_name_a_dimension_that_the_kernel_lacks():
    geometry = Geometry.parse(META, {"x": 3}, stride={"time": 6, "x": 2})
    assert geometry["time"] == Window(1, stride=6)
    assert geometry.out_sizes(META.sizes) == {"time": 2, "y": 9, "x": 3}
    assert geometry.strides() == {"time": 6, "x": 2}


def test_numpy_integers_are_whole_numbers():
    window = along_x(6, np.int64(3), stride=np.uint8(2), padding=np.int16(1))
    assert window == Window(3, 2, 1, (1, 1))
    assert type(window.size) is int


def test_two_geometries_reach_as_far_as_one():
    first = Geometry.parse(META, {"y": 3}, stride={"y": 2})
    second = Geometry.parse(META, {"y": 2, "x": 2})
    both = first.then(second)
    assert both["y"] == first["y"].then(second["y"])
    assert both["x"] == second["x"]
    assert both["time"] == Window(1)


@pytest.mark.parametrize("where", ["stride", "dilation"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_stride_or_dilation_below_one_is_refused(where, value):
    with pytest.raises(
        GeometryError,
        match=rf"^{where} along 'x': got {value}; "
        r"expected a whole number of at least 1\.$",
    ):
        along_x(6, 2, **{where: value})


@pytest.mark.parametrize("where", ["stride", "dilation"])
@pytest.mark.parametrize("value", [1.5, 2.0, True, "2", None])
def test_a_stride_or_dilation_that_is_no_whole_number_is_refused(where, value):
    with pytest.raises(KindError, match=rf"^{where} along 'x': got .*whole number"):
        along_x(6, 2, **{where: value})


def test_a_size_below_one_is_refused():
    with pytest.raises(
        GeometryError, match=r"^size along 'x': got 0; expected a whole"
    ):
        along_x(6, 0)


def test_a_kernel_longer_than_its_padded_axis_names_the_dimension():
    with pytest.raises(
        GeometryError,
        match=r"^kernel along 'x': got span 5 over 3 cells padded to 4; expected "
        r"a span no longer than the padded input\. Fix: pad 1 more cells, or use a "
        r"smaller size or dilation\.$",
    ):
        along_x(3, 3, dilation=2, padding=(1, 0))


def test_an_axis_without_cells_is_refused():
    with pytest.raises(
        GeometryError,
        match=r"^the array along 'x': got 0 cells; expected at least one cell\.$",
    ):
        along_x(0, 1, padding=3)


@pytest.mark.parametrize("where", ["stride", "padding", "dilation"])
def test_an_unknown_dimension_is_refused_with_the_nearest_known(where):
    with pytest.raises(
        DimError,
        match=rf"^{where}: got 'tine'; expected dimensions of the array "
        r"\(time, y, x\)\. Fix: did you mean 'time'\?$",
    ):
        Geometry.parse(META, {"x": 2}, **{where: {"tine": 1}})


def test_a_kernel_along_an_unknown_dimension_is_refused():
    with pytest.raises(DimError, match=r"^kernel: got 'z'; expected dimensions of the"):
        Geometry.parse(META, {"z": 2})
