"""The step `pad_poles`: rows beyond the poles of a global grid.

Beyond a pole lies what is on its other side: rows in mirrored order, each turned by half
a circle::

    rows        1 0 | 0 1 2 … n-1 | n-1 n-2      poles between rows
                2 1 | 0 1 2 … n-1 | n-2 n-3      the first and last row on the poles
    columns     turned | as they are | turned
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, cast

from pydantic import PlainValidator, WithJsonSchema

from volconv.boundary import Boundaries, closes
from volconv.boundary.closing import NEAR, unclosed
from volconv.compute import checked_dtype
from volconv.compute.poles import Turned
from volconv.errors import BoundaryError, DimError, UnitError
from volconv.geometry import Among, Geometry, Interval, Window
from volconv.geometry.padding import padding_cells
from volconv.meta import ArrayMeta, Axis
from volconv.steps.block import BlockStep
from volconv.steps.fields import StepName
from volconv.steps.frame import Cells, refuse_name
from volconv.steps.model import refusing
from volconv.steps.settings import StepSettings
from volconv.text import check_word

__all__ = ["PadPoles", "PolesStep", "pad_poles_step"]

MIRRORS = {"between": "symmetric", "on": "reflect"}
"""Where poles lie among rows, and the mirror that each means."""

POLES = ("auto", *MIRRORS)
"""What a user may say of it."""


@dataclass(frozen=True, eq=False)
class PolesStep(BlockStep):
    """A step whose copies depend on how a box lies to the poles: see `BlockStep`."""

    def of_box(self, box: Sequence[Interval]) -> PolesStep:
        """The step of a box: see `VaryingStep`."""
        operation = cast("Turned", self.operation)
        rows, columns = box[operation.latitude], box[operation.longitude]
        operation = replace(operation, first=rows.start, columns=columns)
        return replace(self, operation=operation, geometry=self.windows_in(box))


class PadPoles(StepSettings):
    """Rows added beyond the poles of a global grid: those on the other side."""

    step_name: ClassVar[str] = "pad_poles"

    padding: Cells
    """Rows before the first and after the last: a number for both, or a pair."""

    latitude: StepName = "latitude"
    """The dimension of latitude."""

    longitude: StepName = "longitude"
    """The dimension of longitude, which goes once around."""

    poles: Annotated[
        str,
        PlainValidator(refusing(lambda value: check_word("", value, POLES))),
        WithJsonSchema({"enum": list(POLES)}),
    ] = "auto"
    """Where they lie: between rows, on the first and last, or as the spacing says."""

    def resolve(self, source: ArrayMeta) -> PolesStep:
        """The step for an input."""
        return pad_poles_step(
            source, self.padding, self.latitude, self.longitude, self.poles
        )


def pad_poles_step(
    meta: ArrayMeta,
    padding: int | tuple[int, int],
    latitude: str = "latitude",
    longitude: str = "longitude",
    poles: str = "auto",
) -> PolesStep:
    """Rows added beyond the poles of a global grid.

    Raises
    ------
    BoundaryError
        If the grid does not go once around, or not from pole to pole, or more rows are
        asked for than it has.
    UnitError
        If the spacing does not tell where the poles lie.
    """
    meta.require([latitude], "latitude")
    meta.require([longitude], "longitude")
    if latitude == longitude:
        raise DimError("longitude", repr(longitude), "another dimension than latitude")
    where = poles_of(meta.axis(latitude), check_word("poles", poles, POLES))
    check_circle(meta.axis(longitude))
    rows, count = meta.sizes[latitude], meta.sizes[longitude]
    most = rows if where == "between" else rows - 1
    before, after = rows_beyond(latitude, padding, most)
    geometry = Geometry(
        (
            (latitude, Window(1, padding=(before, after))),
            (longitude, Among.over(count)),
        )
    )
    dtype = checked_dtype("data", meta.dtype).name
    operation = Turned(
        meta.index(latitude),
        meta.index(longitude),
        Interval(before, before + rows),
        Interval(0, count),
    )
    target = meta.with_sizes({latitude: before + rows + after}, {})
    return PolesStep(
        "pad_poles",
        operation,
        geometry,
        Boundaries(((latitude, MIRRORS[where]),)),
        meta,
        replace(target, dtype=dtype),
    )


def rows_beyond(latitude: str, padding: object, most: int) -> tuple[int, int]:
    """Rows before the first and after the last, of which there are so many to take.

    Raises
    ------
    BoundaryError
        If there are fewer.
    """
    refuse_name(padding)
    before, after = padding_cells(latitude, padding, Window(1), 1)
    if max(before, after) > most:
        raise BoundaryError(
            "padding", f"{max(before, after)} rows", f"at most {most}, as there are"
        )
    return before, after


def poles_of(axis: Axis, poles: str) -> str:
    """Where the poles lie among rows: one of `MIRRORS`.

    Raises
    ------
    BoundaryError
        If rows of even spacing do not reach from pole to pole.
    UnitError
        If nothing tells.
    """
    if poles != "auto":
        return poles
    is_in_degrees = axis.units is not None and axis.units.startswith("degree")
    if axis.spacing is None or not is_in_degrees:
        raise UnitError(
            f"latitude {axis.dim!r}",
            axis.uneven or f"unit {axis.units}",
            "degrees, evenly spaced, to tell where the poles lie",
            "say poles='between', if they lie between rows, or poles='on'",
        )
    step = abs(axis.spacing)
    rows = {"between": axis.size, "on": axis.size - 1}
    for where, count in rows.items():
        if abs(180 / step - count) <= NEAR:
            return where
    raise BoundaryError(
        f"latitude {axis.dim!r}",
        f"{axis.size} rows of {step:g} degrees, {axis.size * step:g} in all",
        "rows from pole to pole: 180 degrees, or one row more",
        "pad with another boundary, such as edge",
    )


def check_circle(axis: Axis) -> None:
    """Refuse longitudes that do not go once around, or have no cell half a turn away.

    Raises
    ------
    BoundaryError
    """
    if closes(axis) is False:
        raise unclosed(f"longitude {axis.dim!r}", axis)
    if axis.size % 2:
        raise BoundaryError(
            f"longitude {axis.dim!r}",
            f"{axis.size} cells",
            "an even number, so that one lies half a turn from each",
        )
