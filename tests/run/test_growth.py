"""What a run keeps of its own does not grow with its blocks, but for a bit of each."""

import tracemalloc

import numpy as np
import pytest
import zarr

from benchmarks.hollow import Made, blocks_of_one_chunk, nothing_kept
from tests.run.conftest import prepared
from volconv.io.store import object_key
from volconv.run import journal_file
from volconv.run.runner import run_plan
from volconv.run.task import BlockRecord, Work

FEW, MANY = 16, 28
"""Blocks along each axis: 1000 and 8000 in all."""

TEXT = """
version: 1
input: {path: in.zarr}
steps:
  - abs
output:
  path: out.zarr
  chunks: {z: 1, y: 1, x: 1}
"""


class Fake:
    """A worker whose blocks are done at once."""

    def __init__(self, work: Work, *_: object):
        self.sweep = work.stage.sweep

    def stop(self):
        """Nothing is to be stopped."""

    def close(self):
        """Nothing is to be ended."""

    def begin(self, turn):
        key = object_key(self.sweep.index(turn))
        return lambda: BlockRecord(turn, ((0, key, 2048, 0, 0),), 0.0, 0.0, 1.0, 0)


def grown(folder, blocks):
    """Bytes by which memory grows at most, over a run of so many blocks along each axis."""
    cells = np.zeros((1, 1, 1), "f4")
    with blocks_of_one_chunk(), nothing_kept():
        ready = prepared(folder, TEXT)
        source = Made(str(folder / "in.zarr"), chunk=cells)
        tracemalloc.start()
        outcome = run_plan(ready.plan, source, ready.labels)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert outcome.computed == blocks**3
    return found


@pytest.fixture
def at_once(monkeypatch):
    """Blocks are nothing, and their objects are made safe nearly at once."""
    monkeypatch.setattr("volconv.run.threads.Worker", Fake)
    monkeypatch.setattr(journal_file, "BATCH", 0.01)


@pytest.mark.usefixtures("at_once")
def test_memory_grows_by_less_than_a_record_of_each_block_would_take(tmp_path):
    found = []
    for blocks in (2, FEW, MANY):  # the first to import what is imported late
        folder = tmp_path / str(blocks)
        folder.mkdir()
        zarr.create_array(
            folder / "in.zarr",
            shape=(blocks,) * 3,
            chunks=(1, 1, 1),
            dtype="f4",
            dimension_names=("z", "y", "x"),
        )
        found.append(grown(folder, blocks))
    assert found[2] - found[1] < 64 * (MANY**3 - FEW**3)
