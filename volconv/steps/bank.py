"""The step `correlate_bank`: several kernels over one read, along a new dimension.

Each block is read and padded once, and every kernel moves over it. The new dimension
comes first, so that the result of each kernel lies together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from volconv.boundary import Boundaries
from volconv.compute import Edges, aligned_empty
from volconv.compute.pointwise import number_text
from volconv.errors import DimError, KindError
from volconv.geometry import Geometry, Interval, Repeat
from volconv.kernels.bank import Bank
from volconv.meta import ArrayMeta, Axis
from volconv.steps.block import described_windows
from volconv.steps.correlate import (
    AnyKernel,
    contradiction,
    dims_in_kernel,
    kernel_for,
)
from volconv.steps.fields import StepName
from volconv.steps.files import is_file
from volconv.steps.model import refusal, refused_at, short
from volconv.steps.options import WindowOptions
from volconv.steps.settings import TextPath
from volconv.steps.window import WindowStep, window_step
from volconv.steps.window_settings import DilatedSettings

__all__ = ["BankStep", "CorrelateBank", "bank_step", "correlate_bank_step"]


@dataclass(frozen=True, eq=False)
class BankStep:
    """Kernels with their windows, resolved for one input: see `Step`.

    Parameters
    ----------
    name : str
        The step's name.
    kernels : tuple of WindowStep
        One for each cell of the new dimension, over the input as it is.
    coordinate : ndarray, optional
        Of the new dimension.
    source, target : ArrayMeta
        As in `Step`: the new dimension is the first of both.
    """

    name: str
    kernels: tuple[WindowStep, ...]
    coordinate: NDArray[Any] | None
    source: ArrayMeta
    target: ArrayMeta

    @property
    def dim(self) -> str:
        """The new dimension."""
        return self.source.dims[0]

    @property
    def labels(self) -> Mapping[str, NDArray[Any]]:
        """Coordinates of dimensions that it makes."""
        return {} if self.coordinate is None else {self.dim: self.coordinate}

    @property
    def geometry(self) -> Geometry:
        """The windows of all kernels, which are the same, and of the new dimension."""
        new = Repeat.to(self.target.shape[0])
        own = self.kernels[0].geometry
        return replace(own, windows=((self.dim, new), *own.windows))

    @property
    def boundaries(self) -> Boundaries:
        """What its padded cells hold."""
        return self.kernels[0].boundaries

    def of_box(self, box: Sequence[Interval]) -> BankStep:
        """The step with the kernels of a box: see `VaryingStep`."""
        return replace(self, kernels=self.kernels[box[0].slice])

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of a block that has its halo: see `Step.compute`."""
        if out is None:
            shape = self.kernels[0].out_shape(block.shape[1:])
            dtype = np.dtype(self.target.dtype)
            out = aligned_empty((len(self.kernels), *shape), dtype)
        for kernel, result in zip(self.kernels, out, strict=True):
            kernel.compute(block[0], result)
        return out

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""
        own = edges._replace(runs=edges.runs[1:])
        return all(
            kernel.padding(cells[0], result, own)
            for kernel, result in zip(self.kernels, out, strict=True)
        )

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most: see `Step.work_bytes`.

        The results of all kernels, and what one kernel works in. A box may have the
        outputs of one kernel alone, of which there are never more than cells.
        """
        size = np.dtype(self.target.dtype).itemsize
        alone = min(outputs, cells)
        return size * outputs + max(k.work_bytes(alone, cells) for k in self.kernels)

    @property
    def is_tiled(self) -> bool:
        """Whether a kernel transforms tiles: see `Step.is_tiled`."""
        return any(kernel.is_tiled for kernel in self.kernels)

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return sum(kernel.cell_cost for kernel in self.kernels) / len(self.kernels)

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        first = self.kernels[0]
        return {
            "step": self.name,
            "dim": self.dim,
            "labels": None if self.coordinate is None else told(self.coordinate),
            "kernels": [
                {
                    "kernel": kernel.kernel.describe(),
                    "compute": kernel.numbers.compute,
                    "engine": kernel.choice.engine,
                }
                for kernel in self.kernels
            ],
            "windows": described_windows(first.geometry, first.boundaries),
            "fill_value": number_text(self.boundaries.fill_value),
            "dtype": [self.source.dtype, self.target.dtype],
        }

    def engine_note(self) -> str:
        """The engines that compute it."""
        engines = sorted({kernel.choice.engine for kernel in self.kernels})
        return (
            f"{', '.join(engines)}: {len(self.kernels)} kernels over one padded block"
        )


class CorrelateBank(DilatedSettings):
    """Cross-correlation with several kernels, their results along a new dimension."""

    step_name: ClassVar[str] = "correlate_bank"

    kernels: Annotated[
        Annotated[
            Annotated[tuple[AnyKernel, ...], Field(min_length=1)], Tag("in order")
        ]
        | Annotated[
            Annotated[dict[StepName, AnyKernel], Field(min_length=1)], Tag("by name")
        ],
        Discriminator(
            lambda value: "by name" if isinstance(value, dict) else "in order"
        ),
    ]
    """Kernels of one shape, each as correlate takes it: a list, or a mapping of names."""

    dim: StepName = "kernel"
    """The new dimension, which comes first; the names are its coordinate."""

    @field_validator("kernels", mode="before")
    @classmethod
    def is_not_one_file(cls, value: Any) -> Any:
        """The kernels, unless they are the file of one."""
        if is_file(value) and isinstance(value["path"], str):
            raise refusal(
                short(value),
                "a list of kernels, or a mapping of names to kernels",
                f"write a list: [{{path: {value['path']}}}]",
            )
        return value

    @field_validator("kernels")
    @classmethod
    def fit_the_other_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """The kernels, unless their own text contradicts `dims`."""
        faults = (
            ((key,), contradiction(kernel, info.data.get("dims")))
            for key, kernel in keyed(value)
        )
        errors = [(path, error) for path, error in faults if error is not None]
        if errors:
            raise refused_at("kernels", errors)
        return value

    def resolve(self, source: ArrayMeta) -> BankStep:
        """The step for an input."""
        named = isinstance(self.kernels, dict)
        found = keyed(self.kernels)
        bank = Bank.of(
            [kernel_for(source, kernel, self.dims) for _, kernel in found],
            np.array([name for name, _ in found]) if named else None,
        )
        return bank_step(self.step_name, source, bank, self.dim, self.options())

    @property
    def new_dims(self) -> tuple[str, ...]:
        """Dimensions that it makes."""
        return (self.dim,)

    def named_dims(self) -> Iterator[tuple[TextPath, str]]:
        """Dimensions that the text names, each with its path below the step's."""
        yield from (
            (path, dim) for path, dim in super().named_dims() if path[0] != "kernels"
        )
        for name, kernel in keyed(self.kernels):
            yield from dims_in_kernel(kernel, ("kernels", name))


