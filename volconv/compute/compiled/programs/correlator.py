"""What the engines share: how they are called, and what they ask of arrays.

A correlator is prepared once for a kernel, strides, dilations and dtypes, and is
then called for any number of blocks, from any number of threads. It holds no code
and no pointers, so it can be pickled; code is compiled by the process that calls.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from volconv.compute.compiled.llvm import jit

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.emit import Scalar
    from volconv.compute.compiled.programs.edges import Edges
    from volconv.compute.compiled.programs.program import Program

Array = NDArray[Any]


class Geometry(NamedTuple):
    """How a block and its output lie in memory.

    A tuple, for programs are looked up by it block after block.

    Attributes
    ----------
    shape, strides : tuple of int
        Of the block.
    out_shape, out_strides : tuple of int
    item : int, bytes
        Of an output cell.
    alignment : int, bytes
        Power of two, up to 64, that the output's address is a multiple of; 0 if its
        cells are not aligned for their type.
    edges : Edges or None
        Where the cells of the block come from, if it is padded on the way.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    out_shape: tuple[int, ...]
    out_strides: tuple[int, ...]
    item: int
    alignment: int
    edges: Edges | None = None

    @classmethod
    def of(
        cls, block: Array, out: Array, edges: Edges | None = None, at: int | None = None
    ) -> Geometry:
        """The geometry of two arrays; `at` is the output's address, where it is known."""
        shapes = (block.shape, block.strides, out.shape, out.strides)
        address = (out.ctypes.data if at is None else at) | 64
        alignment = (address & -address) if out.flags.aligned else 0
        return cls(*shapes, out.itemsize, alignment, edges)


@dataclass(frozen=True, eq=False)
class Correlator(ABC):
    """Cross-correlation of padded blocks with one kernel.

    Attributes
    ----------
    size, stride, dilation : tuple of int
        Along each axis.
    source_dtype : dtype
        Of the blocks: bool, integer or real floating, in either byte order.
    compute_dtype : dtype
        Of the arithmetic and of the output: float32 or float64.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    source_dtype: np.dtype[Any]
    compute_dtype: np.dtype[Any]

    def __post_init__(self) -> None:
        """Refuse a window without axes."""
        if not self.size:
            message = "weights: got 0 axes; expected at least 1."
            raise ValueError(message)

    @abstractmethod
    def __call__(self, block: Array, out: Array) -> None:
        """Write the correlation of a padded block to all of `out`.

        Parameters
        ----------
        block : ndarray of the source dtype
            The input with its halo; any strides, need not be writable.
        out : ndarray of the compute dtype
            ``floor((n - e) / s) + 1`` cells along an axis of n cells, where
            ``e = d (f - 1) + 1``.

        Raises
        ------
        ValueError
            If shapes or dtypes do not fit.
        """

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """Write the correlation of cells that are padded on the way, where it can do so.

        Parameters
        ----------
        cells : ndarray of the source dtype
            The input without its halo.
        out : ndarray of the compute dtype
            As for a padded block.
        edges : Edges
            What the padded block would hold.

        Returns
        -------
        bool
            False if nothing was written: the block is then to be padded first.

        Raises
        ------
        ValueError
            If shapes or dtypes do not fit.
        """
        del cells, out, edges
        return False

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the output for a padded block of the given shape."""
        return _outputs(shape, self.size, self.stride, self.dilation)

    def _check(self, block: Array, out: Array, shape: tuple[int, ...]) -> None:
        if block.ndim != len(self.size):
            message = f"block: got {block.ndim} axes; expected {len(self.size)}."
            raise ValueError(message)
        if block.dtype != self.source_dtype:
            message = f"block: got {block.dtype}; expected {self.source_dtype}."
            raise ValueError(message)
        if out.dtype != self.compute_dtype:
            message = f"out: got {out.dtype}; expected {self.compute_dtype}."
            raise ValueError(message)
        if not out.flags.writeable:
            message = "out: got a read-only array; expected one to write to."
            raise ValueError(message)
        expected = self.output_shape(shape)
        if out.shape != expected:
            message = f"out: got shape {out.shape}; expected {expected}."
            raise ValueError(message)


@dataclass(frozen=True, eq=False)
class ProgramCorrelator(Correlator):
    """Correlator whose work on blocks of one geometry is one program."""

    def __call__(self, block: Array, out: Array) -> None:
        """Write the correlation of a padded block to all of `out`."""
        self._check(block, out, block.shape)
        if out.size == 0:
            return
        if not jit.is_readable(block.dtype):
            wider = np.dtype(np.float32)
            replace(self, source_dtype=wider)(block.astype(wider), out)
            return
        written = out
        if not _writable_in_rows(out) or np.may_share_memory(block, out):
            written = np.empty(out.shape, self.compute_dtype)
        at = written.ctypes.data
        program = self._program(Geometry.of(block, written, at=at))
        assert program is not None, "blocks without edges always have a program"
        program.run(block.ctypes.data, at)
        if written is not out:
            out[...] = written

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """Write the correlation of cells that are padded on the way, if that is known."""
        self._check(cells, out, edges.shape)
        edges.check(cells.shape)
        if out.size == 0 or cells.size == 0 or not jit.is_readable(cells.dtype):
            return False
        if not _writable_in_rows(out) or np.may_share_memory(cells, out):
            return False
        at = out.ctypes.data
        program = self._program(Geometry.of(cells, out, edges, at=at))
        if program is None:
            return False
        program.run(cells.ctypes.data, at)
        return True

    @abstractmethod
    def _program(self, geometry: Geometry) -> Program | None:
        """The work on blocks of one geometry; None if its edges are not known."""

    def reads_in_place(self, move: int) -> bool:
        """Whether the inner loops can read blocks as they are.

        Parameters
        ----------
        move : int, bytes
            From the input of one output to that of the next, along the last axis.
        """
        return (
            self.source_dtype == self.compute_dtype
            and self.source_dtype.isnative
            and move == self.source_dtype.itemsize
        )


@lru_cache(maxsize=256)
def _outputs(
    shape: tuple[int, ...],
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    sides = zip(shape, size, stride, dilation, strict=True)
    return tuple(max(0, (n - d * (f - 1) - 1) // s + 1) for n, f, s, d in sides)


def scalar_of(dtype: np.dtype[Any]) -> Scalar:
    """LLVM's name of a compute dtype."""
    return "float" if dtype.itemsize == 4 else "double"


def _writable_in_rows(out: Array) -> bool:
    contiguous = out.ndim > 0 and (
        out.shape[-1] == 1 or out.strides[-1] == out.itemsize
    )
    return contiguous and out.dtype.isnative


def dtypes(
    source_dtype: DTypeLike, compute_dtype: DTypeLike
) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Both dtypes, checked.

    Raises
    ------
    TypeError
        If compiled engines do not handle one of them.
    """
    source, compute = np.dtype(source_dtype), np.dtype(compute_dtype)
    if source.kind not in "biuf" or source.itemsize > 8:
        message = f"source_dtype: got {source}; expected bool, integer or real float."
        raise TypeError(message)
    if compute not in (np.dtype(np.float32), np.dtype(np.float64)):
        message = f"compute_dtype: got {compute}; expected float32 or float64."
        raise TypeError(message)
    return source, compute
