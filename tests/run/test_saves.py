"""What steps save, whatever the result reads of it: branches that end, and other sizes."""

import tempfile
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import volconv
from tests.run.conftest import CONFIG, prepared, stopping_at
from tests.run.runs import run

STEPS = {
    "abs": st.just({}),
    "crop": st.integers(0, 3).map(lambda start: {"region": {"x": [start, start + 5]}}),
    "pad": st.integers(0, 9).map(lambda cells: {"padding": {"x": [3, cells]}}),
    "mean_pool": st.integers(1, 4).map(lambda size: {"size": {"x": size}}),
    "gaussian": st.just({"sigma": {"x": 1}, "boundary": "wrap"}),
    "upsample": st.integers(1, 3).map(lambda factor: {"factor": {"x": factor}}),
}
STORED: dict[str, Any] = {"zarr_format": 3, "consolidated": False}


@st.composite
def trees(draw):
    """Steps of which each reads any before it, with what each is in Python."""
    array = xr.DataArray(np.arange(-7.0, 31), dims="x", name="density")
    found, steps = {"input": array}, []
    for number in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from([*STEPS]))
        keys = draw(STEPS[name])
        read = draw(st.sampled_from([*found]))
        if found[read].sizes["x"] < 9:  # enough to crop and to pool
            read = "input"
        more = {"from": read, "name": f"s{number}", "save": f"s{number}.zarr"}
        steps.append({name: {**keys, **more}})
        found[f"s{number}"] = getattr(volconv, name)(found[read], **keys)
    (last,) = steps[-1].values()
    del last["save"]
    return steps, found


@settings(max_examples=60)
@given(trees(), st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_what_a_step_saves_is_its_result(tree, chunk, unit, fuse):
    steps, found = tree
    with tempfile.TemporaryDirectory() as folder:
        array = found.pop("input")
        array.chunk(x=chunk).to_dataset().to_zarr(f"{folder}/in.zarr", **STORED)
        for number, step in enumerate(steps):
            for keys in step.values():
                if "save" in keys:
                    keys["save"] = f"{folder}/s{number}.zarr"
        *saved, last = found
        volconv.run_config(
            {
                "version": 1,
                "input": {"path": f"{folder}/in.zarr"},
                "steps": steps,
                "output": {"path": f"{folder}/{last}.zarr", "chunks": {"x": unit}},
            },
            fuse=fuse,
            threads=1,
        )
        for name in (*saved, last):
            stored = zarr.open_array(f"{folder}/{name}.zarr/density", mode="r")
            assert_array_equal(stored[:], found[name].values)


@pytest.mark.parametrize("unit", [1, 2, 3])
def test_what_comes_before_a_bank_is_saved_whatever_its_chunks(tmp_path, unit):
    array = xr.DataArray(np.arange(40.0), dims="x", name="density")
    array.chunk(x=19).to_dataset().to_zarr(tmp_path / "in.zarr", **STORED)
    volconv.run_config(
        {
            "version": 1,
            "input": {"path": f"{tmp_path}/in.zarr"},
            "steps": [
                {"abs": {"save": f"{tmp_path}/save.zarr"}},
                {"correlate_bank": {"kernels": [[1, 2], [2, 3], [3, 4]]}},
            ],
            "output": {"path": f"{tmp_path}/out.zarr", "chunks": {"kernel": unit}},
        }
    )
    stored = zarr.open_array(tmp_path / "save.zarr/density", mode="r")
    assert_array_equal(stored[:], array.values)


def test_a_branch_that_ends_is_saved_block_by_block(tmp_path):
    """Of a result of an eighth of its cells, the last block has no more than others."""
    array = zarr.create_array(
        tmp_path / "in.zarr",
        shape=(512, 256, 256),
        chunks=(64, 64, 64),
        dtype="float32",
        dimension_names=("z", "y", "x"),
    )
    text = """
version: 1
input: {path: in.zarr}
steps:
  - gaussian: {sigma: 1, save: smooth.zarr}
  - mean_pool: {size: 2, from: input}
output: {path: half.zarr}
"""
    (stage,) = prepared(tmp_path, text, memory=300 * 2**20).plan.stages
    (save,) = (write for write in stage.writes if write.step == 1)
    assert save.jump == (2, 2, 2)
    shares = [
        np.prod([side.size for side in save.box(stage.grid, block)])
        for block in range(stage.grid.total)
    ]
    assert sum(shares) == array.size
    assert max(shares) <= 2 * sum(shares) / stage.grid.total


def test_what_is_saved_may_be_moved_with_the_output(folder):
    edge = "boundary: {x: wrap, y: edge}"
    text = CONFIG.replace(edge, f"{edge}, save: smooth.zarr")
    with pytest.raises(KeyboardInterrupt):
        run(folder, text, progress=stopping_at(3))
    moved = folder.rename(folder.parent / "moved")
    outcome = run(moved, text)
    assert outcome.kept >= 3
    assert (
        outcome.computed
        == prepared(moved, text).plan.stages[0].grid.total - outcome.kept
    )
    assert run(moved, text).computed == 0


@pytest.mark.parametrize(
    "other", ["other.zarr", "in/smooth.zarr", "s3://a/smooth.zarr"]
)
def test_what_is_saved_elsewhere_is_another_plan(folder, other):
    edge = "boundary: {x: wrap, y: edge}"
    plans = [
        prepared(folder, CONFIG.replace(edge, f"{edge}, save: {path}")).plan
        for path in ("smooth.zarr", other)
    ]
    (first, second) = (plan.fingerprint.items() for plan in plans)
    assert {key for key, _ in first ^ second} == {"step 1 (gaussian)"}