def keyed(kernels: Any) -> list[tuple[int | str, Any]]:
    """Kernels with their names, or their indices from 0."""
    pairs = kernels.items() if isinstance(kernels, dict) else enumerate(kernels)
    return list(pairs)


def told(coordinate: NDArray[Any]) -> list[Any]:
    """Labels as JSON."""
    if coordinate.dtype.kind in "iU" or (
        coordinate.dtype.kind == "f" and np.isfinite(coordinate).all()
    ):
        return list(coordinate.tolist())
    return [str(label) for label in coordinate]


def correlate_bank_step(
    meta: ArrayMeta,
    kernels: object,
    new_dim: str,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> BankStep:
    """Cross-correlation with each of several kernels."""
    bank = Bank.parse(kernels, dims, new_dim, meta.dims)
    return bank_step("correlate_bank", meta, bank, new_dim, options)


def bank_step(
    name: str, meta: ArrayMeta, bank: Bank, new_dim: object, options: WindowOptions
) -> BankStep:
    """The resolved step of a bank over an array.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    bank : Bank
        The kernels.
    new_dim : str
        The dimension that tells their results apart.
    options : WindowOptions
        What the user says of stride, padding and the rest.

    Raises
    ------
    DimError
        If the array has the new dimension already.
    KindError
        If its name is none.

    Notes
    -----
    Where integers are summed, each kernel's result is of the dtype that NumPy finds for
    those of all kernels together, or int64 where it finds none among the integers.
    """
    if not isinstance(new_dim, str) or not new_dim:
        raise KindError("dim", short(new_dim), "a name for the new dimension")
    if new_dim in meta.dims:
        raise DimError(
            "dim",
            repr(new_dim),
            f"a dimension that the array lacks; it has {', '.join(meta.dims)}",
            "choose another name for the new dimension",
        )
    steps = [window_step(name, meta, kernel, options) for kernel in bank.kernels]
    if len({step.target.dtype for step in steps}) > 1:
        wide = np.result_type(*(step.target.dtype for step in steps))
        held = replace(options, dtype="int64" if wide.kind == "f" else wide.name)
        steps = [window_step(name, meta, kernel, held) for kernel in bank.kernels]
    made = Axis(new_dim, 1, is_new=True)
    target = steps[0].target
    return BankStep(
        name,
        tuple(steps),
        bank.labels,
        meta.among((new_dim, *meta.dims)),
        replace(
            target, axes=(replace(made, size=len(steps), is_new=False), *target.axes)
        ),
    )
