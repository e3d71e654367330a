"""What this machine, or the container on it, has of cores and of memory.

Dask tells both, but to import it takes as long as to import all else that a run needs.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from volconv.compute import compiler_can_leave
from volconv.plan.stage import PLAIN_PROCESS, PROCESS_MEMORY

__all__ = ["cores", "libraries", "memory"]

CGROUPS = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use."""

LIMITS = (
    "memory/memory.limit_in_bytes",
    "memory/memory.soft_limit_in_bytes",
    "memory.max",
    "memory.high",
    "memory.low",
)
"""Files with a limit of memory, of both versions of control groups."""

QUOTAS = ("cpuacct,cpu", "cpu,cpuacct")
"""Folders of the first version with a quota of processor time."""

RESIDENT_COMPILER = 63 * 2**20
"""Bytes of the compiler where it stays in memory, measured 2026-11 on Linux (RssFile)."""


def cores() -> int:
    """Cores that this process may use: of the machine, and of its container's quota."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = os.cpu_count() or 1 if allowed is None else len(allowed(0))
    quota = core_quota(CGROUPS, own_group())
    return min(count, math.ceil(quota)) if quota > 0 else count


def memory() -> int:
    """Bytes of memory: the machine's, or fewer where its container or a limit says so."""
    if sys.platform == "win32":
        from distributed.system import MEMORY_LIMIT

        return int(MEMORY_LIMIT)
    import resource

    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [number_in(CGROUPS / name) for name in LIMITS]
    limits.append(resource.getrlimit(resource.RLIMIT_RSS)[1])
    return min([total, *(int(limit) for limit in limits if limit > 0)])


def libraries() -> int:
    """Bytes of this process itself, which has opened its input."""
    nbytes = PROCESS_MEMORY if "xarray" in sys.modules else PLAIN_PROCESS
    return nbytes + (0 if compiler_can_leave() else RESIDENT_COMPILER)


def own_group() -> str:
    """The control group of this process; empty where there are none."""
    try:
        text = Path("/proc/self/cgroup").read_text()
    except OSError:
        return ""
    return text.strip().rpartition(":")[2].strip("/")


def core_quota(groups: Path, own: str) -> float:
    """Cores' worth of time that a control group may use; not above 0 for no quota.

    Parameters
    ----------
    groups : Path
        Where the groups are.
    own : str
        Path of the group below.
    """
    for folder in QUOTAS:
        quota = number_in(groups / folder / "cpu.cfs_quota_us")
        period = number_in(groups / folder / "cpu.cfs_period_us")
        if period > 0:
            return quota / period
    file = groups / own / "cpu.max"
    quota, period = number_in(file), number_in(file, 1)
    return quota / period if period > 0 else 0


def number_in(file: Path, index: int = 0) -> float:
    """A whole number among the words of a file; 0 where there is none."""
    try:
        return int(file.read_text().split()[index])
    except (OSError, ValueError, IndexError):
        return 0
