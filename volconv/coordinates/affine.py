"""Where cells lie in the world, as image formats say it: affines, scales, translations.

They follow the same numbers as coordinates: an output is at the centre of its window, and
a stride later is the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from volconv.errors import KindError
from volconv.geometry import Window
from volconv.geometry.by_dim import whole_number

__all__ = ["output_affine", "output_transformations"]


def output_affine(affine: ArrayLike, windows: Sequence[Window]) -> NDArray[np.float64]:
    """The affine of an output: its indices to the world, from the input's.

    Parameters
    ----------
    affine : array_like
        Matrix of n + 1 columns for n axes, the last one the position of cell 0: NIfTI's of
        4 x 4, for example, as ``nibabel`` has it.
    windows : sequence of Window
        One for each axis, in the affine's order; ``Window(1)`` where nothing moves. The
        windows of several steps are one: ``first.then(second)``.

    Returns
    -------
    ndarray
        Columns times the strides, and the position of the first window's centre. The label
        of a coordinate has no part in it.

    Raises
    ------
    KindError
        If there are not as many windows as axes, or they are none.
    GeometryError
        If a window has a size, stride or dilation below 1.

    Examples
    --------
    >>> halves = [Window(2, stride=2)] * 2
    >>> output_affine([[0.5, 0, 10], [0, 2, 20], [0, 0, 1]], halves)
    array([[ 1.  ,  0.  , 10.25],
           [ 0.  ,  4.  , 21.  ],
           [ 0.  ,  0.  ,  1.  ]])
    """
    check_windows(windows)
    matrix = np.asarray(affine, dtype=float)
    axes = len(windows)
    if matrix.ndim != 2 or matrix.shape[1] != axes + 1:
        raise KindError(
            "affine",
            f"shape {matrix.shape} for {axes} windows",
            f"a matrix of {axes + 1} columns",
            "give one window for each axis: Window(1) where nothing moves",
        )
    moved = np.eye(axes + 1)
    for axis, window in enumerate(windows):
        moved[axis, axis] = window.stride
        moved[axis, axes] = float(window.centre(0))
    found: NDArray[np.float64] = matrix @ moved
    return found


def output_transformations(
    transformations: Sequence[Mapping[str, Any]], windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """OME-Zarr's ``coordinateTransformations`` of an output, from the input's.

    Parameters
    ----------
    transformations : sequence of mapping
        A ``scale``, and after it perhaps a ``translation``, as OME-Zarr has them for each
        dataset.
    windows : sequence of Window
        One for each axis, in the array's order.

    Returns
    -------
    list of dict
        Scale and translation: ``s scale``, and ``translation + c(0) scale``.

    Raises
    ------
    KindError
        If they are others, or of another number of axes, or a window is none.
    GeometryError
        If a window has a size, stride or dilation below 1.

    Examples
    --------
    >>> scale = {"type": "scale", "scale": [1.0, 0.5]}
    >>> for one in output_transformations([scale], [Window(1), Window(2, stride=2)]):
    ...     print(one)
    {'type': 'scale', 'scale': [1.0, 1.0]}
    {'type': 'translation', 'translation': [0.0, 0.25]}
    """
    kinds = [str(one.get("type")) for one in transformations]
    if kinds not in (["scale"], ["scale", "translation"]):
        raise KindError(
            "transformations", str(kinds), "a scale, and perhaps a translation after it"
        )
    for kind, one in zip(kinds, transformations, strict=True):
        if kind not in one:
            raise KindError("transformations", str(dict(one)), f"numbers of its {kind}")
    scale = transformations[0]["scale"]
    offset = transformations[1]["translation"] if len(kinds) > 1 else [0.0] * len(scale)
    if not len(scale) == len(offset) == len(windows):
        raise KindError(
            "transformations",
            f"{len(scale)} scales and {len(offset)} translations",
            f"one of each for each of {len(windows)} axes",
        )
    moved = output_affine(
        np.column_stack([np.diag(np.asarray(scale, dtype=float)), offset]), windows
    )
    return [
        {"type": "scale", "scale": moved.diagonal().tolist()},
        {"type": "translation", "translation": moved[:, -1].tolist()},
    ]


def check_windows(windows: Sequence[Window]) -> None:
    """Refuse what are no windows, one for each axis.

    Raises
    ------
    KindError, GeometryError
    """
    if not isinstance(windows, Sequence):
        raise KindError("windows", repr(windows), "a list of one Window for each axis")
    for axis, window in enumerate(windows):
        where = f"windows, axis {axis}"
        if not isinstance(window, Window):
            raise KindError(where, repr(window), "a Window", "Window(2, stride=2)")
        for name in ("size", "stride", "dilation"):
            whole_number(f"{where}: {name}", getattr(window, name))
        padding: object = window.padding
        if not (isinstance(padding, tuple | list) and len(padding) == 2):
            raise KindError(
                f"{where}: padding", repr(padding), "the cells before and after: (1, 1)"
            )
