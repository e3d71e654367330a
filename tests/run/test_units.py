"""Units and statistics where branches come together."""

import pytest

from tests.run.conftest import prepared

SLOPES = """
  - gradient: {dim: x, per: unit, name: a}
  - gradient: {dim: x, per: unit, from: input, name: b}
"""
PEAKS = """
  - max_pool: {size: {x: 2}, stride: {x: 2}, name: a}
  - min_pool: {size: {x: 2}, stride: {x: 2}, from: input, name: b}
"""


def attrs_after(folder, steps):
    text = (
        f"version: 1\ninput: {{path: in.zarr}}\nsteps:{steps}output: {{path: out.zarr}}"
    )
    ready = prepared(folder, text)
    return ready.labels[ready.plan.pipeline.last].attrs


@pytest.mark.parametrize(
    ("branches", "join", "unit"),
    [
        (SLOPES, "add: {from: [a, b]}", "g mm-1"),
        (SLOPES, "maximum: {from: [a, b, a]}", "g mm-1"),
        (SLOPES, "subtract: {from: [a, input]}", None),
        (SLOPES, "multiply: {from: [a, b]}", None),
        (SLOPES, "divide: {from: [input, input]}", None),
        (SLOPES, "add: {from: [input, input]}", "g"),
        (SLOPES, "abs: {from: a}", "g mm-1"),
        (PEAKS, "subtract: {from: [a, b]}", "g"),
    ],
)
def test_a_unit_is_that_of_all_that_come_together(folder, branches, join, unit):
    assert attrs_after(folder, f"{branches}  - {join}\n").get("units") == unit


def test_a_statistic_is_that_of_all_that_come_together(folder):
    apart = attrs_after(folder, f"{PEAKS}  - subtract: {{from: [a, b]}}\n")
    assert "cell_methods" not in apart
    one = attrs_after(folder, f"{PEAKS}  - add: {{from: [a, a]}}\n")
    assert one["cell_methods"] == "x: maximum"
