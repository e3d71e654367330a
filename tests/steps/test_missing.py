"""Missing cells and cell weights, against loops over every window."""

import itertools
import math
import pickle

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import volconv
from tests.families import allocated, chunk_sizes, same_whatever_the_cuts
from tests.oracle import padded, same_bits, window_starts
from tests.strategies import COMPLEX, DIMS, FLOATS, arrays, kinds
from volconv.coordinates import array_meta
from volconv.errors import KernelError
from volconv.steps import WindowOptions
from volconv.steps.box import box_step
from volconv.steps.correlate import correlate_step
from volconv.steps.missing import ArrayWeights, Missing
from volconv.steps.renormalised import RenormalisedStep


def loops(array, kernel, options, gaps, shares, least):
    """Each output by loops in Python's floats, and what a comparison has to know of it.

    Returns
    -------
    values, scale, ratio, kept : ndarray
        The outputs (NaN where they are missing), the size that their error goes by, the
        sum of weights as a share of their size, and the share of the kernel that is
        there.
    """
    pairs = [options["padding"][dim] for dim in array.dims]
    ways = [options["boundary"][dim] for dim in array.dims]
    values = padded(np.where(gaps, 0, array.values), pairs, ways, options["fill_value"])
    valid = padded(~gaps, pairs, ways, True)
    counts = padded(
        np.ones(array.shape) if shares is None else shares,
        pairs,
        ways,
        1 if shares is None else 0,
    )
    firsts = [
        [start + before for start in window_starts(size, before, after, span, stride)]
        for size, (before, after), span, stride in zip(
            array.shape,
            pairs,
            spans_of(kernel, options["dilation"].values()),
            options["stride"].values(),
            strict=True,
        )
    ]
    found = []
    for first in itertools.product(*firsts):
        cells = tuple(
            slice(start, start + size * apart, apart)
            for start, size, apart in zip(
                first, kernel.shape, options["dilation"].values(), strict=True
            )
        )
        terms = zip(
            kernel.flat, values[cells].flat, (counts * valid)[cells].flat, strict=True
        )
        found.append(output(list(terms), kernel.sum(), np.abs(kernel).sum(), least))
    shape = [len(one) for one in firsts]
    return [np.reshape(each, shape) for each in zip(*found, strict=True)]


def spans_of(kernel, dilation):
    """Cells from a kernel's first tap to its last along each axis."""
    return [
        1 + (n - 1) * apart for n, apart in zip(kernel.shape, dilation, strict=True)
    ]


def output(terms, whole, whole_size, least):
    """One output from its weights, values and shares: see `loops`."""
    there = [(w * share, value) for w, value, share in terms if w * share]
    kept = sum(abs(w) for w, _, share in terms if share) / whole_size
    weight = sum(w for w, _ in there)
    size = sum(abs(w) for w, _ in there)
    if not weight or kept < least:
        return np.nan, 0.0, abs(weight) / size if size else 1.0, kept
    top = sum(w * value for w, value in there)
    reach = sum(abs(w * value) for w, value in there)
    scale = abs(whole / weight) * (reach + abs(top / weight) * size)
    return top / weight * whole, scale, abs(weight) / size, kept


