"""Workers that die, come late, or are not there yet: the same bytes in the end."""

import contextlib
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import dask
import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.run.conftest import CONFIG, prepared
from tests.run.runs import journalled, run, tree
from volconv.cli.exits import exit_code
from volconv.errors import ClusterError, RunError
from volconv.run.folder import FolderTarget
from volconv.run.roster import (
    IN_FLIGHT,
    LONGEST,
    LOOK,
    PATIENCE,
    Absence,
    Roster,
)
from volconv.run.turns import Turns

TEXT = CONFIG.replace("{z: 3, y: 4, x: 5}", "{z: 1, y: 1, x: 5}")
LIMITS = {"workers": 8}  # as many blocks as two machines are to share


class Cluster:
    """`dask scheduler` and workers as processes of their own."""

    def __init__(self, folder, stack):
        self.file = folder / "scheduler.json"
        self.folder = folder
        self.stack = stack
        self.log = stack.enter_context((folder / "log").open("w"))
        self.scheduler = self.start("scheduler", "--port", "0")
        until = time.monotonic() + 60
        while not self.file.exists() or not self.file.read_text():
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.05)
        self.address = json.loads(self.file.read_text())["address"]

    def start(self, *words):
        command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1"]
        command += ["--no-dashboard", "--scheduler-file", str(self.file)]
        process = subprocess.Popen(
            command, stderr=self.log, stdout=self.log, cwd=self.folder
        )
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def worker(self):
        return self.start("worker", "--nthreads", "1", "--no-nanny")

    def restarts(self):
        """Kill the scheduler; another one begins there at once."""
        command = [sys.executable, "-c", ANOTHER, self.address.rpartition(":")[2]]
        another = subprocess.Popen(command, stderr=self.log, stdout=subprocess.PIPE)
        self.stack.enter_context(another)
        self.stack.callback(another.kill)
        assert another.stdout is not None
        another.stdout.readline()  # it has begun to wait for the port
        self.scheduler.kill()
        self.scheduler.wait()
        another.stdout.readline()

    def has_workers(self, count):
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)


ANOTHER = """
import asyncio, contextlib, socket, sys, time
from distributed import Scheduler

where = "127.0.0.1", int(sys.argv[1])
print("waiting", flush=True)
with contextlib.suppress(OSError):
    while True:
        socket.create_connection(where).close()
        time.sleep(0.02)

async def main():
    options = {"host": where[0], "port": where[1], "dashboard_address": "127.0.0.1:0"}
    async with Scheduler(**options) as scheduler:
        print("running", flush=True)
        await scheduler.finished()

asyncio.run(main())
"""


