"""Stages with fewer tasks at once than there are threads: no more run, anywhere."""

import contextlib
import time
from dataclasses import replace

import pytest

from tests.run.conftest import CONFIG, prepared
from tests.run.runs import tree
from tests.run.test_tiles import ready
from tests.waiting import Meeting
from volconv.plan.sweep import Tiling
from volconv.run.runner import run_plan
from volconv.run.task import Worker

THREADS = 4


@pytest.fixture
def at_once(monkeypatch):
    """How many tasks compute at once, at most."""
    seen = Meeting()
    compute = Worker.read_and_compute

    def counted(self, *given):
        with seen:
            time.sleep(0.01)
            return compute(self, *given)

    monkeypatch.setattr(Worker, "read_and_compute", counted)
    return seen


@contextlib.contextmanager
def place(name):
    """Threads of this process, or a cluster whose only worker has them."""
    if name == "threads":
        yield name
        return
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1,
        threads_per_worker=THREADS,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=":0",
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.parametrize("tiling", [Tiling(), Tiling((1, 2, 5))])
@pytest.mark.parametrize("name", ["threads", "cluster"])
@pytest.mark.parametrize("tasks", [1, 2, THREADS])
def test_no_more_tasks_compute_at_once_than_the_stage_says(
    folder, monkeypatch, at_once, tiling, name, tasks
):
    whole = prepared(folder, CONFIG, workers=1)
    run_plan(whole.plan, whole.source, whole.labels)
    expected = tree(folder / "out.zarr")
    found = ready(folder, monkeypatch, tiling, workers=THREADS)
    stages = tuple(
        replace(stage, room=replace(stage.room, workers=tasks))
        for stage in found.plan.stages
    )
    at_once.most, at_once.enough = 0, tasks
    with place(name) as on:
        plan = replace(found.plan, stages=stages)
        run_plan(plan, found.source, found.labels, on=on, restart=True)
    assert at_once.most == tasks
    assert tree(folder / "out.zarr") == expected
