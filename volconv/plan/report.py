"""The plan as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from volconv.boundary import closes
from volconv.coordinates import Coords, plain_value
from volconv.geometry import Mix, Part, Repeat, Spreading
from volconv.plan.plan import Plan
from volconv.plan.stage import Stage
from volconv.steps import Node, Step
from volconv.steps.optional import lengths_of
from volconv.text import bytes_text, processes_text, results_text, tasks_text

__all__ = ["plan_json", "plan_text"]


def plan_json(plan: Plan, coords: Coords) -> dict[str, Any]:
    """The plan as JSON: all that `plan_text` says, in bytes and lists.

    Parameters
    ----------
    plan : Plan
        The plan.
    coords : Dataset
        The output's coordinates.
    """
    return {
        "input": {
            "sizes": plan.source.own.sizes,
            "dtype": plan.source.dtype,
            "chunks": list(plan.source.own.chunks or ()),
        },
        "steps": [step_json(node) for node in plan.pipeline.nodes],
        "output": {
            "path": plan.output.path,
            **plan.output.describe(),
            "sizes": plan.target.own.sizes,
            "coordinates": {
                dim: dict(zip(("first", "last"), pair, strict=True))
                for dim, pair in ends(plan, coords).items()
            },
        },
        "stages": [stage_json(plan, stage) for stage in plan.stages],
        "bytes": {
            "read": plan.bytes_read,
            "written": plan.bytes_written,
            "read_amplification": round(plan.read_amplification, 4),
        },
        "memory": {
            "task": plan.task_bytes,
            "tasks_at_once": plan.tasks_at_once,
            "process": plan.room.process,
            "processes": max(1, plan.room.processes),
            "peak": plan.peak_bytes,
            "limit": plan.room.limit,
            "advised": None if plan.more is None else plan.more.room.limit,
        },
        "fingerprint": plan.fingerprint,
    }


def step_json(node: Node) -> dict[str, Any]:
    """A step as JSON."""
    step = node.step
    return {
        **step.describe(),
        "reads": list(node.inputs),
        "sizes": step.target.own.sizes,
        "lengths": [asdict(note) for note in lengths_of(step)],
        "engine_note": step.engine_note(),
        "notes": step_notes(step),
    }


def stage_json(plan: Plan, stage: Stage) -> dict[str, Any]:
    """A stage as JSON."""
    return {
        "steps": [stage.first, stage.first + stage.pipeline.last - 1],
        "blocks": {
            "count": stage.grid.total,
            "cells": list(stage.grid.block),
            "tiles": list(stage.tiles.block),
            "shift": list(stage.tiling.shift) or [0] * len(stage.grid.block),
            "along": list(stage.grid.counts),
            "order": order_text(plan, stage),
        },
        "bytes": {
            "read": stage.bytes_read,
            "written": stage.bytes_written,
            "read_amplification": round(stage.read_amplification, 4),
        },
        "memory": {
            "task": stage.task_bytes,
            "tasks_at_once": stage.tasks_at_once,
            "parts": {part.name: part.nbytes for part in stage.memory.own},
            "results": stage.shared_bytes,
            "chunks_held": stage.cache_bytes,
            "compiling": stage.bytes_compiling,
            "chunks_let_go_compiling": stage.bytes_let_go,
            "files_on_their_way": stage.bytes_behind,
        },
    }


def plan_text(plan: Plan, coords: Coords) -> str:
    """The plan as a page of text."""
    source = plan.source.own
    lines = [f"input    {sizes_text(source.sizes)}  {source.dtype}"]
    if source.chunks:
        lines[0] += f"  in chunks of {by_text(source.chunks)}"
    for number in range(1, len(plan.pipeline.nodes) + 1):
        lines += step_lines(plan, number)
    lines += output_lines(plan, coords)
    for stage in plan.stages:
        lines += stage_lines(plan, stage)
    if plan.more is not None:
        lines.append(
            f"advice   --memory {plan.more.room.limit // 2**20}MiB, to read "
            f"{plan.more.read_amplification:.2f} times the input and not "
            f"{plan.read_amplification:.2f}"
        )
    lines += [
        f"memory   {bytes_text(plan.peak_bytes)} at most, limit "
        f"{bytes_text(plan.room.limit)}: {tasks_text(plan.tasks_at_once)} at once, what "
        f"they share, and {processes_text(plan.room.processes, plan.room.process)}",
        f"to       {plan.output.path} (variable {plan.output.variable})",
    ]
    return "\n".join(lines)


def step_lines(plan: Plan, number: int) -> list[str]:
    """What a step makes, of which windows, by which engine; the first is step 1."""
    step = plan.pipeline.nodes[number - 1].step
    lines = [
        f"step {number}   {step.name}{inputs_text(plan, number)} -> "
        f"{sizes_text(step.target.own.sizes)}  {step.target.dtype}",
        *(
            f"           {dim}: {window_text(step, dim)}"
            for dim, window in step.geometry
            if not window.is_identity
        ),
        *(f"           {note}" for note in lengths_of(step)),
        f"           engine {step.engine_note()}",
        *(f"           {note}" for note in step_notes(step)),
    ]
    if number in plan.saves:
        lines.append(f"           saved to {plan.saves[number].path}")
    elif plan.pipeline.last_uses[number] == number < plan.pipeline.last:
        lines.append("           read by no step and not saved: left out")
    return lines


def output_lines(plan: Plan, coords: Coords) -> list[str]:
    """What is stored, and the first and last value of its coordinates."""
    output, shards = plan.output, plan.output.stored_shards
    return [
        f"output   {sizes_text(plan.target.own.sizes)}  {output.dtype}  "
        f"in chunks of {by_text(output.stored_chunks)}"
        f"{f', shards of {by_text(shards)}' if shards else ''}, {output.codec}",
        *cast_note(plan),
        *(
            f"           {dim}: {end_text(first)} … {end_text(last)}"
            for dim, (first, last) in ends(plan, coords).items()
        ),
    ]


def end_text(value: object) -> str:
    """An end of a coordinate, without the last digits that sums of floats leave.

    Examples
    --------
    >>> end_text(0.1 + 0.2), end_text(4500000.25), end_text("2026-01-01")
    ('0.3', '4500000.25', '2026-01-01')
    """
    return str(float(f"{value:.12g}") if isinstance(value, float) else value)


def step_notes(step: Step) -> list[str]:
    """What is no fault of a step but may not be what was meant."""
    return [
        f"{dim} goes once around: boundary wrap would go on at its other end"
        for dim, window in step.geometry
        if max(window.padding) > 0
        and step.boundaries[dim] != "wrap"
        and closes(step.source.axis(dim))
    ]


def stage_lines(plan: Plan, stage: Stage) -> list[str]:
    """The blocks of a stage, what they read and write, and what they take."""
    lines = []
    if len(plan.stages) > 1:
        last = stage.first + stage.pipeline.last - 1
        steps = (
            f"step {last}" if last == stage.first else f"steps {stage.first} to {last}"
        )
        where = " into a store in between" if last < plan.pipeline.last else ""
        lines.append(f"stage    {steps}{where}")
    stored = stage.writes[-1].output.stored
    block, tile = stored(stage.grid.block), stored(stage.tiles.block)
    tiles = f", in tiles of {by_text(tile)}" if tile != block else ""
    if stage.tiling.shift:
        tiles += f" shifted by {by_text(stored(stage.tiling.shift))}"
    read = f"{stage.read_amplification:.2f} times its input"
    held = (
        f", {bytes_text(stage.cache_bytes)} of them held" if stage.cache_bytes else ""
    )
    return [
        *lines,
        f"blocks   {stage.grid.total} of {by_text(block)} cells{tiles}, "
        f"{order_text(plan, stage)}",
        f"reads    {bytes_text(stage.bytes_read)}, {read}{held}",
        f"writes   {bytes_text(stage.bytes_written)} before compression",
        f"task     {bytes_text(stage.task_bytes)} at most:",
        *(
            f"           {bytes_text(part.nbytes):>10}  {part.name}"
            for part in stage.memory.own
        ),
        *beside_lines(stage),
        *(
            [
                f"at once  {tasks_text(stage.room.at_once)}, for more would leave too "
                "little memory"
            ]
            if stage.room.workers < plan.room.workers
            else []
        ),
    ]


def beside_lines(stage: Stage) -> Iterator[str]:
    """What tasks share, and what is there for a while."""
    if stage.results:
        yield f"shared   {results_text(stage.results, stage.shared_bytes)}"
    if stage.bytes_compiling:
        more = bytes_text(stage.bytes_compiling)
        yield f"compiler {more} more in a task as it compiles"
    if stage.bytes_let_go:
        instead = bytes_text(stage.bytes_let_go)
        yield f"compiler {instead} in a task as it compiles, for which chunks are let go of"
    if stage.behind:
        behind = bytes_text(stage.bytes_behind)
        yield f"behind   {behind}, {stage.behind} files on their way to the disk"


def order_text(plan: Plan, stage: Stage) -> str:
    """The order of a stage's blocks: its loops, the outermost first."""
    dims = plan.source.dims
    words = []
    for loop in stage.sweep.loops:
        if stage.grid.counts[loop.axis] == 1:
            continue
        name = dims[loop.axis]
        if stage.sweep.descending[loop.axis]:
            name += " backwards"
        words.append(f"{name} by {loop.width}" if loop.width > 1 else name)
    return "by " + ", ".join(words) if words else "one"