@pytest.fixture
def cluster(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield Cluster(tmp_path_factory.mktemp("cluster"), stack)


def test_a_run_outlives_its_workers(folder, cluster):
    """None at first; then one; a second one joins, and the first is killed."""
    run(folder, TEXT, limits=LIMITS)
    whole = tree(folder / "out.zarr")
    total = prepared(folder, TEXT, **LIMITS).plan.blocks
    assert total > 30
    target = FolderTarget(folder / "out.zarr")
    workers = []
    late = threading.Timer(0.5, lambda: workers.append(cluster.worker()))
    late.start()
    turns: list[int] = []

    def progress(done, _):
        if done == 4:
            workers.append(cluster.worker())
            cluster.has_workers(2)
            time.sleep(LOOK)
        if done == 8:
            workers[0].kill()
            workers[0].wait()
        if done == total:
            turns.extend(block for block, _ in journalled(target))

    outcome = run(
        folder, TEXT, limits=LIMITS, on=cluster.address, restart=True, progress=progress
    )
    late.join()
    assert outcome.computed == total
    assert sorted(turns) == list(range(total))
    assert tree(folder / "out.zarr") == whole


def all_killed(workers):
    for worker in workers:
        worker.kill()
        worker.wait()


def test_a_run_whose_workers_all_die_says_so_and_goes_on_with_others(
    folder, cluster, monkeypatch, caplog
):
    monkeypatch.setattr("volconv.run.roster.PATIENCE", 0.2)
    run(folder, TEXT, limits=LIMITS)
    whole = tree(folder / "out.zarr")
    workers = [cluster.worker(), cluster.worker()]
    cluster.has_workers(2)
    told = threading.Event()
    monkeypatch.setattr("volconv.run.roster.log.warning", lambda *_: told.set())

    def progress(done, _):
        if done == 4:
            all_killed(workers)
            threading.Thread(target=lambda: told.wait(60) and cluster.worker()).start()

    outcome = run(
        folder, TEXT, limits=LIMITS, on=cluster.address, restart=True, progress=progress
    )
    assert told.is_set()
    assert outcome.computed == prepared(folder, TEXT, **LIMITS).plan.blocks
    assert tree(folder / "out.zarr") == whole


def test_a_run_whose_workers_stay_away_ends_with_its_code_and_is_gone_on_with(
    folder, cluster, monkeypatch
):
    monkeypatch.setattr("volconv.run.roster.LONGEST", 1.0)
    workers = [cluster.worker(), cluster.worker()]
    cluster.has_workers(2)
    target = FolderTarget(folder / "out.zarr")
    done_before: list[int] = []

    def progress(done, _):
        if done == 4:
            all_killed(workers)
            done_before.extend(block for block, _ in journalled(target))

    with pytest.raises(
        ClusterError, match=r"had no workers for .*run again"
    ) as failure:
        run(folder, TEXT, limits=LIMITS, on=cluster.address, progress=progress)
    assert exit_code(failure.value) == 7
    outcome = run(folder, TEXT, limits=LIMITS)
    assert outcome.kept >= len(done_before) > 0
    resumed = tree(folder / "out.zarr")
    run(folder, TEXT, limits=LIMITS, restart=True)
    assert tree(folder / "out.zarr") == resumed


@pytest.mark.parametrize("is_back", [False, True])
def test_a_scheduler_that_dies_is_told_and_what_is_done_is_kept(
    folder, cluster, monkeypatch, is_back
):
    log: list[logging.LogRecord] = []
    monkeypatch.setattr(logging.getLogger("distributed.client"), "handle", log.append)
    cluster.worker()
    target = FolderTarget(folder / "out.zarr")
    done_before: list[int] = []

    def progress(done, _):
        if done == 4:
            done_before.extend(block for block, _ in journalled(target))
            if is_back:
                cluster.restarts()
                return
            cluster.scheduler.kill()
            cluster.scheduler.wait()

    with pytest.raises(ClusterError, match=r"no more answer.*run again: what is done"):
        run(folder, TEXT, limits=LIMITS, on=cluster.address, progress=progress)
    assert not log
    outcome = run(folder, TEXT, limits=LIMITS)
    assert outcome.kept >= len(done_before) > 0
    resumed = tree(folder / "out.zarr")
    run(folder, TEXT, limits=LIMITS, restart=True)
    assert tree(folder / "out.zarr") == resumed


def test_a_worker_that_dies_when_it_is_given_the_work_ends_no_run(folder, cluster):
    workers = [cluster.worker(), cluster.worker()]
    cluster.has_workers(2)
    deaths: list[threading.Timer] = []

    def progress(done, _):
        if done or deaths:
            return
        workers[0].send_signal(signal.SIGSTOP)
        deaths.append(threading.Timer(1, workers[0].kill))
        deaths[0].start()

    outcome = run(folder, TEXT, limits=LIMITS, on=cluster.address, progress=progress)
    assert workers[0].wait() == -signal.SIGKILL
    assert outcome.computed == prepared(folder, TEXT, **LIMITS).plan.blocks


def test_workers_without_a_package_of_this_process_are_told_of_and_left_as_they_were(
    folder, cluster, monkeypatch
):
    (folder / "only_here.py").write_text(
        "from volconv.run import stations\nclass Station(stations.Station): pass\n"
    )
    with monkeypatch.context() as patch:
        patch.syspath_prepend(folder)
        station = importlib.import_module("only_here").Station
        patch.setattr("volconv.run.stations.Station", station)
        cluster.worker()
        cluster.has_workers(1)
        with pytest.raises(
            ClusterError, match=r"^on: got work that .*No module named 'only_here'"
        ) as failure:
            run(folder, TEXT, limits=LIMITS, on=cluster.address)
    assert exit_code(failure.value) == 7
    cluster.worker()
    cluster.has_workers(2)
    assert run(folder, TEXT, limits=LIMITS, on=cluster.address).computed


def deadly(token, turn):
    """A task that its worker dies of."""
    del token, turn
    os._exit(1)


def test_a_task_that_every_worker_dies_of_ends_the_run(folder, monkeypatch):
    """Which begins the process anew however soon Dask would give it up."""
    monkeypatch.setattr("volconv.run.stations.run_turn", deadly)
    monkeypatch.setattr("volconv.run.roster.LOSSES", 0)
    monkeypatch.setattr("volconv.run.roster.LONGEST", 60.0)
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}),
        pytest.raises(RunError, match=r"^block \d+ .*workers: got 1 that ended while"),
    ):
        run(folder, TEXT, limits={"workers": 1}, on="processes")


