"""Objects of a bucket are on their way while blocks are computed; none is told too soon."""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from functools import lru_cache

import pytest

from scripts.measure_memory import said_and_measured
from tests.run.conftest import CONFIG, prepared, stopping_at
from tests.run.runs import run, tree
from tests.run.test_bucket import content
from tests.run.test_memory import text_of, volume_of
from tests.servers import Beside, environment, flaky
from volconv.errors import StorageError
from volconv.io import objects
from volconv.io import store as store_module
from volconv.io.bucket import HIDDEN, PARTS, Bucket
from volconv.plan.memory import sent_bytes
from volconv.run.journal_objects import ObjectJournal
from volconv.run.outputs import target_of
from volconv.run.task import Worker

SMALL = "{z: 1, y: 4, x: 5}"
SOON = 20


@pytest.fixture
def text(bucket):
    """A configuration with many objects, which go to a bucket."""
    small = CONFIG.replace("{z: 3, y: 4, x: 5}", SMALL)
    return small.replace("out.zarr", f"{bucket}/out.zarr")


def is_put(method, path):
    return method == "PUT" and "density/c/" in path


def whole(folder):
    """What a run into a folder writes."""
    run(folder, CONFIG.replace("{z: 3, y: 4, x: 5}", SMALL))
    return tree(folder / "out.zarr")


def test_blocks_are_computed_while_objects_are_on_their_way(
    folder, bucket, text, way, monkeypatch
):
    """One object is not there before its thread has begun with its third block."""
    third, late = threading.Event(), []
    begin, begun = Worker.begin, itertools.count(1)

    def counted(self, turn):
        if next(begun) == 3:
            third.set()
        return begin(self, turn)

    def held_up(method, path):
        if is_put(method, path) and path.endswith("c/0/0/0"):
            late.append(not third.wait(SOON))

    monkeypatch.setattr(Worker, "begin", counted)
    way(held_up)
    run(folder, text, limits={"workers": 1})
    assert late == [False]
    assert content(f"{bucket}/out.zarr") == whole(folder)


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_objects_are_put_beside_each_other_and_not_all_at_once(
    folder, bucket, text, way, on
):
    beside = Beside(is_put, enough=5)
    way(beside.slow)
    run(folder, text, on=on, limits={"workers": 1})
    assert 4 < beside.most <= 16
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_no_more_bytes_are_on_their_way_than_are_planned(
    folder, text, way, monkeypatch, handed_over
):
    monkeypatch.setattr("volconv.plan.memory.MOST_ON_WAY", 3)
    way(Beside(is_put, enough=2).slow)
    text = text.replace("x: 5}", "x: 5}\n  codec: none")
    (stage,) = prepared(folder, text, workers=2).plan.stages
    (part,) = [part for part in stage.memory.own if part.name == "objects on their way"]
    unit = 4 * 5 * 4
    assert part.nbytes == sent_bytes(stage.writes) == 3 * unit
    run(folder, text, limits={"workers": 2})
    counted, most = zip(*handed_over, strict=True)
    assert set(most) == {2 * part.nbytes}
    assert unit < max(counted) <= 2 * part.nbytes


def test_a_run_takes_what_its_plan_says_also_where_the_store_is_slow(
    tmp_path, bucket, way
):
    """Objects that are hardly smaller than their cells: 170 MB of them."""
    volume_of(tmp_path, "float32", cells=352, chunk=88)
    way(lambda method, _: time.sleep(0.2) if method == "PUT" else None)
    text = text_of("  - gaussian: {sigma: 1.5, boundary: edge}\n", ", codec: none", 44)
    text = text.replace("out.zarr", f"{bucket}/out.zarr")
    (tmp_path / "config.yaml").write_text(text)
    said, measured = said_and_measured(
        tmp_path, "config.yaml", "--threads", "2", "--memory", "420MiB"
    )
    assert measured <= said


def test_a_plan_into_a_folder_counts_nothing_on_its_way(folder, text):
    (stage,) = prepared(folder).plan.stages
    assert "objects on their way" not in {part.name for part in stage.memory.own}
    for stage in prepared(folder, text, fuse=False).plan.stages:
        assert "objects on their way" in {part.name for part in stage.memory.own}


def test_threads_that_write_first_at_once_write_through_one_store(folder, monkeypatch):
    begun = threading.Barrier(2, timeout=5)
    opening = store_module.opened_for_encoding.__wrapped__

    def slow(place, variable):
        with contextlib.suppress(threading.BrokenBarrierError):
            begun.wait(0.2)  # for another one that opens it too
        opened.append(variable)
        return opening(place, variable)

    opened: list[str] = []
    monkeypatch.setattr(store_module, "opened_for_encoding", lru_cache(slow))
    run(folder, limits={"workers": 2})
    assert opened == ["density"]


