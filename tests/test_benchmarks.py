"""The benchmarks run, and what they compare agrees: on tiny volumes, without timing."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import overhead, volumes
from benchmarks.contestants import APART, OWN, differ, entries, own_command
from benchmarks.jobs import JOBS
from benchmarks.stores import ALIKE, compete

ROOT = Path(__file__).parent.parent


def test_contestants_agree():
    options = ["--benchmark-disable", "--tiny", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", "benchmarks", *options]
    # the larger kernels and fresh processes take long, and show nothing else
    command += ["-k", "not 31 and not 15 and not fresh"]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with a volume of few cells."""
    monkeypatch.setattr(volumes, "CHUNK", 16)
    volumes.make_volume(tmp_path / "volume.zarr", (32, 48, 16))
    return tmp_path


@pytest.mark.parametrize("job", JOBS)
def test_contestants_from_store_to_store_agree(small, job):
    for name in entries(job):
        if name in OWN:
            command = own_command(name, job, small, "1GiB")
            subprocess.run(command, check=True, capture_output=True)
        else:
            compete(name, job, small)
        assert volumes.written(small / f"{job}-{name}.zarr").shape
    found = differ(job, small)
    assert set(found) == {*entries(job)[1:]} - {*APART}
    assert all(share <= ALIKE for share in found.values()), found


def test_overhead_is_of_blocks_of_one_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(volumes, "CHUNK", overhead.SIDE)
    taken = overhead.measured(tmp_path, 27)
    blocks = {name: one.blocks for name, one in taken.items()}
    assert blocks.pop("abs, as planned") <= 27
    assert blocks.pop("k3, as planned") <= 27
    assert set(blocks.values()) == {27}
    overhead.report(taken)


@pytest.mark.parametrize("step", overhead.OWN_STEPS)
def test_own_cost_is_of_blocks_of_one_chunk(tmp_path, monkeypatch, step):
    monkeypatch.setattr(volumes, "CHUNK", overhead.SIDE)
    taken, _ = overhead.own(tmp_path, 27, overhead.OWN_STEPS[step])
    assert taken.blocks == 27
