"""What comes and goes stops where its memory is needed, and goes on after that."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.run.runs import run, tree
from volconv.compute.compiled.llvm import pages
from volconv.run import passing as passing_module
from volconv.run.passing import PASSING, Kept, Passing, with_room
from volconv.steps import Pipeline

SOON, LATER = 10, 0.05


def test_memory_is_had_when_all_that_passes_has_passed(monkeypatch):
    passing = Passing()
    monkeypatch.setattr(passing_module, "PASSING", passing)
    kept = Kept(100)
    piece = kept.take()
    assert piece.nbytes == 100
    kept.pieces.append(piece)
    assert kept.take() is piece
    kept.pieces.append(piece)
    reading, has_memory = threading.Event(), threading.Event()

    def compile_it():
        with passing.stopped():
            assert not kept.pieces
            has_memory.set()
            assert reading.wait(SOON)

    def read():
        with passing:
            return passing.count

    with ThreadPoolExecutor(3) as pool:
        with passing:
            passing.enter()  # a file that is on its way
            compiling = pool.submit(compile_it)
            assert not has_memory.wait(LATER)
        assert not has_memory.wait(LATER)
        passing.leave()
        assert has_memory.wait(SOON)
        others = [pool.submit(read) for _ in range(2)]
        assert not any(other.done() for other in others)
        threading.Event().wait(LATER)
        assert passing.count == 0
        reading.set()
        compiling.result(SOON)
        assert all(other.result(SOON) for other in others)
    assert (passing.count, passing.stops) == (0, 0)


class Holder:
    """Says what it is told to do; may fail."""

    def __init__(self, error=None):
        self.told, self.error = [], error

    def make_room(self):
        self.told.append("make room")
        if self.error is not None:
            raise self.error

    def resume(self):
        self.told.append("resume")


def test_others_make_room_until_the_last_one_has_compiled():
    passing, holder = Passing(), Holder()
    passing.add(holder)
    with passing.stopped():
        with passing.stopped():
            pass
        assert holder.told == ["make room"] * 2
    assert holder.told[2:] == ["resume"]
    del holder
    assert not passing.others


def test_where_no_room_can_be_made_nobody_waits_for_ever():
    passing, holder = Passing(), Holder(MemoryError())
    passing.add(holder)
    with pytest.raises(MemoryError), passing.stopped():
        pytest.fail("there is no room")
    assert holder.told == ["make room", "resume"]
    with passing:
        assert passing.count == 1


def test_who_fails_lets_the_others_go_on():
    passing = Passing()
    for context in (passing, passing.stopped()):
        with pytest.raises(ZeroDivisionError), context:
            raise ZeroDivisionError
    assert (passing.count, passing.stops) == (0, 0)


TEXT = """
version: 1
input: {path: in.zarr}
steps:
  - gaussian: {sigma: 1, boundary: edge}
  - sobel: {dim: x}
output: {path: OUT}
"""


def test_nobody_reads_or_stores_while_code_is_compiled(volume, tmp_path, monkeypatch):
    """Four threads, whatever is compiled in any of them: here in each block."""
    volume.chunk(z=3, y=4, x=5).to_zarr(tmp_path / "in.zarr", consolidated=False)
    run(tmp_path, TEXT.replace("OUT", "plain.zarr"), limits={"workers": 1})
    counts = []
    monkeypatch.setattr(pages, "WHILE_COMPILING", {with_room: None})

    def compiling():
        with pages.on_loan():
            counts.append(PASSING.count)
            threading.Event().wait(LATER / 10)
            counts.append(PASSING.count)

    compute = Pipeline.compute

    def computed(self, wanted, read, into=None, memory=None):
        found = compute(self, wanted, read, into, memory)
        compiling()
        return found

    monkeypatch.setattr(Pipeline, "compute", computed)
    run(tmp_path, TEXT.replace("OUT", "out.zarr"), limits={"workers": 4})
    assert len(counts) > 8
    assert not any(counts)
    assert (PASSING.count, PASSING.stops) == (0, 0)
    written, plain = (
        {key: content for key, content in tree(tmp_path / name).items() if "/c/" in key}
        for name in ("out.zarr", "plain.zarr")
    )
    assert written == plain
