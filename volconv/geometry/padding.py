"""Cells before and after an axis, from a padding of any spelling."""

from __future__ import annotations

from collections.abc import Mapping

from volconv.errors import GeometryError, did_you_mean
from volconv.geometry.by_dim import whole_number
from volconv.geometry.window import Window

__all__ = ["MOST_PADDING", "PADDINGS", "PaddingLike", "padding_cells"]

PADDINGS = ("valid", "same", "same_upper", "same_lower", "full")
"""Names of paddings; each is defined in `padding_cells`."""

MOST_PADDING = 2**24
"""Most cells before or after an axis: arbitrary, as many as the most taps of a kernel."""

PaddingLike = int | str | tuple[int, int] | Mapping[str, int | str | tuple[int, int]]


def padding_cells(
    dim: str, padding: object, window: Window, cells: int
) -> tuple[int, int]:
    """Cells before and after an axis for a padding of any spelling.

    Parameters
    ----------
    dim : str
        The dimension, for errors.
    padding : object
        An integer, a pair, or a name of `PADDINGS`.
    window : Window
        Size, stride and dilation.
    cells : int
        Cells n of the axis.

    Raises
    ------
    GeometryError
        If it is no padding, or one of more than `MOST_PADDING` cells.

    Notes
    -----
    ``same`` puts ``floor((e-1)/2)`` before and ``ceil((e-1)/2)`` after, as
    `torch.nn.functional.conv3d` does. ``same_upper`` and ``same_lower`` are those of the
    ONNX operator specification (Conv, ``auto_pad``): a total of
    ``max(0, (ceil(n/s) - 1) s + e - n)``, the odd cell after or before.

    Examples
    --------
    >>> padding_cells("x", "same", Window(4), 10)
    (1, 2)
    >>> padding_cells("x", "same_lower", Window(2), 10)
    (1, 0)
    """
    where = f"padding along {dim!r}"
    pair = spelt_padding(where, padding, window, cells)
    if max(pair) > MOST_PADDING:
        got = (
            f"{padding!r}, {max(pair)} cells" if isinstance(padding, str) else max(pair)
        )
        raise GeometryError(
            where,
            str(got),
            f"at most {MOST_PADDING} cells before and after",
            "a smaller padding, or a smaller dilation",
        )
    return pair


def spelt_padding(
    where: str, padding: object, window: Window, cells: int
) -> tuple[int, int]:
    """Cells before and after, however many: see `padding_cells`."""
    if isinstance(padding, str):
        return named_padding(where, padding, window, cells)
    if isinstance(padding, (tuple, list)):
        if len(padding) != 2:
            raise GeometryError(where, repr(padding), "a pair (before, after)")
        before, after = padding
        return whole_number(where, before, 0), whole_number(where, after, 0)
    both = whole_number(where, padding, 0)
    return both, both


def named_padding(where: str, name: str, window: Window, cells: int) -> tuple[int, int]:
    """Cells before and after for a padding by name, as `padding_cells` defines them."""
    reach = window.span - 1
    outputs = -(-cells // window.stride)
    total = max(0, (outputs - 1) * window.stride + window.span - cells)
    pairs = {
        "valid": (0, 0),
        "same": (reach // 2, reach - reach // 2),
        "same_upper": (total // 2, total - total // 2),
        "same_lower": (total - total // 2, total // 2),
        "full": (reach, reach),
    }
    if name not in pairs:
        raise GeometryError(
            where,
            repr(name),
            f"a number of cells, a pair of them, or one of {', '.join(PADDINGS)}",
            did_you_mean(name, PADDINGS),
        )
    return pairs[name]
