"""The keywords of missing cells at the doors, and cells that attributes declare."""

import math

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

import volconv
from tests.oracle import same_bits
from volconv.coordinates import array_meta
from volconv.coordinates.metadata import declared_missing
from volconv.errors import DimError, KindError, NumberError
from volconv.steps import WindowOptions, WindowStep
from volconv.steps.gaussian import gaussian_step


@pytest.fixture
def field():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(3, 30, 40)).astype("float32")
    return xr.DataArray(values, dims=("t", "y", "x"))


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


def test_a_dataset_s_variables_without_the_weights_dims_are_passed(field):
    gappy = field.where(field < 1)
    both = xr.Dataset({"sst": gappy, "level": ("t", [1.0, 2, 3])})
    area = xr.DataArray(np.linspace(1, 2, 30), dims="y")
    found = both.volconv.box({"x": 3}, skipna=True, weights=area)
    assert_array_equal(found.level, both.level)
    assert found.sst.identical(
        gappy.rename("sst").volconv.box({"x": 3}, skipna=True, weights=area)
    )


def test_coordinates_may_be_rounded():
    degrees = np.linspace(0, 359.9, 3600)
    data = xr.DataArray(np.ones(3600), {"lon": degrees}, "lon")
    rounded = data.assign_coords(lon=degrees.astype("float32"))
    assert_array_equal(volconv.box(data, 3, weights=rounded), data)
    names = xr.DataArray([1.0, 2, 3], {"x": ["a", "b", "c"]}, "x")
    with pytest.raises(DimError, match="weights along 'x'"):
        volconv.box(names, 3, weights=names.assign_coords(x=["a", "c", "b"]))


class TestDeclared:
    """Missing cells that attributes declare, decoded by xarray or not."""

    values = np.array([[4, -9, 6], [7, 8, -1], [-9, 2, 3]], "int16")

    @pytest.fixture
    def stored(self):
        attrs = {"_FillValue": np.int16(-9), "missing_value": [-1, -9]}
        return xr.DataArray(self.values, dims=("y", "x"), attrs=attrs)

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

    def test_a_variable_declares_it_and_not_its_dataset(self, stored):
        dataset = xr.Dataset({"counts": stored})
        found = volconv.box(dataset, 1, dims=["x"], skipna=True, dtype="int16")
        assert found.counts.attrs["_FillValue"] == -9
        assert "_FillValue" not in found.attrs

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

    def test_floats_that_become_integers_keep_a_declared_value_that_fits(self):
        attrs = {"_FillValue": 1e20, "missing_value": [0.5, -999.0]}
        row = xr.DataArray([1.2, -999, np.nan, 3.6], dims="x", attrs=attrs)
        found = volconv.box(row, 1, skipna=True, dtype="int16")
        assert_array_equal(found, [1, -999, -999, 4])
        assert found.attrs["_FillValue"] == -999

    def test_a_missing_output_needs_a_dtype_that_can_say_so(self):
        row = xr.DataArray([1.0, np.nan, 3], dims="x")
        with pytest.raises(NumberError, match="set the attribute _FillValue"):
            volconv.box(row, 1, skipna=True, dtype="int16")
        with pytest.raises(NumberError, match="dtype bool"):
            volconv.box(row, 1, skipna=True, dtype="bool")
        assert volconv.box(row, 3, skipna=True, dtype="int16").dtype == "int16"

    @pytest.mark.parametrize(
        "said", [np.nan, "none", None, True, [[1], [2, 3]], {"a": 1}, 1e40, -1.5, b"-9"]
    )
    def test_what_stands_for_no_cell_is_passed_over(self, said):
        attrs = {"_FillValue": said, "missing_value": np.array([-9, 4000])}
        for dtype in ("int16", "uint8", "bool", "datetime64[s]"):
            found = declared_missing(attrs, dtype)
            assert found == {"int16": (-9, 4000)}.get(dtype, ())

    def test_integers_that_declare_nothing_have_nothing_missing(self):
        row = xr.DataArray(np.array([1, -9, 3], "int64"), dims="x")
        found = volconv.correlate(row, [1, 1], skipna=True)
        assert found.dtype == "float64"
        assert_array_equal(found, [-8, -6])


def test_mean_pool_leaves_missing_cells_out():
    row = xr.DataArray([1.0, np.nan, 3, 6, np.nan, np.nan], dims="x")
    assert_allclose(volconv.mean_pool(row, 2, skipna=True), [1, 4.5, np.nan])
    assert_allclose(row.volconv.mean_pool(3, skipna=True, min_weight=0.5), [2, np.nan])


class TestScaleOfWeights:
    """It does not matter, whatever the range of the arithmetic."""

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
    @pytest.mark.parametrize("power", [-1060, -140, -20, 20, 120, 1000])
    def test_powers_of_two_change_no_bit(self, field, dtype, power):
        data = field.astype(dtype)
        share = np.random.default_rng(1).integers(1, 9, 40)
        plain, scaled = (
            xr.DataArray(np.ldexp(share.astype("float64"), by), dims="x")
            for by in (0, power)
        )
        wanted = volconv.box(data, 3, weights=plain)
        assert same_bits(volconv.box(data, 3, weights=scaled).values, wanted.values)
        lazy = volconv.box(data.chunk(x=7), 3, weights=scaled)
        assert same_bits(lazy.values, wanted.values)

    def test_sums_stay_within_the_arithmetic(self):
        large = xr.DataArray(np.array([1e30, 2e30, 3e30], "f4"), dims="x")
        area = xr.DataArray(np.full(3, 1e12), dims="x")
        found = volconv.box(large, 3, weights=area, padding="valid")
        assert_allclose(found, [2e30], rtol=1e-6)

    def test_a_lazy_result_is_of_the_weights_as_they_were(self):
        row = xr.DataArray(np.arange(6.0), dims="x").chunk(x=2)
        for dtype in ("float64", "float32", "int32", "bool"):
            weights = xr.DataArray(np.ones(6, dtype), dims="x")
            found = volconv.box(row, 3, weights=weights)
            before = found.values
            weights[:] = 0
            assert_array_equal(found.values, before)

    def test_weights_beyond_what_floats_hold_are_told_as_they_are(self, field):
        weights = xr.DataArray(np.where(np.arange(40) == 3, np.inf, 1), dims="x")
        with pytest.raises(NumberError, match="weights: got values from 1 to inf"):
            volconv.box(field, 3, weights=weights)
