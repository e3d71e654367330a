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
from volconv.errors import DimError, KernelError, KindError, NumberError
from volconv.steps import WindowOptions, WindowStep
from volconv.steps.box import box_step
from volconv.steps.correlate import correlate_step
from volconv.steps.gaussian import gaussian_step
from volconv.steps.missing import ArrayWeights, Missing
from volconv.steps.renormalised import RenormalisedStep


def loops(array, kernel, options, *, gaps, shares, least):
    """Each output by loops in Python's floats, with what its rounding goes by.

    Returns
    -------
    values, scale, ratio, share : ndarray
        The outputs (NaN where nothing is there), the size that their error goes by, the
        sum of weights as a share of their size, and the share of the kernel that is
        there.
    """
    fill = options["fill_value"]
    pairs = [options["padding"][dim] for dim in array.dims]
    ways = [options["boundary"][dim] for dim in array.dims]
    values = padded(np.where(gaps, 0, array.values), pairs, ways, fill)
    there = padded((~gaps).astype(float), pairs, ways, 1.0)
    counts = padded(shares, pairs, ways, 0 if options["weighted"] else 1.0)
    starts = [
        window_starts(
            size,
            *options["padding"][dim],
            (kernel.shape[axis] - 1) * options["dilation"][dim] + 1,
            options["stride"][dim],
        )
        for axis, (dim, size) in enumerate(array.sizes.items())
    ]
    shape = [len(one) for one in starts]
    result = np.full((4, *shape), np.nan, values.dtype)
    for place in itertools.product(*map(range, shape)):
        top = weight = size = sized = kept = 0.0
        for tap, w in np.ndenumerate(kernel):
            cell = tuple(
                starts[axis][k]
                + options["padding"][dim][0]
                + tap[axis] * options["dilation"][dim]
                for axis, (k, dim) in enumerate(zip(place, array.dims, strict=True))
            )
            share = counts[cell] * there[cell]
            if share and w:
                top += w * share * values[cell]
                weight += w * share
                size += abs(w) * share
                sized += abs(w) * share * abs(values[cell])
                kept += abs(w)
        kept /= np.abs(kernel).sum()
        found = np.nan
        if size and weight:
            found = top / weight * kernel.sum()
        scale = ratio = 0.0
        if size:
            ratio = abs(weight) / size
            if weight:
                scale = (sized / abs(weight) + abs(top) / weight**2 * size) * abs(
                    kernel.sum()
                )
        result[(slice(None), *place)] = found, scale, ratio, kept
    found, scale, ratio, kept = result
    with np.errstate(invalid="ignore"):
        found = np.where(kept.real < least, np.nan, found)
    return found, scale.real, ratio.real, kept.real


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
    shares = np.ones(array.shape)
    if weights is not None:
        order = [dim for dim in array.dims if dim in weights.dims]
        spread = weights.transpose(*order).values
        shares = shares * spread.reshape(
            [weights.sizes.get(dim, 1) for dim in array.dims]
        )
    given = {**options, "fill_value": fill_value, "weighted": weights is not None}
    wide = array.astype(np.result_type(array.dtype, "float64"))
    expected, scale, ratio, share = loops(
        wide, kernel, given, gaps=gaps, shares=shares, least=least
    )
    assert found.shape == expected.shape
    sure = (ratio > 1e-3) | (share == 0)
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
    for value in (np.nan, np.inf, 1e38):
        dirty = field.copy(data=field.values.copy())
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


def test_by_default_missing_cells_spread_and_the_step_is_the_plain_one(field):
    meta = array_meta(field.dims, field.shape, field.dtype, xr.Dataset())
    step = gaussian_step(meta, {"x": 1}, None, 2, WindowOptions(padding="same"))
    assert type(step) is WindowStep
    assert "skipna" not in step.describe()
    row = xr.DataArray([1.0, np.nan, 3, 4], dims="x")
    assert_array_equal(volconv.box(row, 2, padding="valid"), [np.nan, np.nan, 3.5])


def test_keywords_are_checked_at_the_door(field):
    area = xr.DataArray(np.ones(40), {"x": np.arange(40)}, "x")
    with pytest.raises(KindError, match="skipna: got 1; expected true or false"):
        volconv.box(field, 3, skipna=1)
    with pytest.raises(NumberError, match=r"min_weight: got 1\.5; expected a number"):
        volconv.box(field, 3, skipna=True, min_weight=1.5)
    with pytest.raises(NumberError, match="min_weight: got nan"):
        volconv.box(field, 3, skipna=True, min_weight=math.nan)
    with pytest.raises(NumberError, match="leave them out by skipna"):
        volconv.box(field, 3, min_weight=0.5)
    with pytest.raises(KindError, match="a DataArray, whose dims say where it goes"):
        volconv.box(field, 3, weights=np.ones(40))
    with pytest.raises(KindError, match=r"call \.load\(\) on them first"):
        volconv.box(field, 3, weights=area.chunk(x=9))
    with pytest.raises(KindError, match="dtype complex128"):
        volconv.box(field, 3, weights=area.astype(complex))
    with pytest.raises(NumberError, match="finite weights of at least 0"):
        volconv.box(field, 3, weights=-area)
    with pytest.raises(NumberError, match="values from 1 to inf"):
        volconv.box(field, 3, weights=area.where(area.x > 0, np.inf))
    with pytest.raises(DimError, match="weights: got 'lon'; expected dimensions"):
        volconv.box(field, 3, weights=area.rename(x="lon"))
    with pytest.raises(DimError, match="weights along 'x': got 39 cells"):
        volconv.box(field, 3, weights=area.drop_vars("x")[1:])
    with pytest.raises(DimError, match=r"weights\.reindex_like\(data\)"):
        volconv.box(field.assign_coords(x=np.arange(40) + 1), 3, weights=area)
    with pytest.raises(DimError, match="no dimensions"):
        volconv.box(field, 3, weights=xr.DataArray(1.0))


