"""Which cell of a window gives its output the coordinate: a user's word for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volconv.geometry.axis import LABELS
from volconv.geometry.by_dim import per_dim
from volconv.text import check_word

__all__ = ["LabelLike", "labels_by_dim"]

LabelLike = str | Mapping[str, str]


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
        dim: check_word(f"label along {dim!r}", one, LABELS)
        for dim, one in per_dim("label", label, dims, dims, "center").items()
    }
    return tuple((dim, one) for dim, one in found.items() if one != "center")
