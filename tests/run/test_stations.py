"""Tasks on a Dask worker: how many, what they tell, and what they may still write."""

import json
import pickle
import subprocess
import sys
import threading
from contextlib import contextmanager
from queue import Queue
from types import SimpleNamespace

import pytest
import zarr
from distributed import LocalCluster

from tests.run.conftest import CONFIG, prepared
from tests.run.runs import run, tree
from tests.waiting import Meeting
from volconv.errors import GeometryError, InputError, OutputError, RunError
from volconv.plan.memory import AT_ONCE
from volconv.run.allocator import is_glibc
from volconv.run.folder import FolderTarget
from volconv.run.runner import begin
from volconv.run.stages import stage_runs
from volconv.run.stations import Failed, Station, stations
from volconv.run.target import oneself
from volconv.run.task import Worker
from volconv.run.turns import Turns

ANOTHER = CONFIG.replace("x: 1.2", "x: 1.3")


@pytest.fixture
def cluster():
    """A scheduler and a worker of four threads, in this process."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=4,
        processes=False,
        protocol="tcp",  # what it is told is pickled
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as found:
        yield found.scheduler_address


def work_of(ready, folder):
    """What workers of a cluster are given, after the output is begun."""
    plan = ready.plan
    target = FolderTarget(folder / "out.zarr")
    target.partial.mkdir(exist_ok=True)
    target.owner_file.write_text(json.dumps(oneself()))
    targets = {plan.pipeline.last: target}
    begin(targets, plan, ready.labels)
    (stage,) = stage_runs(plan, ready.source, targets)
    return pickle.loads(pickle.dumps(stage.work("tcp://elsewhere:1")))


@contextmanager
def served(work, threads):
    """A worker with so many threads that has the work."""
    worker = SimpleNamespace(state=SimpleNamespace(nthreads=threads))
    Station("token", work, Turns.all(work.stage.grid.total)).setup(worker)
    one = stations(worker)["token"]
    yield one
    one.close()


FREED = """
from types import SimpleNamespace

import numpy as np
import psutil

from volconv.run.allocator import keep_memory
from volconv.run.stations import Served

