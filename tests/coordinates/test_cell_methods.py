"""CF cell_methods: what each step adds, checked against the conventions' grammar."""

import re

import numpy as np
import pytest
import xarray as xr

import volconv

METHODS = "mean|maximum|minimum|median|mode|sum|point"
GRAMMAR = re.compile(
    rf"((\w+: )+({METHODS})( \((interval|comment): [^()]*\))?)( (?=\w)|$)"
)


def is_grammatical(text):
    """Whether a text is entries of names, a method and perhaps a comment, nothing else."""
    return "".join(match.group(0) for match in GRAMMAR.finditer(text)) == text


@pytest.fixture
def rain():
    return xr.DataArray(
        np.arange(24).reshape(6, 4), dims=("time", "x"), attrs={"units": "mm"}
    )


@pytest.mark.parametrize(
    ("function", "method"),
    [
        (volconv.mean_pool, "mean"),
        (volconv.max_pool, "maximum"),
        (volconv.min_pool, "minimum"),
        (volconv.median_pool, "median"),
        (volconv.mode_pool, "mode"),
    ],
)
def test_pooling_adds_its_statistic_in_the_order_applied(rain, function, method):
    assert function(rain, {"time": 3}).attrs["cell_methods"] == f"time: {method}"
    rain.attrs["cell_methods"] = "time: point"
    once = function(rain, {"time": 3})
    assert once.attrs["cell_methods"] == f"time: point time: {method}"
    twice = volconv.mean_pool(once, {"time": 2, "x": 2})
    expected = f"time: point time: {method} time: x: mean"
    assert twice.attrs["cell_methods"] == expected
    assert is_grammatical(expected)


def test_windows_that_are_not_the_cells_of_the_outputs_are_told_in_a_comment(rain):
    slid = volconv.box(rain, {"time": 3})
    assert slid.attrs["cell_methods"] == (
        "time: mean (comment: of windows of 3 cells along time, one every 1)"
    )
    apart = volconv.max_pool(rain, {"time": 2, "x": 2}, dilation={"time": 3}).attrs
    assert apart["cell_methods"] == (
        "time: x: maximum (comment: of windows of 2 cells along time, 3 apart, "
        "one every 2, 2 cells along x, one every 2)"
    )
    for text in (slid.attrs["cell_methods"], apart["cell_methods"]):
        assert is_grammatical(text)


def test_a_kernel_is_a_statistic_where_it_is_flat(rain):
    def methods(kernel, **options):
        found = volconv.correlate(rain, kernel, dims="time", stride=2, **options)
        return found.attrs.get("cell_methods")

    assert methods([0.5, 0.5]) == "time: mean"
    assert methods([1, 1]) == "time: sum"
    assert methods([0.5, 0.25]) is None
    assert methods([-1, 1]) is None
    assert methods([2, 2]) is None
    assert methods([1]) is None


def test_linear_steps_leave_it_and_steps_that_lose_the_unit_drop_it(rain):
    rain.attrs["cell_methods"] = "time: sum"
    for kept in (
        volconv.gaussian(rain, 1.0),
        volconv.crop(rain, {"time": (1, 4)}),
        volconv.gradient(rain, "time"),
    ):
        assert kept.attrs["cell_methods"] == "time: sum"
    for lost in (volconv.square(rain), volconv.threshold(rain, above=2)):
        assert "cell_methods" not in lost.attrs


def test_only_variables_have_it_and_only_where_attributes_are_kept(rain):
    dataset = volconv.mean_pool(rain.to_dataset(name="rain"), {"time": 2})
    assert dataset.rain.attrs["cell_methods"] == "time: mean"
    assert "cell_methods" not in dataset.attrs
    bare = volconv.mean_pool(rain, {"time": 2}, keep_attrs=False)
    assert set(bare.attrs) == {"volconv"}
