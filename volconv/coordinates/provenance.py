"""What an output says of how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from volconv.coordinates.spatial_attrs import lie_elsewhere, without_positions
from volconv.geometry import Window
from volconv.steps import Step
from volconv.steps.memoised import memoised
from volconv.steps.node import Node
from volconv.steps.optional import cell_method_of, unit_factor_of
from volconv.version import __version__

__all__ = ["carried_attrs", "declared_attrs", "output_attrs", "recorded"]

PROVENANCE = "volconv"
"""Name of the attribute that says which steps made an array."""

STALE = frozenset(
    {
        *("actual_range", "valid_range", "valid_min", "valid_max"),
        *("_FillValue", "missing_value", "scale_factor", "add_offset"),
        *("_Unsigned", "dtype"),
    }
)
"""Attributes that are true of the input's values and need not be of the output's."""

PACKING = {"scale_factor": 1, "add_offset": 0}
"""Attributes of CF that make values of the unit of stored numbers; what changes none."""

OF_A_UNIT = frozenset({"units", "standard_name"})
"""Attributes that are true of values of one unit only."""

CELL_METHODS = "cell_methods"
"""CF's attribute of the statistics that values are, in order (section 7.3)."""

PRODUCTS = ("multiply", "divide")
"""Steps that join cells of which each has a unit of its own."""


def output_attrs(
    attrs: Mapping[Any, Any], steps: Sequence[Step], *, keep_attrs: bool
) -> dict[Any, Any]:
    """Attributes of an output: the input's that still hold, and the steps that made it.

    The attribute `PROVENANCE` is a JSON text with the version and all steps, those of
    the input's own record first. The unit follows each step; where it is lost, so is
    what it says the values are. A step that puts a statistic in its windows' place adds
    it to ``cell_methods``.
    """
    kept = lasting_attrs(attrs)
    for step in steps:
        kept = moved_attrs(kept, step)
    return recorded(kept, steps, keep_attrs=keep_attrs)


def carried_attrs(attrs: Mapping[Any, Any], nodes: Sequence[Node]) -> dict[Any, Any]:
    """Attributes of what the last of some nodes makes, of the input's that still hold.

    What branches come together with differs in unit or statistic, that is left out; of
    products and quotients the unit is not known.
    """
    told = [lasting_attrs(attrs)]
    for node in nodes:
        first, *others = (told[read] for read in node.inputs)
        for other in others:
            first = common_attrs(first, other)
        if node.step.name in PRODUCTS:
            first = with_unit(first, None)
        told.append(moved_attrs(first, node.step))
    return told[-1]


def lasting_attrs(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    """Attributes that do not speak of the input's values.

    Packed numbers that were not decoded have no unit: it is that of what they stand for.

    Examples
    --------
    >>> lasting_attrs({"units": "K", "scale_factor": 0.01, "source": "a buoy"})
    {'source': 'a buoy'}
    >>> lasting_attrs({"units": "K", "scale_factor": 1.0})
    {'units': 'K'}
    """
    kept = {key: value for key, value in attrs.items() if key not in STALE}
    is_packed = any(np.any(attrs.get(key, no) != no) for key, no in PACKING.items())
    return with_unit(kept, None) if is_packed else kept


def common_attrs(first: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    """Attributes of two arrays that come together: those that do not contradict."""
    differ = {
        key
        for key in (*OF_A_UNIT, CELL_METHODS)
        if str(first.get(key)) != str(other.get(key))
    }
    return {key: value for key, value in first.items() if key not in differ}


def moved_attrs(attrs: Mapping[Any, Any], step: Step) -> dict[Any, Any]:
    """Attributes after a step: with its unit and its statistic."""
    return with_cell_method(with_unit(attrs, unit_factor_of(step)), step)


def recorded(
    attrs: Mapping[Any, Any], steps: Sequence[Step], *, keep_attrs: bool
) -> dict[Any, Any]:
    """Attributes as they are, if they are kept, with the steps in `PROVENANCE`.

    Without those that say where the input's cells lie, where the outputs lie elsewhere.
    """
    kept = without_positions(attrs) if lie_elsewhere(steps) else dict(attrs)
    earlier = earlier_steps(kept.pop(PROVENANCE, None))
    texts = ", ".join([*map(json.dumps, earlier), *map(step_text, steps)])
    record = f'{{"version": {json.dumps(__version__)}, "steps": [{texts}]}}'
    return {**(kept if keep_attrs else {}), PROVENANCE: record}


@memoised
def step_text(step: Step) -> str:
    """All that decides a step's result, as a JSON text."""
    return json.dumps(step.describe())


def declared_attrs(missing: Sequence[float]) -> dict[str, float]:
    """The attribute that tells of a value that stands for missing cells.

    Examples
    --------
    >>> declared_attrs([-999])
    {'_FillValue': -999}
    """
    return {"_FillValue": missing[0]} if missing else {}


def with_unit(attrs: Mapping[Any, Any], factor: str | None) -> dict[Any, Any]:
    """Attributes with the unit times a factor; without it where that is not known.

    Examples
    --------
    >>> with_unit({"units": "K", "standard_name": "air_temperature"}, "mm-1")
    {'units': 'K mm-1'}
    """
    if factor == "":
        return dict(attrs)
    found = {key: value for key, value in attrs.items() if key not in OF_A_UNIT}
    if factor is None:
        found.pop(CELL_METHODS, None)
    unit = attrs.get("units")
    if factor is not None and isinstance(unit, str):
        found["units"] = f"{unit} {factor}".strip().removeprefix("1 ")
    return found


def with_cell_method(attrs: Mapping[Any, Any], step: Step) -> dict[Any, Any]:
    """Attributes with a step's statistic after those that were there.

    Where windows do not lie side by side they are not the outputs' cells, and a comment
    says so.
    """
    entry = cell_method_entry(step)
    earlier = str(attrs.get(CELL_METHODS, ""))
    return (
        {**attrs, CELL_METHODS: f"{earlier} {entry}".strip()} if entry else dict(attrs)
    )


@memoised
def cell_method_entry(step: Step) -> str:
    """What a step adds to ``cell_methods``; empty for none."""
    method = cell_method_of(step)
    windows = [(dim, window) for dim, window in step.geometry if window.size > 1]
    if not method or not windows:
        return ""
    entry = f"{' '.join(f'{dim}:' for dim, _ in windows)} {method}"
    if any(window.halo or window.dilation > 1 for _, window in windows):
        spans = ", ".join(window_words(dim, window) for dim, window in windows)
        entry += f" (comment: of windows of {spans})"
    return entry


def window_words(dim: str, window: Window) -> str:
    """A window in a comment.

    Examples
    --------
    >>> window_words("time", Window(3, stride=2)), window_words("x", Window(2, 1, 4))
    ('3 cells along time, one every 2', '2 cells along x, 4 apart, one every 1')
    """
    apart = f", {window.dilation} apart" if window.dilation > 1 else ""
    return f"{window.size} cells along {dim}{apart}, one every {window.stride}"


def earlier_steps(record: object) -> list[Any]:
    """Steps of a record that the input carries; none where it is not one of ours."""
    if not isinstance(record, str):
        return []
    try:
        found = json.loads(record)
    except ValueError:
        return []
    steps = found.get("steps") if isinstance(found, dict) else None
    return steps if isinstance(steps, list) else []
