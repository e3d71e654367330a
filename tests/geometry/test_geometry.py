import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import window_starts
from tests.strategies import padding_names, paddings
from volconv.errors import DimError, GeometryError, KindError
from volconv.geometry import Geometry, Window
from volconv.meta import ArrayMeta, Axis

META = ArrayMeta((Axis("time", 12), Axis("y", 9), Axis("x", 8)), "float32")


def along_x(cells, size, **options):
    meta = ArrayMeta((Axis("x", cells),), "float32")
    return Geometry.parse(meta, {"x": size}, **options)["x"]


def positions(cells, window):
    before, after = window.padding
    return window_starts(cells, before, after, window.span, window.stride)


GRID = list(itertools.product(range(1, 10), range(1, 6), range(1, 5), range(1, 4)))


def ceil_of(cells, stride):
    return len(range(0, cells, stride))


def test_valid_pads_nothing():
    for cells, size, stride, dilation in GRID:
        if dilation * (size - 1) + 1 <= cells:
            window = along_x(cells, size, stride=stride, dilation=dilation)
            assert window.padding == (0, 0)


def test_full_pads_so_that_every_overlap_is_an_output():
    for cells, size, _, dilation in GRID:
        window = along_x(cells, size, dilation=dilation, padding="full")
        reach = dilation * (size - 1)
        touching = [
            start
            for start in range(-reach - 3, cells + 3)
            if start + reach >= 0 and start < cells
        ]
        assert positions(cells, window) == touching


def test_same_gives_an_output_for_every_strideth_cell():
    for cells, size, stride, dilation in GRID:
        window = along_x(cells, size, stride=stride, dilation=dilation, padding="same")
        assert len(positions(cells, window)) == ceil_of(cells, stride)


def test_same_puts_the_odd_cell_after():
    for cells, size, stride, dilation in GRID:
        window = along_x(cells, size, stride=stride, dilation=dilation, padding="same")
        before, after = window.padding
        assert before + after == dilation * (size - 1)
        assert after - before in (0, 1)


def test_strided_same_samples_the_stride_one_result_from_its_first():
    for cells, size, stride, dilation in GRID:
        strided, plain = (
            along_x(cells, size, stride=s, dilation=dilation, padding="same")
            for s in (stride, 1)
        )
        assert positions(cells, strided) == positions(cells, plain)[::stride]


@pytest.mark.parametrize(("name", "odd_first"), [("same_upper", 0), ("same_lower", 1)])
def test_onnx_same_pads_the_least_that_gives_every_strideth_cell(name, odd_first):
    for cells, size, stride, dilation in GRID:
        window = along_x(cells, size, stride=stride, dilation=dilation, padding=name)
        before, after = window.padding
        span = dilation * (size - 1) + 1
        least = next(
            total
            for total in itertools.count()
            if len(window_starts(cells, 0, total, span, stride))
            == ceil_of(cells, stride)
        )
        assert before + after == least
        assert before - after == (least % 2 if odd_first else -(least % 2))


# written out from the operator's text (ONNX Conv, auto_pad): n, f, s, upper, lower
@pytest.mark.parametrize(
    ("cells", "size", "stride", "upper", "lower"),
    [
        (5, 2, 1, (0, 1), (1, 0)),
        (5, 3, 2, (1, 1), (1, 1)),
        (6, 3, 2, (0, 1), (1, 0)),
        (7, 4, 3, (1, 2), (2, 1)),
        (8, 1, 2, (0, 0), (0, 0)),
    ],
)
def test_onnx_same_by_hand(cells, size, stride, upper, lower):
    for name, pair in (("same_upper", upper), ("same_lower", lower)):
        assert along_x(cells, size, stride=stride, padding=name).padding == pair


def test_same_pads_an_even_kernel_as_torch_does():
    assert along_x(10, 4, padding="same").padding == (1, 2)
    assert along_x(10, 2, dilation=3, padding="same").padding == (1, 2)


def test_an_integer_pads_both_sides_and_a_pair_each_its_own():
    assert along_x(6, 3, padding=2).padding == (2, 2)
    assert along_x(6, 3, padding=(2, 0)).padding == (2, 0)
    assert along_x(6, 3, padding=[0, 1]).padding == (0, 1)


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
@pytest.mark.parametrize("value", [1.5, 2.0, True, "2", None, (1, 2)])
def test_a_stride_or_dilation_that_is_no_whole_number_is_refused(where, value):
    with pytest.raises(KindError, match=rf"^{where} along 'x': got .*whole number"):
        along_x(6, 2, **{where: value})


def test_a_size_below_one_is_refused():
    with pytest.raises(
        GeometryError, match=r"^size along 'x': got 0; expected a whole"
    ):
        along_x(6, 0)


@pytest.mark.parametrize(
    ("padding", "error", "message"),
    [
        (-1, GeometryError, r"got -1; expected a whole number of at least 0\."),
        ((0, -2), GeometryError, r"got -2; expected a whole number of at least 0\."),
        (
            (1, 2, 3),
            GeometryError,
            r"got \(1, 2, 3\); expected a pair \(before, after\)",
        ),
        ("sane", GeometryError, r"got 'sane'; .*Fix: did you mean 'same'\?"),
        (
            "reflect",
            GeometryError,
            "got 'reflect'; .* valid, same, same_upper, same_lower",
        ),
        (1.5, KindError, r"got 1\.5; expected a whole number of at least 0\."),
        ((1, 0.5), KindError, r"got 0\.5; expected a whole number"),
        (None, KindError, "got None; expected a whole number"),
        (True, KindError, "got True; expected a whole number"),
    ],
)
def test_a_padding_that_cannot_be_is_refused(padding, error, message):
    with pytest.raises(error, match=f"^padding along 'x': {message}"):
        along_x(6, 2, padding=padding)


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
