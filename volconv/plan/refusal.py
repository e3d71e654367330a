"""A plan that does not fit the memory is refused, with what to change.

One that fits and decodes its input again and again for want of memory is told of more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from volconv.errors import MemoryPlanError
from volconv.plan.output import OutputSpec
from volconv.text import bytes_text, processes_text, results_text, tasks_text

if TYPE_CHECKING:
    from volconv.plan.plan import Plan
    from volconv.plan.stage import Room

__all__ = ["check_memory", "with_more"]

HALVINGS = 4
"""Smaller outputs' units that are tried: arbitrary, each is a plan anew."""

OFTEN = 3
"""Times that what is read is decoded from which on more memory is looked for: arbitrary."""

SHARES = (1.25, 1.5, 2)
"""Shares of the memory that are tried then: arbitrary, each is a plan anew."""

Planned = Callable[[OutputSpec, "Room"], "Plan"]
"""The plan for another output, or in another room."""


def with_more(plan: Plan, planned: Planned) -> Plan | None:
    """The plan in more memory that decodes half as much, or less.

    None where this one decodes little more than once, or where no more helps.
    """
    if plan.read_amplification < OFTEN:
        return None
    for share in SHARES:
        limit = math.ceil(share * plan.room.limit / 2**20) * 2**20
        more = planned(plan.output, replace(plan.room, limit=limit))
        if 2 * more.bytes_read <= plan.bytes_read:
            return more
    return None


def check_memory(plan: Plan, planned: Planned) -> None:
    """Refuse a plan whose tasks do not fit the limit.

    Parameters
    ----------
    plan : Plan
        The plan.
    planned : callable
        The plan for another output, or in another room.

    Raises
    ------
    MemoryPlanError
        With the parts, the limit, and which number to change.
    """
    if plan.largest.fits:
        return
    room, stage = plan.room, plan.largest
    parts = ", ".join(
        f"{part.name} {bytes_text(part.nbytes)}" for part in stage.memory.own
    )
    results = ""
    if stage.results:
        results = f", {results_text(stage.results, stage.shared_bytes)}"
    if stage.bytes_compiling:
        results += f", {bytes_text(stage.bytes_compiling)} more in one that compiles,"
    raise MemoryPlanError(
        "the plan",
        f"{bytes_text(plan.peak_bytes)} for {tasks_text(plan.tasks_at_once)} at once of "
        f"{bytes_text(stage.task_bytes)} each ({parts}){results} and "
        f"{processes_text(room.processes, room.process)}",
        f"at most {bytes_text(room.limit)}",
        ", or ".join(mends(plan, planned)),
    )


def mends(plan: Plan, planned: Planned) -> Iterator[str]:
    """What would make it fit, each by itself."""
    room = plan.room
    yield memory_mend(plan, planned)
    output = plan.output
    for _ in range(HALVINGS):
        before, output = output, halved(output)
        if output.unit == before.unit:
            return
        if planned(output, room).largest.fits:
            key = "output.shards" if output.shards else "output.chunks"
            sides = zip(plan.target.dims, output.unit, before.unit, strict=True)
            cells = {dim: cells for dim, cells, larger in sides if larger > 1}
            yield f"smaller {key}, such as {cells}"
            return


def memory_mend(plan: Plan, planned: Planned) -> str:
    """How much memory it takes: the least, where little more than that saves little."""
    mebibytes = math.ceil(plan.peak_bytes / 2**20)
    least = planned(plan.output, replace(plan.room, limit=mebibytes * 2**20))
    more = with_more(least, planned)
    if more is None:
        return memory_given(plan.room, mebibytes)
    times, fewer = (one.read_amplification for one in (least, more))
    return (
        f"{memory_given(plan.room, more.room.limit // 2**20)} (or {mebibytes}MiB at "
        f"least, which reads the input {times:.1f} times and not {fewer:.1f})"
    )


def memory_given(room: Room, mebibytes: int) -> str:
    """How a user gives so much memory."""
    text = f"{mebibytes}MiB"
    return f"--memory {text}" if room.is_command else f"memory={text!r}"


def halved(output: OutputSpec) -> OutputSpec:
    """The same in units of half the cells along each axis: shards of whole chunks."""
    if output.shards is None:
        return replace(output, chunks=tuple(-(-cells // 2) for cells in output.chunks))
    shards = tuple(
        math.ceil(cells / 2 / chunk) * chunk
        for cells, chunk in zip(output.shards, output.chunks, strict=True)
    )
    return replace(output, shards=shards)
