"""The operation that joins two or more results cell by cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute import cast, cast_bytes, checked_dtype
from volconv.errors import DimError, NumberError
from volconv.geometry import Geometry, Mix
from volconv.meta import ArrayMeta
from volconv.steps.joining import Joining

__all__ = ["OPERATIONS", "JoinStep", "join_step"]

Operation = Callable[..., NDArray[Any]]

OPERATIONS: dict[str, Operation] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.true_divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
"""The operations by name, applied from the first input to the last."""

ORDERS = ("maximum", "minimum")
"""Operations that choose one of the cells."""

WIDEST = 2.0**63 * (1 - 2.0**-30)
"""Below 2**63 by more than what float64 rounds."""


@dataclass(frozen=True, eq=False)
class JoinStep(Joining):
    """An operation on the cells of several inputs, resolved for them.

    Parameters
    ----------
    name : str
        One of `OPERATIONS`.
    sources : tuple of ArrayMeta
        The inputs, all of one shape.
    target : ArrayMeta
        The output.
    compute_dtype : str
        dtype of the arithmetic.
    """

    compute_dtype: str

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """Windows of one cell over each input, the only one of a dimension for all."""
        return tuple(
            Geometry(
                tuple(
                    (axis.dim, Mix.of(1, self.target.sizes[axis.dim]))
                    for axis in source.axes
                    if axis.size != self.target.sizes[axis.dim]
                )
            )
            for source in self.sources
        )

    def combine(
        self, blocks: Sequence[NDArray[Any]], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of blocks of all inputs."""
        if self.name in ORDERS:
            # saturated where a dtype holds less: what is cut off is never chosen
            blocks = [cast(block, self.compute_dtype) for block in blocks]
        into = out if self.compute_dtype == self.target.dtype else None
        found = self.reduced(blocks, self.compute_dtype, into)
        if self.may_wrap and not self.are_small(blocks):
            self.check_wrapped(blocks)
        return cast(found, self.target.dtype)

    def reduced(
        self,
        blocks: Sequence[NDArray[Any]],
        dtype: str,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """The operation over all blocks, in the arithmetic of a dtype."""
        operation = OPERATIONS[self.name]
        with np.errstate(all="ignore"):
            return reduce(
                lambda one, other: operation(
                    one, other, out=out, dtype=dtype, casting="unsafe"
                ),
                blocks,
            )

    @property
    def may_wrap(self) -> bool:
        """Whether cells of the inputs' dtypes may have a result beyond 64 bits."""
        if self.compute_dtype != "int64" or self.name in ORDERS:
            return False
        return self.largest([reach(source.dtype) for source in self.sources]) >= 2**63

    def largest(self, reaches: Sequence[int]) -> int:
        """The magnitude that a result of cells of some magnitudes has at most."""
        return math.prod(reaches) if self.name == "multiply" else sum(reaches)

    def are_small(self, blocks: Sequence[NDArray[Any]]) -> bool:
        """Whether no result of these blocks can be beyond 64 bits."""
        reaches = [
            max(abs(int(block.max(initial=0))), abs(int(block.min(initial=0))))
            for block in blocks
        ]
        return self.largest(reaches) < 2**63

    def check_wrapped(self, blocks: Sequence[NDArray[Any]]) -> None:
        """Refuse blocks with a result beyond 64 bits, as float64 tells.

        Raises
        ------
        NumberError
        """
        about = self.reduced(blocks, "float64")
        if (np.abs(about, out=about) >= WIDEST).any():
            raise NumberError(
                "the data",
                f"{' and '.join(source.dtype for source in self.sources)} values "
                f"of which to {self.name} may exceed 64 bits",
                "results that an int64 holds",
                "choose dtype: float64",
            )

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `combine` allocates at most, its result included.

        The result; where it is cast, two of them before it; one in float64 where it may
        wrap; before that the inputs, where they are cast.
        """
        del cells
        size = np.dtype(self.compute_dtype).itemsize
        work = size
        if self.may_wrap:
            work += 9
        if self.name in ORDERS:
            work += sum(
                2 * size for one in self.sources if one.dtype != self.compute_dtype
            )
        if self.compute_dtype != self.target.dtype:
            work += size
        as_target = cast_bytes(self.compute_dtype, self.target.dtype, outputs)
        return outputs * work + as_target

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return 1.5 * len(self.sources)

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        return {
            "step": self.name,
            "dtype": [
                *(source.dtype for source in self.sources),
                self.compute_dtype,
                self.target.dtype,
            ],
        }

    def engine_note(self) -> str:
        """The engine and why."""
        return f"numpy: {self.compute_dtype}, cell by cell"


def join_step(
    name: str,
    sources: Sequence[ArrayMeta],
    dtype: str | None,
    *,
    spread: Sequence[str] = (),
) -> JoinStep:
    """An operation over several inputs.

    Parameters
    ----------
    name : str
        One of `OPERATIONS`.
    sources : sequence of ArrayMeta
        The inputs.
    dtype : str, optional
        Of the outputs.
    spread : sequence of str
        Dimensions along which the one cell of an input is taken for all of others'.

    Raises
    ------
    DimError
        If their dimensions or sizes differ.
    NumberError
        If complex numbers are to be ordered, or stored as real ones.

    Notes
    -----
    Integers are added, subtracted and multiplied in int64, where a result beyond it is
    an error, never wrapped, and divided in float64. The largest of signed cells and of
    uint64 is no less than zero, a uint64; the smallest is an int64. Floats keep their
    dtype; float16 is worked with in float32.
    """
    first = max(
        sources, key=lambda source: [source.sizes.get(dim, 0) for dim in spread]
    )
    for other in sources:
        alike = {
            dim: first.sizes.get(dim) if dim in spread and size == 1 else size
            for dim, size in other.sizes.items()
        }
        if alike != first.sizes or other.dims != first.dims:
            raise DimError(
                "from",
                f"sizes {first.sizes} and {other.sizes}",
                "results of one shape",
                "give both the same stride and padding",
            )
    natural = natural_dtype(name, [np.dtype(source.dtype) for source in sources])
    compute = np.dtype("float32") if natural == np.float16 else natural
    if dtype is None:
        target = replace(first, dtype=natural.name, missing=())
        return JoinStep(name, tuple(sources), target, compute.name)
    chosen = checked_dtype("dtype", dtype)
    if natural.kind == "c" != chosen.kind:
        raise NumberError(
            "dtype", f"{chosen.name} for a complex result", "complex64 or complex128"
        )
    if chosen.kind in "fc":
        compute = np.result_type(compute, chosen)
    target = replace(first, dtype=chosen.name, missing=())
    return JoinStep(name, tuple(sources), target, compute.name)


def natural_dtype(name: str, dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """The dtype of a result where the user chooses none.

    Raises
    ------
    NumberError
        If complex numbers are to be ordered.
    """
    found = np.result_type(*dtypes)
    if found.kind == "c" and name in ORDERS:
        raise NumberError(
            "from",
            f"{found.name} cells, which have no order, to {name}",
            "real numbers",
        )
    if any(dtype.kind not in "bui" for dtype in dtypes):
        return found
    if name == "divide":
        return np.dtype("float64")
    if name not in ORDERS:
        return np.dtype("int64")
    mixed = np.dtype("uint64" if name == "maximum" else "int64")
    return mixed if found.kind == "f" else found


def reach(dtype: str) -> int:
    """The largest magnitude of cells of an integer dtype."""
    if dtype == "bool":
        return 1
    limits = np.iinfo(dtype)
    return max(-int(limits.min), int(limits.max))