def worker_processes():
    """Processes that this one has started to compute in, not those that watch them."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def test_a_run_on_processes_outlives_one_that_is_killed(folder):
    """What was done before is not done again; what was in flight is, and once."""
    limits = {"workers": 2}
    run(folder, TEXT, limits=limits)
    whole = tree(folder / "out.zarr")
    plan = prepared(folder, TEXT, **limits).plan
    total = plan.blocks
    assert total >= 8
    target = FolderTarget(folder / "out.zarr")
    written: dict[str, int] = {}
    killed = []
    turns: list[int] = []

    def time_of(group, key):
        return (group / plan.output.variable / key).stat().st_mtime_ns

    def progress(done, _):
        if done == 3:
            before = journalled(target)
            assert len(before) == 3
            # the word that the last one is taken may still be on its way
            keys = [key for _, keys in before[:-1] for key in keys]
            written.update({key: time_of(target.store, key) for key in keys})
            killed.append(worker_processes()[0])
            killed[0].kill()
            killed[0].wait(10)
        if done == total:
            turns.extend(block for block, _ in journalled(target))

    outcome = run(
        folder, TEXT, limits=limits, on="processes", restart=True, progress=progress
    )
    assert killed
    assert outcome.computed == total
    assert sorted(turns) == list(range(total))
    assert written == {key: time_of(target.path, key) for key in written}
    assert tree(folder / "out.zarr") == whole


INTERRUPTED = """
import os, signal, threading
from volconv.__main__ import main
from volconv.cli import run

class Interrupted(run.LineProgress):
    def __call__(self, done, total):
        super().__call__(done, total)
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

if __name__ == "__main__":
    run.LineProgress = Interrupted
    main()
"""


def test_ctrl_c_while_processes_start_is_no_fault(folder):
    words = ["run", "config.yaml", "--on", "processes", "--threads", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        first, stopping, interrupted = process.stderr.read().splitlines()
    assert first.startswith("blocks   0 of")
    assert stopping.startswith("stopping: waits for what is computed and sent")
    assert interrupted.startswith("interrupted: finished blocks are kept")
    assert process.returncode == 130


class Workers:
    """A client's view of which workers there are."""

    def __init__(self, **threads):
        self.threads = threads

    def nthreads(self):
        return dict(self.threads)


def looked(roster, workers):
    roster.looked = -1e9
    roster.look(workers)


def test_each_worker_begins_with_a_run_of_neighbours_as_long_as_it_has_threads():
    roster = Roster(Turns.all(40))
    roster.look(Workers(a=1, b=3))
    assert list(roster.runs["a"]) == list(range(10))
    assert list(roster.runs["b"]) == list(range(10, 40))
    first = Counter(address for address, _ in roster.assignments())
    assert first == {"a": IN_FLIGHT, "b": 3 * IN_FLIGHT}
    assert list(roster.assignments()) == []
    roster.finished("a")
    assert list(roster.assignments()) == [("a", IN_FLIGHT)]


def test_a_worker_is_given_no_more_than_it_may_compute_at_once():
    roster = Roster(Turns.all(40), most=2)
    roster.look(Workers(a=2, b=64))
    assert list(roster.runs["a"]) == list(range(20))
    given = Counter(address for address, _ in roster.assignments())
    assert given == {"a": 2 * IN_FLIGHT, "b": 2 * IN_FLIGHT}