def test_a_dataset_s_variables_without_the_weights_dims_are_passed(gappy):
    both = xr.Dataset({"sst": gappy, "level": ("t", [1.0, 2, 3])})
    area = xr.DataArray(np.linspace(1, 2, 30), dims="y")
    found = both.volconv.box({"x": 3}, skipna=True, weights=area)
    assert_array_equal(found.level, both.level)
    assert found.sst.identical(
        gappy.rename("sst").volconv.box({"x": 3}, skipna=True, weights=area)
    )


class TestDeclared:
    """Missing cells that attributes declare, decoded by xarray or not."""

    values = np.array([[4, -9, 6], [7, 8, -1], [-9, 2, 3]], "int16")
    attrs = {"_FillValue": np.int16(-9), "missing_value": [-1, -9]}

    @pytest.fixture
    def stored(self):
        return xr.DataArray(self.values, dims=("y", "x"), attrs=self.attrs)

    def test_integers_become_floats_as_if_they_were_decoded(self, stored):
        decoded = stored.astype("float32").where(self.values > 0)
        found = volconv.box(stored, 3, skipna=True)
        assert found.dtype == "float32"
        expected = volconv.box(decoded, 3, skipna=True)
        assert same_bits(found.values, expected.values)
        assert "_FillValue" not in found.attrs

    def test_an_integer_result_keeps_the_fill_value_and_declares_it(self, stored):
        found = volconv.box(stored, 1, skipna=True, dtype="int16")
        assert_array_equal(found, np.where(self.values > 0, self.values, -9))
        assert found.attrs["_FillValue"] == -9
        again = volconv.box(found, 2, padding="valid", skipna=True)
        assert_allclose(again, [[19 / 3, 7], [17 / 3, 13 / 3]], rtol=1e-6)

    def test_lazily_too(self, stored):
        for dtype in (None, "int32"):
            found = volconv.box(stored.chunk(x=2), 2, skipna=True, dtype=dtype)
            whole = volconv.box(stored, 2, skipna=True, dtype=dtype)
            assert same_bits(found.values, whole.values)
            assert found.identical(whole)

    def test_they_are_numbers_where_nothing_is_left_out(self, stored):
        found = volconv.box(stored, 1)
        assert_array_equal(found, self.values)
        assert "_FillValue" not in found.attrs

    def test_floats_with_a_declared_value(self):
        row = xr.DataArray([1.0, 1e20, 3], dims="x", attrs={"missing_value": 1e20})
        for dtype in ("float32", "float64"):
            found = volconv.box(row.astype(dtype), 1, skipna=True)
            assert_array_equal(found, [1, np.nan, 3])

    def test_a_missing_output_needs_a_dtype_that_can_say_so(self):
        row = xr.DataArray([1.0, np.nan, 3], dims="x")
        with pytest.raises(NumberError, match="set the attribute _FillValue"):
            volconv.box(row, 1, skipna=True, dtype="int16")
        with pytest.raises(NumberError, match="dtype bool"):
            volconv.box(row, 1, skipna=True, dtype="bool")
        assert volconv.box(row, 3, skipna=True, dtype="int16").dtype == "int16"

    def test_integers_that_declare_nothing_have_nothing_missing(self):
        row = xr.DataArray(np.array([1, -9, 3], "int64"), dims="x")
        found = volconv.correlate(row, [1, 1], skipna=True)
        assert found.dtype == "float64"
        assert_array_equal(found, [-8, -6])


def test_mean_pool_leaves_missing_cells_out():
    row = xr.DataArray([1.0, np.nan, 3, 6, np.nan, np.nan], dims="x")
    assert_allclose(volconv.mean_pool(row, 2, skipna=True), [1, 4.5, np.nan])
    assert_allclose(row.volconv.mean_pool(3, skipna=True, min_weight=0.5), [2, np.nan])


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
    found = step.at(tuple(_whole(step)))
    outputs = math.prod(step.target.shape)
    assert allocated(found, block) <= step.work_bytes(outputs, block.size)


def _whole(step):
    from volconv.geometry import Interval

    return [Interval(0, size) for size in step.target.shape]