@st.composite
def cases(draw, dtypes=("float32", "float64"), *, mixed=True, most=6):
    """An array with gaps, a kernel with a sum, cell weights or none, and windows."""
    ndim = draw(st.integers(1, 2))
    dims = DIMS[len(DIMS) - ndim :]
    shape = tuple(draw(st.integers(1, most)) for _ in dims)
    values = np.array(draw(arrays(draw(st.sampled_from(dtypes)), shape)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gaps = rng.random(shape) < draw(st.sampled_from((0.0, 0.1, 0.5, 0.95)))
    sizes = [draw(st.integers(1, 3)) for _ in dims]
    kernel = rng.integers(0, 9, sizes) / 4
    kernel.flat[rng.integers(kernel.size)] = 3.0
    if mixed and draw(st.booleans()):
        kernel = kernel * np.where(rng.random(sizes) < 0.3, -1, 1)
        assume(abs(kernel.sum()) >= 0.25)
    options = {
        "stride": {dim: draw(st.integers(1, 3)) for dim in dims},
        "dilation": {dim: draw(st.integers(1, 2)) for dim in dims},
        "boundary": {dim: draw(kinds) for dim in dims},
        "padding": {
            dim: (
                draw(st.integers(0, 3)),
                draw(st.integers(0, 3)) + max(0, 2 * size - 1 - cells),
            )
            for dim, size, cells in zip(dims, sizes, shape, strict=True)
        },
    }
    weights = None
    if draw(st.booleans()):
        named = draw(st.lists(st.sampled_from(dims), min_size=1, unique=True))
        cells = [shape[dims.index(dim)] for dim in named]
        counts = rng.random(cells) + 0.5
        counts[rng.random(cells) < 0.3] = 0
        weights = xr.DataArray(counts, dims=named)
    # no number of quarters over their sum is near it
    least = draw(st.sampled_from((0.0, 0.3719, 0.8713)))
    return xr.DataArray(values, dims=dims), gaps, kernel, options, weights, least


MISSING = 101
"""What integers have at missing cells, and nowhere else."""


def with_gaps(array, gaps):
    """The array with its missing cells: NaN, or a value that integers declare."""
    found = array.copy(data=array.values.copy())
    found.values[gaps] = MISSING if array.dtype.kind in "iu" else np.nan
    return found.assign_attrs(_FillValue=MISSING)


def compare(case, found, fill_value, eps):
    """Refuse outputs that are not the loops', where these are no matter of rounding."""
    array, gaps, kernel, options, weights, least = case
    shares = None
    if weights is not None:
        shares = weights.broadcast_like(array).transpose(*array.dims).values
    wide = array.astype(np.result_type(array.dtype, "float64"))
    given = {**options, "fill_value": fill_value}
    expected, scale, ratio, _ = loops(wide, kernel, given, gaps, shares, least)
    assert found.shape == expected.shape
    sure = ratio > 1e-3
    assert_array_equal(np.isnan(found)[sure], np.isnan(expected)[sure])
    there = sure & ~np.isnan(expected)
    assert (abs(found - expected)[there] <= eps * scale[there] + 1e-30).all()


@settings(max_examples=150)
@given(cases((*FLOATS, *COMPLEX, "uint8", "int16", "int64")))
def test_outputs_are_the_definition_s_in_every_dtype(case):
    array, gaps, kernel, options, weights, least = case
    found = volconv.correlate(
        with_gaps(array, gaps),
        kernel,
        dims=array.dims,
        fill_value=2,
        engine="reference",
        skipna=True,
        min_weight=least,
        weights=weights,
        **options,
    )
    wide = {"uint8": "float32", "int16": "float32", "int64": "float64"}
    assert found.dtype == wide.get(array.dtype.name, array.dtype.name)
    compare(case, found.values, 2, 100 * np.finfo(found.dtype).eps)


@settings(max_examples=8)
@given(cases(), st.sampled_from(("auto", "direct")), st.data())
def test_compiled_engines_make_the_same_whatever_the_cuts(case, engine, data):
    array, gaps, kernel, options, weights, least = case
    assume(not (weights is None and not gaps.any()))
    holed = with_gaps(array, gaps)
    cells = None if weights is None else ArrayWeights(weights.dims, weights.values)
    missing = Missing(True, least, cells)
    given = WindowOptions(
        **options, fill_value=0.5, dtype=None, engine=engine, missing=missing
    )

    def call(cells):
        return volconv.correlate(
            cells,
            kernel,
            dims=array.dims,
            fill_value=0.5,
            engine=engine,
            skipna=True,
            min_weight=least,
            weights=weights,
            **options,
        )

    whole = same_whatever_the_cuts(
        holed,
        call,
        lambda meta: correlate_step(meta, kernel, array.dims, given),
        data,
    )
    compare(case, whole.values, 0.5, 100 * np.finfo(array.dtype).eps)


@settings(max_examples=60)
@given(cases(), st.data())
def test_chunks_and_boxes_change_no_bit(case, data):
    array, gaps, kernel, options, weights, least = case
    holed = with_gaps(array, gaps)

    def call(cells):
        return volconv.correlate(
            cells,
            kernel,
            dims=array.dims,
            engine="reference",
            skipna=True,
            min_weight=least,
            weights=weights,
            **options,
        )

    whole = call(holed)
    with dask.config.set(scheduler="synchronous"):
        lazy = call(holed.chunk(data.draw(chunk_sizes(holed)))).compute()
    assert same_bits(lazy.values, whole.values)
    assert lazy.identical(whole)


ENGINES = ("reference", "direct", "separable", "fft")


def smooth(array, engine, **options):
    return volconv.gaussian(
        array, {"y": 0.7, "x": 1.2}, truncate=2, engine=engine, **options
    )


@pytest.fixture
def field():
    rng = np.random.default_rng(3)
    return xr.DataArray(
        rng.normal(size=(3, 30, 40)).astype("float32"), dims=("t", "y", "x")
    )


@pytest.fixture
def gappy(field):
    """The field with land: a block at the edge, and a few cells."""
    land = np.zeros(field.shape, bool)
    land[:, :9, 30:] = True
    land[1, [4, 17, 25], [3, 9, 20]] = True
    return with_gaps(field, land)


@pytest.mark.parametrize("engine", ENGINES)
def test_windows_without_a_gap_have_the_bits_of_the_plain_sum(engine, field, gappy):
    plain = smooth(field, engine)
    assert same_bits(smooth(field, engine, skipna=True).values, plain.values)
    skipping = smooth(gappy, engine, skipna=True)
    untouched = ~np.isnan(smooth(gappy, engine))
    assert untouched.sum() > 1000
    if engine == "fft":
        assert_allclose(skipping.where(untouched), plain.where(untouched), atol=2e-6)
    else:
        assert_array_equal(skipping.where(untouched), plain.where(untouched))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_makes_the_same_of_gaps(engine, gappy):
    rng = np.random.default_rng(8)
    area = xr.DataArray(rng.random((30, 3)).astype("float32"), dims=("y", "t"))
    for options in ({"skipna": True, "min_weight": 0.6}, {"weights": area}):
        expected = smooth(gappy.astype("float64"), "reference", **options)
        found = smooth(gappy, engine, **options)
        assert found.dtype == "float32"
        assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_field_stays_what_it_is(engine, gappy):
    level = xr.where(np.isnan(gappy), np.nan, np.float32(7.3)).astype("float32")
    found = smooth(level, engine, skipna=True)
    inland = np.isnan(found)
    assert inland.sum() > 0  # a window that is all land
    assert_allclose(found.where(~inland, 7.3), 7.3, rtol=1e-6)


@pytest.mark.parametrize("engine", ["reference", "direct", "separable"])
def test_a_mask_of_weights_is_the_same_as_missing_cells_to_the_last_bit(engine, field):
    land = np.random.default_rng(9).random((30, 40)) < 0.3
    sea = xr.DataArray(~land, dims=("y", "x"))
    by_weights = smooth(field, engine, weights=sea)
    by_cells = smooth(field.where(sea), engine, skipna=True)
    assert same_bits(by_weights.values, by_cells.values)
    ones = xr.ones_like(sea, dtype="float64")
    assert same_bits(
        smooth(field, engine, weights=ones).values, smooth(field, engine).values
    )


def test_only_ratios_of_cell_weights_count(field):
    areas = xr.DataArray(np.linspace(0.1, 1, 30), dims="y")
    found = smooth(field, "auto", weights=areas)
    assert_allclose(smooth(field, "auto", weights=areas * 1e12), found, atol=1e-6)


def test_a_cell_without_weight_lets_nothing_through(field):
    sea = xr.DataArray(np.ones(40), dims="x")
    sea[:5] = 0
    expected = smooth(field, "direct", weights=sea)
    dirty = field.copy(data=field.values.copy())
    for value in (np.inf, 1e38, np.nan):
        dirty[..., :5] = value
        assert same_bits(smooth(dirty, "direct", weights=sea).values, expected.values)
    # elsewhere a missing cell still spreads, unless it is to be left out
    dirty[0, 15, 20] = np.nan
    assert np.isnan(smooth(dirty, "direct", weights=sea)[0, 15, 20])
    assert np.isfinite(smooth(dirty, "direct", weights=sea, skipna=True)[0, 15, 20])


def test_missing_weights_are_no_weights(field):
    area = xr.DataArray(np.linspace(1, 2, 40), dims="x")
    area[3:9] = np.nan
    found = smooth(field, "direct", weights=area)
    assert same_bits(
        found.values, smooth(field, "direct", weights=area.fillna(0)).values
    )


def test_a_coastline_by_hand():
    """Sea temperatures of a corner of land, under 1 2 1 along x and along y."""
    n = np.nan
    sea = xr.DataArray([[10.0, 11, n], [12, n, n], [13, 14, 16]], dims=("y", "x"))
    kernel = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    found = volconv.correlate(sea, kernel, skipna=True)
    # (1·10 + 2·11 + 2·12 + 1·13 + 2·14 + 1·16) / (1 + 2 + 2 + 1 + 2 + 1) · 16
    assert_allclose(found.values, [[113 / 9 * 16]])
    assert np.isnan(volconv.correlate(sea, kernel, skipna=True, min_weight=9.01 / 16))
    assert volconv.correlate(sea, kernel, skipna=True, min_weight=9 / 16) == found
    # the middle row counts twice
    area = xr.DataArray([1.0, 2, 1], dims="y")
    weighted = volconv.correlate(sea, kernel, skipna=True, weights=area)
    assert_allclose(weighted.values, [[(32 + 2 * 24 + 57) / (3 + 2 * 2 + 4) * 16]])


def test_what_lies_beyond_the_edge():
    row = xr.DataArray([1.0, np.nan, 3.0, 5.0], dims="x")
    box = {"size": 3, "skipna": True}
    # a mirrored missing cell is missing, too
    found = volconv.box(row, **box, boundary="reflect").values
    assert_allclose(found, [1, 2, 4, 11 / 3])
    # a fill value is a value
    found = volconv.box(row, **box, boundary="constant", fill_value=7).values
    assert_allclose(found, [4, 2, 4, 5])
    # NaN says that nothing is there, as astropy's boundary="fill" with fill_value=nan
    found = volconv.box(row, **box, boundary="constant", fill_value=np.nan).values
    assert_allclose(found, [1, 2, 4, 4])
    # beyond a constant edge there is no cell weight
    ones = xr.ones_like(row)
    found = volconv.box(row, **box, boundary="constant", weights=ones).values
    assert_allclose(found, [1, 2, 4, 4])
    found = volconv.box(row, **box, boundary="wrap", weights=row.fillna(1)).values
    assert_allclose(found, [26 / 6, 10 / 4, 34 / 8, 35 / 9])


def test_weights_are_the_same_spread_out_along_the_other_dims(field):
    area = xr.DataArray(np.linspace(1, 2, 30), dims="y")
    spread = area.broadcast_like(field).transpose("x", "t", "y")
    for boundary in ("constant", "edge", {"y": "constant", "x": "wrap"}):
        options = {"size": {"t": 1, "y": 3, "x": 4}, "boundary": boundary}
        found = volconv.box(field, weights=area, **options)
        expected = volconv.box(field, weights=spread, **options)
        assert same_bits(found.values, expected.values)


@pytest.mark.parametrize("engine", ENGINES)
def test_land_that_stays_is_the_land_of_each_time(engine, field):
    land = xr.DataArray(
        np.random.default_rng(9).random((30, 40)) < 0.3, dims=("y", "x")
    )
    area = xr.DataArray(np.linspace(1, 2, 30), dims="y")
    for options in ({"skipna": True}, {"skipna": True, "weights": area}):
        found = smooth(field.where(~land), engine, min_weight=0.4, **options)
        for time in range(3):
            one = field[time : time + 1].where(~land)
            expected = smooth(one, engine, min_weight=0.4, **options)
            assert same_bits(found[time : time + 1].values, expected.values)
        one_less = field.where(~land)
        one_less[1, 3, 4] = np.nan  # another land, that stays no longer
        other = smooth(one_less, engine, min_weight=0.4, **options)
        assert same_bits(other[::2].values, found[::2].values)


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_beyond_the_edge_leaves_the_mean_of_what_is_inside(engine):
    level = xr.DataArray(np.full((6, 7), 2.5), dims=("y", "x"))
    nothing = {"boundary": "constant", "fill_value": np.nan}
    assert_allclose(smooth(level, engine, skipna=True, **nothing), 2.5)
    assert np.isnan(smooth(level, engine, **nothing)[0, 0])


def test_infinite_values_are_values():
    row = xr.DataArray([1.0, np.inf, np.nan, -np.inf, 2, 3], dims="x")
    found = volconv.correlate(row, [1, 1], skipna=True, engine="reference")
    assert_array_equal(found, [np.inf, np.inf, -np.inf, -np.inf, 5])


def test_weights_of_opposite_signs_that_cancel_give_a_missing_output():
    row = xr.DataArray([1.0, 2, np.nan, 4, 5, 6], dims="x")
    found = volconv.correlate(row, [-1, 1, 2], skipna=True, engine="reference").values
    # of -1 1 2: the first two are left, then -1 2, then 1 2, then all
    assert_allclose(found, [np.nan, 12, 28 / 3, 13])


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ([-1, 0, 1], "sum to zero"),
        ([0.1, 0.2, -0.3], "sum to zero"),
        ([1, 1j], "complex weights"),
    ],
)
def test_kernels_that_cannot_be_rescaled_are_refused(kernel, message):
    row = xr.DataArray(np.arange(5.0), dims="x")
    weights = xr.ones_like(row)
    for options in ({"skipna": True}, {"weights": weights}):
        with pytest.raises(KernelError, match=message) as caught:
            volconv.correlate(row, kernel, **options)
        assert caught.value.fix
    volconv.correlate(row, kernel)


