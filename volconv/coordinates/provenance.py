"""What an output says of how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from volconv.steps import Step
from volconv.version import __version__

__all__ = ["PROVENANCE", "output_attrs"]

PROVENANCE = "volconv"
"""Name of the attribute that tells which steps made an array."""

STALE = frozenset(
    {
        *("actual_range", "valid_range", "valid_min", "valid_max"),
        *("_FillValue", "missing_value", "scale_factor", "add_offset"),
    }
)
"""Attributes that are true of the input's values and need not be of the output's."""


def output_attrs(
    attrs: Mapping[Any, Any], steps: Sequence[Step], *, keep_attrs: bool
) -> dict[Any, Any]:
    """Attributes of an output: the input's that still hold, and the steps that made it.

    The attribute `PROVENANCE` is a JSON text with the version and all steps, those of
    the input's own record first.
    """
    kept = {key: value for key, value in attrs.items() if key not in STALE}
    earlier = earlier_steps(kept.pop(PROVENANCE, None))
    record = {
        "version": __version__,
        "steps": [*earlier, *(step.describe() for step in steps)],
    }
    return {**(kept if keep_attrs else {}), PROVENANCE: json.dumps(record)}


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
