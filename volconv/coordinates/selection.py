"""Labels as cells: what of an axis lies between two values of its coordinate.

The rule is that of `xarray.DataArray.sel` with a slice, which does the looking up: both
ends are included, and stand in the coordinate's own order. Three things are stricter or
finer than there: an end may not lie a whole cell beyond the axis, a selection may not be
empty, and a decimal number is a cell's label whatever the rounding of that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volconv.coordinates.longitude import turn_of
from volconv.coordinates.none import Coords, NoCoords
from volconv.coordinates.spacing import EVEN, spaced_axis
from volconv.coordinates.values import can_interpolate, plain_value, values_at
from volconv.errors import DimError, GeometryError, KindError, VolconvError
from volconv.geometry import Centres, Window
from volconv.kernels import position_on
from volconv.meta import ArrayMeta
from volconv.steps.frame import Ends

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["labelled_region"]

NANOSECONDS = 1_000_000_000
"""Of a second."""

NO_LABEL = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What indexes raise for labels that they cannot have, or names that they have not."""

BY_CELLS = "crop by cells instead: region"
"""The mend that always is."""


def labelled_region(
    labels: Mapping[str, Ends], meta: ArrayMeta, coords: Coords
) -> dict[str, tuple[int, int]]:
    """First cell, and the one after the last, between two labels of each dimension.

    Parameters
    ----------
    labels : mapping of str to pair
        First and last label, by dimension; None for an open end. Numbers and texts with
        a unit, dates and times, whatever else the coordinate holds.
    meta : ArrayMeta
        The array.
    coords : Dataset
        Its coordinates.

    Raises
    ------
    DimError
        If the array has no such dimension, or it has no coordinate.
    GeometryError
        If no cell lies between the labels, one of them lies beyond the axis, or the
        coordinate neither rises nor falls all along.
    UnitError, KindError
        If the coordinate has no such labels.

    Examples
    --------
    >>> import xarray as xr
    >>> coords = xr.Dataset(coords={"x": ("x", [0, 10, 20, 30], {"units": "mm"})})
    >>> meta = ArrayMeta((spaced_axis("x", coords["x"].variable),), "float32")
    >>> labelled_region({"x": ("1 cm", 25)}, meta, coords)
    {'x': (1, 3)}
    """
    meta.require(labels, "labels")
    return {dim: cells_between(dim, ends, coords) for dim, ends in labels.items()}


def cells_between(dim: str, ends: Ends, coords: Coords) -> tuple[int, int]:
    """First cell, and the one after the last, between two labels of one dimension."""
    where = f"labels along {dim!r}"
    variable = coordinate_of(where, dim, coords)
    values = variable.values
    check_order(where, dim, values)
    first, last = (label_on(where, label, dim, variable) for label in ends)
    beyond = int(are_continued(values))
    try:
        found = looked_up(continued(values) if beyond else values, first, last) - beyond
    except NO_LABEL as error:
        names = f"of {', '.join(values)}" if are_names(values) else range_text(values)
        raise KindError(where, ends_text(ends), f"labels {names}") from error
    inside = found[(found >= 0) & (found < len(values))]
    if not len(inside):
        is_turned = None not in ends and len(looked_up(values, last, first))
        raise no_cells(where, ends, variable, is_turned=bool(is_turned))
    if (first is not None and found[0] < 0) or (
        last is not None and found[-1] == len(values)
    ):
        raise GeometryError(
            where,
            ends_text(ends),
            f"labels less than a cell beyond the axis: {range_text(values)}",
            "leave an end open: null in a configuration, None in Python",
        )
    return int(inside[0]), int(inside[-1]) + 1


def coordinate_of(where: str, dim: str, coords: Coords) -> xr.Variable:
    """A dimension's own coordinate, of one label for each cell.

    Raises
    ------
    DimError
    """
    variable = coords.variables.get(dim)
    if isinstance(coords, NoCoords) or variable is None or variable.dims != (dim,):
        raise DimError(where, "no coordinate", f"a coordinate along {dim!r}", BY_CELLS)
    index = coords.xindexes.get(dim)
    if index is not None and len(coords.xindexes.get_all_coords(dim)) > 1:
        raise DimError(
            where, "a coordinate of several levels", "one label a cell", BY_CELLS
        )
    return variable