def step_of(array, missing, **options):
    meta = array_meta(array.dims, array.shape, array.dtype, xr.Dataset())
    given = WindowOptions(**options, missing=missing)
    return box_step(meta, {"y": 3, "x": 5}, None, given)


def test_a_step_is_sent_to_another_process_as_it_is(gappy):
    area = ArrayWeights(("x",), np.linspace(1, 2, 40))
    step = step_of(gappy, Missing(True, 0.2, area), padding=0)
    assert isinstance(step, RenormalisedStep)
    again = pickle.loads(pickle.dumps(step))
    assert again.describe() == step.describe()
    other = ArrayWeights(("x",), np.linspace(1, 3, 40))
    assert step_of(gappy, Missing(True, 0.2, other)).describe() != step.describe()


@pytest.mark.parametrize("weights", [None, ArrayWeights(("x",), np.linspace(1, 2, 40))])
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_it_takes_no_more_memory_than_it_says(weights, dtype, gappy):
    block = np.tile(gappy.fillna(-9).values.astype(dtype), (20, 1, 1))
    large = xr.DataArray(block, dims=gappy.dims, attrs={"_FillValue": -9})
    meta = array_meta(
        large.dims, large.shape, large.dtype, xr.Dataset(), None, large.attrs
    )
    given = WindowOptions(missing=Missing(True, 0.5, weights))
    step = box_step(meta, {"y": 3, "x": 5}, None, given)
    found = step.of_box(_whole(step))
    outputs = math.prod(step.target.shape)
    assert allocated(found, block) <= step.work_bytes(outputs, block.size)


def _whole(step):
    from volconv.geometry import Interval

    return [Interval(0, size) for size in step.target.shape]
