"""What comes in and goes out: copies, `output`, labels, chunks."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal
from scipy import ndimage as scipy_ndimage

import volconv.errors as e
from tests.compat.peer import check, with_coords
from volconv.compat import ndimage

ROW = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0])
LEFT_AS_IT_IS = [
    ("gaussian_filter", [0.0]),
    ("gaussian_filter", [[0.0, 0.0]]),
    ("gaussian_filter", [1.0, 0, None, "wrap", 0.0, 4.0], {"axes": ()}),
    ("uniform_filter", [1]),
    ("uniform_filter", [[1, 1]]),
    ("maximum_filter", [1]),
    ("minimum_filter", [[1, 1]]),
    ("median_filter", [1]),
    ("maximum_filter", [None, [[True]]]),
]


def sides(name, array, *args, **options):
    """The same call here and in SciPy."""
    ours = getattr(ndimage, name)(array, *args, **options)
    return ours, getattr(scipy_ndimage, name)(array, *args, **options)


@pytest.mark.parametrize("case", LEFT_AS_IT_IS)
@pytest.mark.parametrize("output", [None, "float32", np.int16])
def test_what_leaves_an_array_as_it_is_copies_it(case, output):
    name, args, *more = case
    options = more[0] if more else {}
    array = np.array([[1.75, -2.25], [300.5, 4.0]])
    if len(args) < 3:
        options = {**options, "output": output}
    found = check(name, array, *args, chunks=da.from_array(array, chunks=1), **options)
    found[:] = 7
    assert_array_equal(array, [[1.75, -2.25], [300.5, 4.0]])


@pytest.mark.parametrize("case", LEFT_AS_IT_IS[:2] + LEFT_AS_IT_IS[3:])
def test_what_leaves_an_array_as_it_is_fills_the_output(case):
    name, args, *_ = case
    array, target = np.array([[1.75, -2.25], [300.5, 4.0]]), np.zeros((2, 2), "int16")
    assert getattr(ndimage, name)(array, *args, output=target) is target
    assert_array_equal(target, [[1, -2], [300, 4]])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint8"])
def test_an_output_array_is_filled_and_returned(dtype):
    ours, theirs = np.empty(7, dtype), np.empty(7, dtype)
    found = ndimage.gaussian_filter(ROW, 1.0, 0, ours, "nearest")
    scipy_ndimage.gaussian_filter(ROW, 1.0, 0, theirs, "nearest")
    assert found is ours
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_the_input_may_be_the_output():
    cells = ROW.copy()
    ndimage.uniform_filter(cells, 3, output=cells)
    np.testing.assert_allclose(cells, scipy_ndimage.uniform_filter(ROW, 3))


def test_a_strided_view_is_an_output():
    wide = np.zeros((7, 2))
    ndimage.maximum_filter(ROW, 3, None, wide[:, 1])
    assert_array_equal(wide[:, 1], scipy_ndimage.maximum_filter(ROW, 3))
    assert_array_equal(wide[:, 0], 0)


def test_a_data_array_is_an_output_and_a_lazy_input_is_computed_into_it():
    target = xr.DataArray(np.zeros(7), {"t": range(7)}, "t")
    lazy = da.from_array(ROW, chunks=3)
    assert ndimage.correlate1d(lazy, [1, 2, 3], output=target) is target
    assert_array_equal(target, scipy_ndimage.correlate1d(ROW, [1, 2, 3]))


def test_lists_and_cells_in_the_other_byte_order_are_taken():
    assert_array_equal(*sides("laplace", ROW.tolist()))
    found, expected = sides("laplace", ROW.astype(">f4"))
    assert_array_equal(found, expected)
    assert found.dtype == expected.dtype == np.dtype("float32")


def test_an_even_window_keeps_the_coordinates_of_the_cells():
    labelled = with_coords(np.arange(12.0).reshape(3, 4))
    found = ndimage.uniform_filter(labelled, 2, origin=[0, -1])
    xr.testing.assert_identical(found.coords.to_dataset(), labelled.coords.to_dataset())
    assert (found.name, found.attrs) == (labelled.name, labelled.attrs)


def test_attributes_are_dropped_where_xarray_is_told_so():
    with xr.set_options(keep_attrs=False):
        found = ndimage.laplace(with_coords(ROW))
    assert found.attrs == {}
    assert found.x.attrs == {"units": "mm"}


def test_a_lazy_data_array_stays_lazy_in_its_chunks():
    labelled = with_coords(np.arange(42.0).reshape(6, 7)).chunk(
        {"y": (1, 4, 1), "x": 3}
    )
    found = ndimage.gaussian_gradient_magnitude(labelled, 1.0, mode="wrap")
    assert found.chunks == labelled.chunks
    whole = ndimage.gaussian_gradient_magnitude(labelled.compute(), 1.0, mode="wrap")
    xr.testing.assert_identical(found.compute(), whole)


def test_nothing_is_computed_before_it_is_asked_for():
    def refuse(block):
        raise AssertionError(block)

    zeros = da.zeros((8, 8), chunks=4)
    lazy = zeros.map_blocks(refuse, dtype=float, meta=np.empty((0, 0)))
    calls: dict[str, list[object]] = {
        "correlate": [np.ones((2, 3))],
        "gaussian_filter": [1.0],
        "gaussian_laplace": [1.0],
        "percentile_filter": [30, 3],
        "sobel": [],
    }
    for name, args in calls.items():
        for output in (None, "int16"):
            found = getattr(ndimage, name)(lazy, *args, output=output)
            assert found.dtype == (output or float)


def test_filters_of_a_lazy_array_may_follow_one_another():
    cells = np.random.default_rng(1).normal(size=(20, 17))
    lazy = ndimage.sobel(ndimage.median_filter(da.from_array(cells, chunks=6), 3), 0)
    expected = scipy_ndimage.sobel(scipy_ndimage.median_filter(cells, 3), 0)
    np.testing.assert_allclose(lazy, expected, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("correlate1d", [[1, 1, -3]]),
        ("correlate", [[0.4, 0.4, 0.4]]),
        ("gaussian_filter", [1.0]),
        ("uniform_filter", [3]),
        ("maximum_filter", [3]),
        ("median_filter", [3]),
        ("percentile_filter", [40, 4]),
    ],
)
def test_booleans_are_scipy_s(name, args):
    array = np.random.default_rng(0).random(40) < 0.6
    check(name, array, *args, chunks=da.from_array(array, chunks=7))


def test_half_precision_which_scipy_refuses_is_summed_in_single():
    found = ndimage.uniform_filter(ROW.astype("float16"), 3)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, scipy_ndimage.uniform_filter(ROW, 3), rtol=1e-3)


def test_integers_beyond_a_float_s_precision_keep_their_bits_under_ranks():
    large = np.array([2**63 + 1, 2**63 + 3, 5], "uint64")
    assert_array_equal(ndimage.maximum_filter(large, 3), [2**63 + 3] * 3)


@pytest.mark.parametrize(
    "name", ["maximum_filter", "minimum_filter", "median_filter", "uniform_filter"]
)
def test_a_nan_reaches_the_windows_that_hold_it(name):
    cells = np.arange(9.0)
    cells[4] = np.nan
    found = getattr(ndimage, name)(cells, 3)
    assert_array_equal(np.isnan(found), [0, 0, 0, 1, 1, 1, 0, 0, 0])
    if name != "uniform_filter":
        found = getattr(ndimage, name)(cells, footprint=[1, 0, 1])
        assert_array_equal(np.isnan(found), [0, 0, 0, 1, 0, 1, 0, 0, 0])


def test_a_real_output_of_a_complex_result_is_made_complex_with_a_warning():
    with pytest.warns(UserWarning, match="promoting specified output dtype"):
        found = ndimage.correlate1d(ROW, [1, 1j], output="float32")
    assert found.dtype == np.complex64


def test_size_beside_a_footprint_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="ignoring size"):
        found = ndimage.median_filter(ROW, 3, [1, 0, 1])
    assert_array_equal(found, scipy_ndimage.median_filter(ROW, footprint=[1, 0, 1]))


def test_modes_of_each_axis_go_to_kernels_that_are_no_products():
    cells = np.random.default_rng(2).normal(size=(5, 6))
    weights = np.array([[1.0, 2.0, 0.5], [0.0, 3.0, 1.0], [4.0, 1.0, 2.0]])
    found = ndimage.correlate(cells, weights, mode=["wrap", "nearest"])
    padded = np.pad(np.pad(cells, [(1, 1), (0, 0)], "wrap"), [(0, 0), (1, 1)], "edge")
    expected = scipy_ndimage.correlate(padded, weights)[1:-1, 1:-1]
    np.testing.assert_allclose(found, expected)


def test_cells_of_no_size_stay_so():
    empty = np.zeros((0, 3), "float32")
    for name, args in [
        ("gaussian_filter", [1]),
        ("laplace", []),
        ("median_filter", [3]),
    ]:
        found = getattr(ndimage, name)(empty, *args)
        assert (found.shape, found.dtype) == ((0, 3), np.float32)
    assert ndimage.gaussian_filter(np.array(5.0), 1) == 5


def test_numbers_of_numpy_s_own_and_arrays_of_them_are_arguments():
    found, expected = sides(
        "gaussian_filter",
        np.arange(12.0).reshape(3, 4),
        np.array(1.5),
        order=np.array([0, 1]),
        axes=np.arange(2),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found, expected = sides("uniform_filter", ROW, np.int64(3), origin=np.int8(1))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_origin_of_an_axis_of_one_cell_is_not_looked_at():
    cells = np.arange(12.0).reshape(3, 4)
    assert_array_equal(*sides("maximum_filter", cells, (1, 3), origin=1))
    with pytest.raises(e.GeometryError, match="1 for 1 cells"):
        ndimage.convolve(cells, [[1, 2, 3]], origin=(1, 0))