def test_no_block_is_told_of_before_its_objects_are_there(
    folder, bucket, way, monkeypatch
):
    written, put = set(), threading.Lock()

    def slow(method, path):
        if method == "PUT" and "density/c/" in path:
            time.sleep(0.02)
            with put:
                written.add(path.partition("density/")[2])

    way(slow)
    text = CONFIG.replace("out.zarr", f"{bucket}/out.zarr")
    told: list[int] = []
    append = ObjectJournal.append

    def noted(self, *records):
        for one in records:
            told.append(one.turn)
            assert {key for _, key, *_ in one.objects} <= written
        append(self, *records)

    monkeypatch.setattr(ObjectJournal, "append", noted)
    run(folder, text, limits={"workers": 1})
    assert sorted(told) == list(range(prepared(folder, text, workers=1).plan.blocks))


# what fails, and what is stopped


def ours():
    """Threads that compute or send."""
    return [one.name for one in threading.enumerate() if "outbox" in one.name]


def test_an_object_that_fails_is_told_of_with_its_own_block_and_once(
    folder, bucket, text, way
):
    way(lambda *given: 403 if is_put(*given) and "c/4/1/1" in given[1] else None)
    with pytest.raises(StorageError, match="PermissionError") as failure:
        run(folder, text, limits={"workers": 2})
    cells = re.search(r"\(cells (.*?)\)", str(failure.value)).group(1)
    sides = [tuple(map(int, side.split(":"))) for side in cells.split(", ")]
    first = (4, 4, 5)
    assert all(a <= at < b for at, (a, b) in zip(first, sides, strict=True))
    assert ours() == []
    way()
    outcome = run(folder, text)
    assert outcome.kept > 0
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_after_a_run_that_was_stopped_nothing_is_put_any_more(
    folder, bucket, text, way
):
    is_over, puts = threading.Event(), []

    def slow(method, path):
        if is_put(method, path):
            time.sleep(0.05)
            puts.append(is_over.is_set())

    way(slow)
    with pytest.raises(KeyboardInterrupt):
        run(folder, text, progress=stopping_at(3), limits={"workers": 2})
    is_over.set()
    before = len(puts)
    assert ours() == []
    time.sleep(0.3)
    assert len(puts) == before > 0
    assert content(f"{bucket}/out.zarr").keys().isdisjoint({f"{HIDDEN}/lock"})
    run(folder, text)
    assert content(f"{bucket}/out.zarr") == whole(folder)


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_what_a_killed_run_has_recorded_is_there(
    folder, bucket, text, endpoint, seconds
):
    (folder / "config.yaml").write_text(text)
    put, killed = threading.Event(), threading.Event()

    def slow(method, path):
        if not is_put(method, path):
            return None
        put.set()
        if "c/8/" in path:  # so that it does not end before
            killed.wait(60)
            return 503
        return time.sleep(0.2)

    command = [sys.executable, "-m", "volconv", "run", "config.yaml"]
    command += ["--threads", "1"]
    with (
        flaky(endpoint, slow) as late,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment(late)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        assert put.wait(60)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.set()
    there = content(f"{bucket}/out.zarr")
    lines = target_of(f"{bucket}/out.zarr").journal("").lines()
    recorded = [one for _, line in lines for one in line.get("objects", [])]
    for key, nbytes, _, _ in recorded:
        assert len(there[f"density/{key}"]) == nbytes
    outcome = run(folder, text)
    assert outcome.computed > 0
    assert content(f"{bucket}/out.zarr") == whole(folder)


# a slow way


def given_up(patches, after, sending):
    """Requests are given up after so many seconds."""
    patches.setattr(objects, "LONGEST", timedelta(seconds=after))
    patches.setattr(objects, "SENDING", timedelta(seconds=sending))


def test_parts_of_a_large_object_get_through_a_slow_way_at_the_first_try(
    way, bucket, monkeypatch
):
    """All at once would share the way for longer than each may take.

    None is answered within the time after which other requests are given up.
    """
    parts, beside = [], Beside(lambda _, path: "partNumber" in path, enough=PARTS)

    def fault(method, path):
        parts.extend([path] if "partNumber" in path else [])
        beside.slow(method, path)

    way(fault)
    large = bytes(12 * 5 * 2**20)
    place = Bucket(bucket)
    with monkeypatch.context() as patches:
        given_up(patches, after=0.05, sending=60)
        place.put("large", large)
    assert len(parts) == 12
    assert beside.most == PARTS
    assert place.listed()["large"]["size"] == len(large)


def test_an_answer_that_does_not_come_is_asked_for_again(way, bucket, monkeypatch):
    given_up(monkeypatch, after=1.0, sending=60)
    Bucket(bucket).put("small", b"content")
    asked = itertools.count(1)
    end = threading.Event()

    def fault(method, path):
        if next(asked) == 1:
            end.wait(SOON)

    way(fault)
    try:
        assert Bucket(bucket).get("small") == b"content"
    finally:
        end.set()
    assert next(asked) == 3


def test_a_server_that_never_answers_ends_a_put_with_an_error(way, bucket, monkeypatch):
    given_up(monkeypatch, after=60, sending=0.1)
    end = threading.Event()

    def fault(method, path):
        end.wait(SOON)

    way(fault)
    try:
        with pytest.raises(OSError, match="after 10 retries"):
            Bucket(bucket).put("small", b"content")
    finally:
        end.set()
