"""Threads that take turns: each once, errors told with the turn, memory that is flat."""

import itertools
import math
import threading
import tracemalloc
from collections import Counter
from functools import partial
from typing import Any

import pytest

from tests.run.runs import crews
from tests.waiting import eventually
from volconv.run.task import BlockRecord
from volconv.run.threads import MOST_TOGETHER, BlockFailure, Effort, run_in_threads

RECORD = {"objects": ((0, "c/0", 4, 5, 0),), "seconds": 0.0}


class Fake:
    """A worker whose blocks are nothing, and of which some fail."""

    def __init__(self, fails=()):
        self.fails = fails

    def stop(self):
        """Nothing is to be stopped."""

    def close(self):
        """Nothing is to be ended."""

    def begin(self, turn):
        return lambda: self.block(turn)

    def block(self, turn):
        if turn in self.fails:
            raise ValueError(f"turn {turn} is bad")
        return BlockRecord(turn, **RECORD, lowest=0.0, highest=1.0, nonfinite=0)


@pytest.fixture
def fake(monkeypatch):
    def make(fails=()):
        worker = Fake(fails)
        monkeypatch.setattr("volconv.run.threads.Worker", lambda *_, **__: worker)
        return worker

    return make


def run(turns, threads, keep=lambda _: None) -> Any:
    return run_in_threads(None, turns, threads, keep)


@pytest.mark.parametrize("count", [0, 1, 3, 500])
@pytest.mark.parametrize("threads", [1, 4])
def test_each_turn_is_done_once(fake, count, threads):
    fake()
    before = crews()
    records = run(range(count), threads)
    turns = [record.turn for together in records for record in together]
    assert sorted(turns) == list(range(count))
    assert crews() <= before


@pytest.mark.parametrize(
    ("threads", "each", "computed", "in_vain"),
    [
        (2, 0.0006, 0.5, True),
        (8, 0.003, 0.12, True),
        (2, 0.0006, 0.9, False),  # the others are not in its way
        (2, 0.003, 0.1, False),  # long blocks: it waits for disks, or a server
    ],
)
def test_threads_are_in_vain_where_short_blocks_wait(
    monkeypatch, threads, each, computed, in_vain
):
    now = {"perf_counter": 0.0, "thread_time": 0.0}
    for name in now:
        monkeypatch.setattr(f"volconv.run.threads.time.{name}", partial(now.get, name))
    effort = Effort(threads)
    for _ in range(10):
        effort.add(100)
        now["perf_counter"] += 100 * each
        now["thread_time"] += 100 * each * computed
    assert effort.is_in_vain() is in_vain


def test_a_thread_in_vain_ends_and_the_first_does_what_is_left(fake, monkeypatch):
    worker = fake()
    by: Counter[int] = Counter()
    block = worker.block
    both = threading.Barrier(2)

    def counted(turn):
        if turn < 2:  # one for each thread
            both.wait()
        by[threading.get_ident()] += 1
        return block(turn)

    worker.block = counted
    monkeypatch.setattr("volconv.run.threads.TOGETHER", math.inf)
    monkeypatch.setattr(Effort, "is_in_vain", lambda _: True)
    turns = [record.turn for together in run(range(5000), 2) for record in together]
    assert sorted(turns) == list(range(5000))
    assert len(by) == 2
    assert min(by.values()) <= MOST_TOGETHER


def test_an_error_is_told_with_its_turn_and_ends_the_threads(fake):
    fake(fails={7})
    before = crews()
    with pytest.raises(BlockFailure) as failure:
        list(run(range(1000), 4))
    assert failure.value.turn == 7
    assert str(failure.value.__cause__) == "turn 7 is bad"
    assert crews() <= before


def test_blocks_that_were_done_before_one_failed_are_told(fake, monkeypatch):
    fake(fails={7})
    monkeypatch.setattr("volconv.run.threads.TOGETHER", math.inf)
    records = run(range(1000), 1)
    assert [record.turn for record in next(records)] == list(range(7))
    with pytest.raises(BlockFailure):
        next(records)


@pytest.mark.parametrize(
    ("seconds", "sizes"), [(math.inf, [MOST_TOGETHER] * 2 + [50]), (-1.0, [1] * 1050)]
)
def test_small_blocks_are_told_together_and_long_ones_at_once(
    fake, monkeypatch, seconds, sizes
):
    fake()
    monkeypatch.setattr("volconv.run.threads.TOGETHER", seconds)
    told = list(run(range(1050), 1))
    assert [len(together) for together in told] == sizes


def test_a_run_that_is_left_ends_its_threads(fake):
    fake()
    before = crews()
    records = run(itertools.count(), 3)
    for _ in range(20):
        next(records)
    records.close()
    assert crews() <= before


def test_what_is_finished_after_a_run_is_left_is_kept(fake):
    worker = fake()
    block, done = worker.block, []

    def noted(turn):
        done.append(turn)
        return block(turn)

    worker.block = noted
    kept: list[BlockRecord] = []
    records = run(itertools.count(), 3, kept.extend)
    told = [record for _ in range(20) for record in next(records)]
    eventually(lambda: len(done) > len(told))
    records.close()
    assert kept
    assert sorted(one.turn for one in told + kept) == sorted(done)


def test_records_wait_no_further_ahead_than_a_few_blocks(fake):
    taken = itertools.count()
    fake()
    records = run(taken, 2)
    next(records)
    threading.Event().wait(0.1)
    records.close()
    assert next(taken) < 20 * MOST_TOGETHER


def test_memory_stays_flat_over_a_hundred_thousand_blocks(fake):
    fake()
    seen = []
    records = run(range(100_000), 2)
    next(records)
    tracemalloc.start()
    for number, _ in enumerate(itertools.chain.from_iterable(records)):
        if number % 20_000 == 10_000:
            seen.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(seen) < min(seen) + 400_000  # all records take 30 MB