def inputs_text(plan: Plan, number: int) -> str:
    """What a step reads, where that is not the step before it."""
    node = plan.pipeline.nodes[number - 1]
    if node.inputs == (number - 1,):
        return ""
    names = [f"step {read}" if read else "the input" for read in node.inputs]
    return f" of {' and '.join(names)}"


def cast_note(plan: Plan) -> list[str]:
    """What happens to values that are stored in another dtype than the last step's."""
    last = plan.steps[-1].target.dtype
    if plan.output.dtype == last:
        return []
    kind = np.dtype(plan.output.dtype).kind
    how = "rounded half to even, saturated" if kind in "iu" else "rounded"
    return [f"           {last} {how} to {plan.output.dtype}"]


def ends(plan: Plan, coords: Coords) -> dict[str, tuple[Any, Any]]:
    """First and last coordinate along each dimension that has one, as text or numbers."""
    found = {}
    for dim in plan.target.dims:
        if dim in coords.variables and coords.variables[dim].dims == (dim,):
            values = coords.variables[dim].values
            found[dim] = (plain_value(values[0]), plain_value(values[-1]))
    return found


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Sizes by name: ``z 24, y 96``."""
    return ", ".join(f"{dim} {size}" for dim, size in sizes.items())


def by_text(sizes: tuple[int, ...]) -> str:
    """Sizes in the array's order: ``24 x 96``."""
    return " x ".join(map(str, sizes))


def window_text(step: Step, dim: str) -> str:
    """One window: size, and what of the rest is not the default."""
    window = step.geometry[dim]
    if isinstance(window, Repeat):
        return f"new, {window.outputs} cells"
    if isinstance(window, Part):
        return f"{window.size} of {window.outputs} cells, from number {window.first}"
    if isinstance(window, Mix):
        return f"{window.outputs} cells, each of all {window.size}"
    before, after = window.padding
    cells = step.source.sizes[dim]
    if window.size == 1 and min(before, after) < 0:
        return f"cells {-before} to {cells + after - 1} of {cells}"
    text = f"size {window.size}"
    if isinstance(window, Spreading):
        text = f"{window.factor} for each cell, each cell spread over {window.spread}"
    if window.stride != 1:
        text += f", stride {window.stride}"
    if window.dilation != 1:
        text += f", dilation {window.dilation}"
    if any(window.padding):
        before, after = window.padding
        text += f", padding {before} before and {after} after "
        text += f"({step.boundaries[dim]})"
    if step.geometry.label(dim) != "center":
        text += f", labelled {step.geometry.label(dim)}"
    return text