keep_memory()
worker = SimpleNamespace(abandon=lambda: None)
pieces = [np.ones(2**20, "u1") for _ in range(64)]
above = np.ones(2**20, "u1")
del pieces
process = psutil.Process()
before = process.memory_info().rss
served = Served.__new__(Served)
served.worker, served.pool = worker, SimpleNamespace(shutdown=lambda **_: None)
served.close()
print(before - process.memory_info().rss)
"""


@pytest.mark.skipif(not is_glibc(), reason="other libraries keep what they like")
def test_a_worker_gives_back_what_a_stage_left_free():
    """The next one needs other pieces, and its plan knows of no others."""
    command = [sys.executable, "-c", FREED]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(said) > 50 * 2**20


def test_a_worker_with_more_threads_computes_no_more_than_is_planned(
    folder, monkeypatch
):
    work = work_of(prepared(folder, workers=2), folder)
    at_once = Meeting(2)
    compute = Worker.read_and_compute

    def noted(self, *words):
        with at_once:
            threading.Event().wait(0.02)
            return compute(self, *words)

    monkeypatch.setattr(Worker, "read_and_compute", noted)
    with served(work, threads=8) as one:
        crew = [threading.Thread(target=one.run, args=(turn,)) for turn in range(8)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
    assert at_once.most == 2


def test_a_worker_reads_no_more_at_once_than_is_planned(folder):
    work = work_of(prepared(folder), folder)
    with zarr.config.set({"async.concurrency": 10}), served(work, threads=1):
        assert zarr.config.get("async.concurrency") == AT_ONCE


# a run that no longer has the output


@pytest.mark.parametrize("is_complete", [False, True])
def test_a_task_of_a_run_that_is_gone_writes_into_no_other_output(folder, is_complete):
    late = Worker(work_of(prepared(folder), folder), threads=1)
    late.run(0)
    if is_complete:
        run(folder, ANOTHER, restart=True)
    else:
        FolderTarget(folder / "out.zarr").erase()
        work_of(prepared(folder, ANOTHER), folder)
    before = tree(folder)
    with pytest.raises(
        OutputError, match=r"not the group that this run began.*workers"
    ):
        late.run(1)
    late.close()
    assert tree(folder) == before
    assert (folder / "out.zarr.partial").exists() is not is_complete


def test_what_is_begun_again_by_the_same_plan_is_gone_on_with(folder):
    late = Worker(work_of(prepared(folder), folder), threads=1)
    FolderTarget(folder / "out.zarr").erase()
    Worker(work_of(prepared(folder), folder), threads=1)
    record = late.run(1)
    late.close()
    place = FolderTarget(folder / "out.zarr").place
    for _, key, nbytes, crc, _ in record.objects:
        assert place.record(f"density/{key}") == (nbytes, crc)


def test_a_folder_that_is_erased_while_a_task_writes_gets_nothing(folder):
    target = FolderTarget(folder / "out.zarr")
    work_of(prepared(folder), folder)
    place = target.place
    asked = []

    def check():
        asked.append(place.holds("density/c/0/0/1"))
        if len(asked) == 2:  # the file is written, and gets its name next
            target.erase()
            work_of(prepared(folder, ANOTHER), folder)

    with pytest.raises(FileNotFoundError):
        place.put("density/c/0/0/1", b"late", check)
    assert asked == [False, False]
    assert not (target.store / "density/c").exists()


def test_tasks_of_an_interrupted_run_leave_the_next_one_alone(
    folder, cluster, monkeypatch
):
    run(folder, ANOTHER)
    whole = tree(folder / "out.zarr")
    compute, run_whole = Worker.read_and_compute, Worker.run_whole
    at_it, go_on = threading.Event(), threading.Event()
    ended: Queue[str] = Queue()

    def slow(self, *words):
        found = compute(self, *words)
        at_it.set()
        go_on.wait(30)
        return found

    def noted(self, turn):
        try:
            return run_whole(self, turn)
        except Exception as error:
            ended.put(str(error))
            raise

    def stop(_):
        assert at_it.wait(30)
        raise KeyboardInterrupt

    with monkeypatch.context() as patches:
        patches.setattr(Worker, "read_and_compute", slow)
        patches.setattr(Worker, "run_whole", noted)
        patches.setattr("volconv.run.stations.next_ended", stop)
        with pytest.raises(KeyboardInterrupt):
            run(folder, on=cluster, restart=True)
    run(folder, ANOTHER, on=cluster, restart=True)
    assert ended.empty()
    go_on.set()
    assert "not the group that this run began" in ended.get(timeout=30)
    assert tree(folder / "out.zarr") == whole
    assert not (folder / "out.zarr.partial").exists()


# what a task raises


class StrangeError(Exception):
    """One that cannot be taken out of a pickle."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")

    def __reduce__(self):
        return StrangeError, self.args


def strange_cause():
    raise InputError("the input", "nothing", "a store") from StrangeError(1, 2)


def deep(depth):
    if not depth:
        raise ValueError("deep")
    deep(depth - 1)


def endless(depth=0):
    endless(depth + 1)


def raising(error):
    raise error


@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [
        (strange_cause, InputError, "the input: got nothing"),
        (lambda: raising(GeometryError("a", "b", "c")), GeometryError, "a: got b"),
        (lambda: raising(StrangeError(1, 2)), RunError, "StrangeError: 1 2"),
        (lambda: deep(800), RunError, "ValueError: deep"),
        (endless, RunError, "RecursionError: "),
        (lambda: raising(SystemExit(3)), RunError, "SystemExit: 3"),
        (lambda: raising(KeyboardInterrupt()), RunError, "KeyboardInterrupt"),
    ],
    ids=["cause", "own", "strange", "deep", "endless", "exit", "interrupt"],
)
def test_whatever_a_task_raises_ends_the_run_as_what_it_is(
    folder, cluster, monkeypatch, act, kind, said
):
    monkeypatch.setattr(Worker, "read_and_compute", lambda *_, **__: act())
    with pytest.raises(kind, match=r"block \d+ \(cells .*" + said):
        run(folder, on=cluster)


def test_an_error_whose_kind_is_not_known_here_comes_as_its_words():
    there = Failed.of(ValueError("far"))
    assert isinstance(there.error, ValueError)
    elsewhere = Failed(there.pickled.replace(b"ValueError", b"LocalError"), there.words)
    assert repr(elsewhere.error) == "RuntimeError('ValueError: far')"