def check_order(where: str, dim: str, values: NDArray[Any]) -> None:
    """Refuse labels that are not in order; names, which have none, need not be.

    Raises
    ------
    GeometryError
    """
    if are_names(values) and len(set(values.tolist())) == len(values):
        return
    falls = bool(values[-1] < values[0])
    low, high = (values[1:], values[:-1]) if falls else (values[:-1], values[1:])
    is_ordered = np.asarray(low <= high, dtype=bool)
    if is_ordered.all():
        return
    cell = int(is_ordered.argmin())
    raise GeometryError(
        where,
        f"{plain_value(values[cell])} and {plain_value(values[cell + 1])} at cells "
        f"{cell} and {cell + 1} of a coordinate {range_text(values)}",
        "labels that rise, or fall, all along",
        f"sort them first, as data.sortby({dim!r}) does, or {BY_CELLS}",
    )


def are_names(values: NDArray[Any]) -> bool:
    """Whether labels are texts."""
    if values.dtype.kind == "O":
        return all(isinstance(value, str) for value in values)
    return values.dtype.kind in "UST"


def label_on(where: str, label: Any, dim: str, variable: xr.Variable) -> Any:
    """A label in the coordinate's own unit, and to the last bit where it is a cell's.

    Raises
    ------
    UnitError
        If a text is no length in a unit of the coordinate's kind.
    """
    kind = variable.dtype.kind
    if isinstance(label, str) and kind in "iufm":
        label = position_on(where, label, spaced_axis(dim, variable))
        if kind == "m":
            return np.timedelta64(round(label * NANOSECONDS), "ns")
    is_number = isinstance(label, int | float | np.integer | np.floating)
    if kind == "f" or (kind in "iu" and isinstance(label, float | np.floating)):
        return label_of_cell(float(label), variable.values) if is_number else label
    return label


def label_of_cell(label: float, values: NDArray[Any]) -> Any:
    """The label of a cell that a number is but for rounding; else the number."""
    wide = values.astype(float)
    steps = np.abs(np.diff(wide))
    step = steps.min() if steps.size else 1.0
    cell = int(np.abs(wide - label).argmin())
    return values[cell] if abs(wide[cell] - label) <= EVEN * step else label


def are_continued(values: NDArray[Any]) -> bool:
    """Whether a next cell beyond each end has a label."""
    if len(values) < 2 or not can_interpolate(values):
        return False
    return bool(values[0] != values[1] and values[-1] != values[-2])


def continued(values: NDArray[Any]) -> NDArray[Any]:
    """Labels with one more beyond each end."""
    return values_at(values, Centres.of(Window(1, padding=(1, 1)), len(values)), 0)


def looked_up(values: NDArray[Any], first: Any, last: Any) -> NDArray[np.int64]:
    """Cells from one label to another, as xarray finds them.

    Where labels fall, along the axis turned around: texts of dates are found among those
    that rise only.
    """
    import xarray as xr

    cells = xr.DataArray(np.arange(len(values)), {"x": values}, "x")
    found: NDArray[np.int64]
    if values[0] > values[-1] and not are_names(values):
        found = cells[::-1].sel(x=slice(last, first)).values[::-1]
    else:
        found = cells.sel(x=slice(first, last)).values
    return found


def no_cells(
    where: str, ends: Ends, variable: xr.Variable, *, is_turned: bool
) -> VolconvError:
    """The error of labels between which no cell lies, perhaps but in the other order."""
    fix = ""
    if is_turned:
        fix = f"write them in the coordinate's order: {ends_text(ends[::-1])}"
        if turn_of(variable.attrs) is not None:
            fix += "; across the seam of a globe, roll the data first"
    return GeometryError(
        where,
        f"{ends_text(ends)}, between which no cell lies",
        f"labels with a cell between them: {range_text(variable.values)}",
        fix,
    )


def range_text(values: NDArray[Any]) -> str:
    """Where labels begin and end."""
    return f"from {plain_value(values[0])} to {plain_value(values[-1])}"


def ends_text(ends: Ends) -> str:
    """Two labels as a configuration writes them."""
    words = ("null" if end is None else str(plain_value(end)) for end in ends)
    return f"[{', '.join(words)}]"
