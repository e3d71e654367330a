"""Which cell of a window gives its output the coordinate: a user's word for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volconv.errors import KindError, did_you_mean
from volconv.geometry.axis import LABELS
from volconv.geometry.geometry import per_dim

__all__ = ["LabelLike", "check_label", "labels_by_dim"]

LabelLike = str | Mapping[str, str]


def check_label(where: str, label: object) -> str:
    """The label, if it is one of `LABELS`.

    Raises
    ------
    KindError
    """
    if not isinstance(label, str) or label not in LABELS:
        fix = did_you_mean(label, LABELS) if isinstance(label, str) else ""
        raise KindError(where, repr(label), ", ".join(LABELS), fix)
    return label


def labels_by_dim(label: LabelLike, dims: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The label along each dimension that has a window, where it is not the centre.

    Raises
    ------
    KindError
        If a label is unknown.
    DimError
        If a dimension is not among `dims`.

    Examples
    --------
    >>> labels_by_dim({"time": "left"}, ["time", "x"])
    (('time', 'left'),)
    """
    found = {
        dim: check_label(f"label along {dim!r}", one)
        for dim, one in per_dim("label", label, dims, dims, "center").items()
    }
    return tuple((dim, one) for dim, one in found.items() if one != "center")