def test_without_workers_nothing_is_given_and_nothing_is_lost():
    roster = Roster(Turns.all(5))
    roster.look(Workers())
    assert list(roster.assignments()) == []
    assert roster.left == 5
    roster.look(Workers(a=1))
    assert [turn for _, turn in roster.assignments()] == [0, 1, 2]


@pytest.fixture
def clock(monkeypatch):
    """Seconds that go by when they are told to."""
    now = [0.0]
    monkeypatch.setattr("volconv.run.roster.time.monotonic", lambda: now[0])
    return now


def test_a_run_that_waits_for_workers_says_so_once_each_time(clock, caplog):
    absence = Absence()
    for clock[0] in (0.0, PATIENCE, PATIENCE + 1, PATIENCE + 2):
        absence.note(are_some=False)
    (first,) = caplog.messages
    assert first.startswith("the cluster has no workers: waiting for some, 30 minutes")
    for clock[0] in (20.0, 30.0):
        absence.note(are_some=True)
    assert caplog.messages[1:] == ["the cluster has workers: going on"]
    for clock[0] in (31.0, 30.0 + PATIENCE, 31.0 + PATIENCE):
        absence.note(are_some=False)
    assert caplog.messages[2:] == [first]


def test_a_short_absence_is_not_told_and_a_long_one_ends_the_run(clock, caplog):
    roster = Roster(Turns.all(5))
    for clock[0] in (PATIENCE, 100.0, 100.0 + LONGEST):
        roster.look(Workers())
        looked(roster, Workers(a=1))
    assert "workers: going on" not in caplog.messages[-1:]
    clock[0] += LONGEST
    roster.look(Workers(a=1))
    looked(roster, Workers())
    clock[0] += LONGEST
    roster.look(Workers())
    clock[0] += 1
    with pytest.raises(ClusterError, match=r"no workers for 30 minutes.*run again"):
        roster.look(Workers())


def test_a_worker_that_comes_late_takes_the_far_half_of_the_longest_run():
    roster = Roster(Turns.all(40))
    roster.look(Workers(a=1))
    list(roster.assignments())
    looked(roster, Workers(a=1, b=1))
    given = list(roster.assignments())
    assert given == [("b", 22), ("b", 23), ("b", 24)]
    assert roster.left == 40 - 2 * IN_FLIGHT


def test_the_run_of_a_worker_that_is_gone_is_done_by_another():
    roster = Roster(Turns.all(20))
    roster.look(Workers(a=1, b=1))
    done = [turn for _, turn in roster.assignments()]
    looked(roster, Workers(b=1))
    roster.finished("a")  # its block came back after all
    while roster.left:
        roster.finished("b")
        done += [turn for _, turn in roster.assignments()]
    assert sorted(done) == list(range(20))


def test_turns_that_are_given_back_are_done_by_whoever_comes():
    roster = Roster(Turns.all(8))
    roster.look(Workers(a=1))
    given = [turn for _, turn in roster.assignments()]
    looked(roster, Workers())
    for turn in given:
        roster.give_back(turn)
    assert roster.left == 8
    looked(roster, Workers(b=4))
    assert sorted(roster.assignments()) == [("b", turn) for turn in range(8)]


@given(arrays(bool, st.integers(0, 60)), st.data())
def test_whatever_workers_do_each_turn_is_given_once(are_left, data):
    roster = Roster(Turns(are_left))
    wanted = np.flatnonzero(are_left).tolist()
    given: list[int] = []
    flying: Counter[str] = Counter()
    for _ in range(data.draw(st.integers(0, 30))):
        names = data.draw(st.sets(st.sampled_from("abcd")))
        looked(
            roster, Workers(**{name: data.draw(st.integers(1, 3)) for name in names})
        )
        for address, turn in roster.assignments():
            assert address in names
            given.append(turn)
            flying[address] += 1
        for address in list(flying):
            if flying[address] and data.draw(st.booleans()):
                flying[address] -= 1
                roster.finished(address)
    assert len(given) + roster.left == len(wanted)
    looked(roster, Workers(z=1))
    while roster.left:
        given += [turn for _, turn in roster.assignments()]
        roster.finished("z")
    assert sorted(given) == wanted
