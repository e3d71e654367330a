"""The plan as people and programs read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from volconv.geometry import Window
from volconv.plan.plan import Plan
from volconv.text import bytes_text

__all__ = ["plan_json", "plan_text"]


def plan_json(plan: Plan, coords: xr.Dataset) -> dict[str, Any]:
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
            "sizes": plan.source.sizes,
            "dtype": plan.source.dtype,
            "chunks": list(plan.source.chunks or ()),
        },
        "steps": [
            {
                **step.describe(),
                "sizes": step.target.sizes,
                "engine_note": step.engine_note(),
            }
            for step in plan.steps
        ],
        "output": {
            "path": plan.output.path,
            **plan.output.describe(),
            "sizes": plan.target.sizes,
            "coordinates": {
                dim: dict(zip(("first", "last"), pair, strict=True))
                for dim, pair in ends(plan, coords).items()
            },
        },
        "blocks": {
            "count": plan.grid.total,
            "cells": list(plan.grid.block),
            "along": list(plan.grid.counts),
        },
        "bytes": {
            "read": plan.bytes_read,
            "written": plan.bytes_written,
            "read_amplification": round(plan.read_amplification, 4),
        },
        "memory": {
            "task": plan.task_bytes,
            "parts": {part.name: part.nbytes for part in plan.memory},
            "tasks_at_once": plan.workers,
            "peak": plan.peak_bytes,
            "limit": plan.limit,
        },
        "fingerprint": plan.fingerprint,
    }


def plan_text(plan: Plan, coords: xr.Dataset) -> str:
    """The plan as a page of text."""
    lines = [f"input    {sizes_text(plan.source.sizes)}  {plan.source.dtype}"]
    if plan.source.chunks:
        lines[0] += f"  in chunks of {by_text(plan.source.chunks)}"
    for number, step in enumerate(plan.steps, start=1):
        lines += [
            f"step {number}   {step.name} -> {sizes_text(step.target.sizes)}  "
            f"{step.target.dtype}",
            *(
                f"           {dim}: {window_text(window, step.boundaries[dim])}"
                for dim, window in step.geometry
            ),
            f"           engine {step.engine_note()}",
        ]
    output = plan.output
    lines.append(
        f"output   {sizes_text(plan.target.sizes)}  {output.dtype}  "
        f"in chunks of {by_text(output.chunks)}"
        + (f", shards of {by_text(output.shards)}" if output.shards else "")
        + f", {output.codec}"
    )
    lines += cast_note(plan)
    lines += [
        f"           {dim}: {pair[0]} … {pair[1]}"
        for dim, pair in ends(plan, coords).items()
    ]
    lines += [
        f"blocks   {plan.grid.total} of {by_text(plan.grid.block)} cells",
        f"reads    {bytes_text(plan.bytes_read)}, "
        f"{plan.read_amplification:.2f} times the input",
        f"writes   {bytes_text(plan.bytes_written)} before compression",
        f"memory   {bytes_text(plan.peak_bytes)} at most for {plan.workers} tasks at "
        f"once, limit {bytes_text(plan.limit)}; one task {bytes_text(plan.task_bytes)}:",
        *(
            f"           {bytes_text(part.nbytes):>10}  {part.name}"
            for part in plan.memory
        ),
        f"to       {output.path} (variable {output.variable})",
    ]
    return "\n".join(lines)


def cast_note(plan: Plan) -> list[str]:
    """What happens to values that are stored in another dtype than the last step's."""
    last = plan.steps[-1].target.dtype
    if plan.output.dtype == last:
        return []
    kind = np.dtype(plan.output.dtype).kind
    how = "rounded half to even, saturated" if kind in "iu" else "rounded"
    return [f"           {last} {how} to {plan.output.dtype}"]


def ends(plan: Plan, coords: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """First and last coordinate along each dimension that has one, as text or numbers."""
    found = {}
    for dim in plan.target.dims:
        if dim in coords.variables and coords.variables[dim].dims == (dim,):
            values = coords.variables[dim].values
            found[dim] = (plain_value(values[0]), plain_value(values[-1]))
    return found


def plain_value(value: Any) -> Any:
    """A coordinate's value as JSON holds it."""
    if isinstance(value, np.datetime64):
        return np.datetime_as_string(value, unit="auto")
    if isinstance(value, np.floating):
        return float(str(value))  # 0.1 of a float32 is 0.1, not 0.10000000149
    return value.item() if isinstance(value, np.integer) else str(value)


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Sizes by name: ``z 24, y 96``."""
    return ", ".join(f"{dim} {size}" for dim, size in sizes.items())


def by_text(sizes: tuple[int, ...]) -> str:
    """Sizes in the array's order: ``24 x 96``."""
    return " x ".join(map(str, sizes))


def window_text(window: Window, boundary: str) -> str:
    """One window: size, and what of the rest is not the default."""
    text = f"size {window.size}"
    if window.stride != 1:
        text += f", stride {window.stride}"
    if window.dilation != 1:
        text += f", dilation {window.dilation}"
    if any(window.padding):
        before, after = window.padding
        text += f", padding {before} before and {after} after ({boundary})"
    return text
