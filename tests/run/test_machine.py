"""Cores and memory of this machine are what Dask says; a container's quota counts."""

import subprocess
import sys

import pytest
from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT

from volconv.run.machine import core_quota, cores, memory


def test_the_machine_has_what_dask_says():
    assert (cores(), memory()) == (CPU_COUNT, MEMORY_LIMIT)


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, 0),
        ({"a/b/cpu.max": "400000 100000\n", "cpu.max": "100000 100000\n"}, 4),
        (
            {
                "cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
                "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (
            {
                "cpuacct,cpu/cpu.cfs_quota_us": "-1\n",
                "cpuacct,cpu/cpu.cfs_period_us": "100000\n",
            },
            -1e-5,
        ),
        ({}, 0),
    ],
)
def test_a_quota_is_read_in_both_versions_of_control_groups(tmp_path, files, quota):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    own = "a/b" if any(name.startswith("a/") for name in files) else ""
    assert core_quota(tmp_path, own) == quota


def test_a_plan_needs_no_dask():
    code = (
        "import sys; from volconv.run.limits import Limits; Limits(); "
        "sys.exit(any(name in sys.modules for name in ('dask', 'distributed')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
