"""Calls in which a filter differs from SciPy's unless it does the same on purpose."""

import dask.array as da
import numpy as np
import pytest
from scipy import ndimage as scipy_ndimage

from tests.compat.peer import check
from volconv.compat import ndimage


@pytest.mark.parametrize(
    ("ndim", "axes"),
    [(2, (1, 0)), (3, (2, 0)), (3, (-1, 1)), (3, (2, 0, 1)), (3, (1, 2, 0))],
)
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("correlate", "weights"),
        ("convolve", "weights"),
        ("uniform_filter", "size"),
        ("maximum_filter", "size"),
        ("minimum_filter", "footprint"),
        ("median_filter", "size"),
        ("median_filter", "footprint"),
    ],
)
def test_axes_in_another_order_are_scipy_s(name, sizes, ndim, axes):
    array = np.random.default_rng(0).integers(0, 100, (6, 5, 7)[:ndim])
    shape = (4, 5, 4)[: len(axes)]
    value = {
        "weights": np.arange(np.prod(shape)).reshape(shape),
        "size": shape,
        "footprint": np.arange(np.prod(shape)).reshape(shape) % 3 > 0,
    }[sizes]
    check(name, array, **{sizes: value}, origin=(1, -2, 0)[: len(axes)], axes=axes)


@pytest.mark.parametrize("sigma", [0.5, 0.9, 1.3, 2.0, 3.1])
def test_even_background_of_integers_is_cut_off_as_scipy_cuts_it(sigma):
    levels = np.repeat(np.arange(256, dtype="uint8")[:, np.newaxis], 9, axis=1)
    check("gaussian_filter", levels, [0, sigma])


@pytest.mark.parametrize("name", ["sobel", "prewitt", "gaussian_laplace"])
def test_a_constant_beyond_the_edge_is_met_by_every_pass(name):
    cells = np.random.default_rng(0).normal(size=(7, 8))
    args = [1.0] if name == "gaussian_laplace" else [0]
    check(name, cells, *args, mode="constant", cval=3.0, gain=64)


@pytest.mark.parametrize("name", ["gaussian_laplace", "gaussian_gradient_magnitude"])
@pytest.mark.parametrize("dtype", [float, "int16"])
def test_a_derivative_along_an_axis_without_spread_is_the_smooth_itself(name, dtype):
    cells = np.random.default_rng(0).normal(0, 100, (7, 8)).astype(dtype)
    check(name, cells, [0.0, 1.0], gain=64)


@pytest.mark.parametrize("name", ["gaussian_laplace", "gaussian_gradient_magnitude"])
def test_each_derivative_has_a_mode_of_its_own(name):
    cells = np.random.default_rng(0).normal(size=(7, 8))
    check(name, cells, 1.0, mode=["wrap", "nearest"], gain=64)


@pytest.mark.parametrize(
    "taps", [[0.1, 0.2, 0.7], [0.3, 0.6, 0.1], [0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.2]]
)
@pytest.mark.parametrize("name", ["correlate", "correlate1d", "convolve1d"])
def test_taps_are_added_in_scipy_s_order_where_a_fraction_is_cut_off(name, taps):
    levels = np.repeat(np.arange(256, dtype="uint8")[:, np.newaxis], 5, axis=1)
    where = {"axes": 1} if name == "correlate" else {"axis": 1}
    check(name, levels, taps, **where)


@pytest.mark.parametrize("name", ["median_filter", "minimum_filter"])
def test_a_fraction_beyond_the_edge_of_integers_is_what_scipy_makes_of_it(name):
    cells = np.arange(12, dtype="int8").reshape(3, 4)
    check(name, cells, 3, mode="constant", cval=-2.5, output=float)


@pytest.mark.parametrize(
    ("name", "args"),
    [("median_filter", []), ("rank_filter", [1]), ("percentile_filter", [40])],
)
@pytest.mark.parametrize("output", [None, "float32"])
def test_ranks_along_a_row_are_those_along_a_column(name, args, output):
    # where an array has one axis only, SciPy 1.17 takes the cells in gaps of a footprint,
    # too, and leaves bits of its own dtype in an output of another
    row = np.random.default_rng(0).integers(0, 100, 30)
    gaps = np.array([True, True, False, True])
    found = getattr(ndimage, name)(row, *args, footprint=gaps, output=output)
    expected = getattr(scipy_ndimage, name)(
        row[:, np.newaxis], *args, footprint=gaps[:, np.newaxis], output=output
    )
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected[:, 0])


@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64"])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform_filter", [3]),
        ("sobel", []),
        ("laplace", []),
        ("correlate", [np.array([[1, 3], [-5, 2]])]),
    ],
)
def test_sums_of_large_integers_lose_no_bit(name, args, dtype):
    limit = min(np.iinfo(dtype).max, 2**40)
    rng = np.random.default_rng(0)
    cells = rng.integers(limit // 2, limit, (8, 9), endpoint=True).astype(dtype)
    check(name, cells, *args, output="int64", chunks=da.from_array(cells, chunks=4))


@pytest.mark.parametrize("name", ["minimum_filter", "maximum_filter"])
@pytest.mark.parametrize(
    ("dtype", "cval"), [("int16", 0), ("int16", 300.0), (float, -1)]
)
def test_extremes_are_cast_after_each_axis(name, dtype, cval):
    """A value that wraps is another one for the windows of the next axis."""
    cells = np.random.default_rng(0).integers(-300, 300, (4, 6, 5)).astype(dtype)
    for output in ("uint8", "int8"):
        check(name, cells, (2, 1, 3), mode="constant", cval=cval, output=output)
    ranks = {"minimum_filter": 0, "maximum_filter": -1}
    check("rank_filter", cells, ranks[name], (2, 1, 3), output="uint8")


@pytest.mark.parametrize("axes", [(1, 0), (0, 1)])
def test_sigmas_of_all_axes_go_in_ascending_order_as_scipy_has_it(axes):
    cells = np.random.default_rng(0).normal(size=(7, 8))
    check("gaussian_laplace", cells, [2.0, 0.5], axes=axes, gain=64)


def test_a_lazy_rank_is_that_of_the_footprint_it_was_made_with():
    cells = np.random.default_rng(0).normal(size=(7, 8))
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    expected = scipy_ndimage.median_filter(cells, footprint=cross)
    lazy = ndimage.median_filter(da.from_array(cells, 4), footprint=cross)
    cross[:] = np.eye(3)
    assert (lazy.compute() == expected).all()
