"""The window arithmetic along one dimension.

Convention: output ``k`` of a window reads the input cells ``k s - a + j d`` for
``j = 0 … f - 1``, where index 0 is the first cell of the unpadded input. ::

        a = 2          n = 6 input cells
      |·  ·| 0  1  2  3  4  5 |·  ·|        f = 3, d = 2, so e = 5
       k=0: ·     0     2                   s = 2
       k=1:       0     2     4
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.interval import Interval

__all__ = ["Window", "unchained"]


@dataclass(frozen=True)
class Window:
    """A kernel's reach along one dimension.

    Parameters
    ----------
    size : int
        Taps, f.
    stride : int
        Input cells from one output to the next, s.
    dilation : int
        Input cells from one tap to the next, d.
    padding : tuple of int
        Cells added before and after the input, (a, b); below zero, cells left out.

    Notes
    -----
    The formulas are those of Dumoulin & Visin 2016, "A guide to convolution arithmetic
    for deep learning", section 2 and (dilation) section 5.1, for unequal paddings.

    Examples
    --------
    >>> window = Window(3, stride=2, padding=(1, 1))
    >>> window.out_size(7)
    4
    >>> window.source(Interval(1, 3))
    Interval(start=1, stop=6)
    """

    size: int
    stride: int = 1
    dilation: int = 1
    padding: tuple[int, int] = (0, 0)

    @property
    def span(self) -> int:
        """Input cells from the first tap to the last, both included: ``d (f - 1) + 1``."""
        return self.dilation * (self.size - 1) + 1

    @property
    def jump(self) -> Fraction:
        """Input cells from one output to the next: the stride, or a part of a cell."""
        return Fraction(self.stride)

    @property
    def padded(self) -> Self:
        """The same over an axis that holds its padding."""
        return replace(self, padding=(0, 0))

    @property
    def halo(self) -> int:
        """Cells that two neighbouring blocks both read: ``span - stride``.

        Negative where some input between two windows is never read.
        """
        return self.span - self.stride

    @property
    def is_identity(self) -> bool:
        """Whether every output is at one input cell, all of them, in order."""
        return self == Window(1)

    def out_size(self, cells: int) -> int:
        """Number of outputs along the dimension.

        Parameters
        ----------
        cells : int
            Cells n of the unpadded input.

        Raises
        ------
        GeometryError
            If the padded input is shorter than the span.

        Notes
        -----
        ``floor((n + a + b - e) / s) + 1``; Dumoulin & Visin 2016, relationship 6, with
        the span e in the kernel's place (their relationship 15).

        Examples
        --------
        >>> Window(3).out_size(6), Window(2, padding=(1, 1)).out_size(3)
        (4, 4)
        """
        free = cells + sum(self.padding) - self.span
        if free < 0:
            raise GeometryError(
                "kernel",
                f"span {self.span} over {cells} cells padded to {free + self.span}",
                "a span no longer than the padded input",
                f"pad {-free} more cells, or use a smaller size or dilation",
            )
        return free // self.stride + 1

    def source(self, outputs: Interval) -> Interval:
        """Input cells that a range of outputs reads, padding included.

        ``[k0 s - a, (k1 - 1) s - a + e)`` for outputs ``[k0, k1)``; empty for none.
        """
        before = self.padding[0]
        start = outputs.start * self.stride - before
        if outputs.size == 0:
            return Interval(start, start)
        last = (outputs.stop - 1) * self.stride - before
        return Interval(start, last + self.span)

    def owned(self, cells: Interval) -> Interval:
        """Outputs whose windows start in a range of input cells.

        ``[ceil((c0 + a) / s), ceil((c1 + a) / s))`` for cells ``[c0, c1)``.
        """
        before, stride = self.padding[0], self.stride
        return Interval(
            -(-(cells.start + before) // stride), -(-(cells.stop + before) // stride)
        )

    def inside(self, cells: Interval) -> Interval:
        """Outputs whose windows lie wholly in a range of input cells.

        ``[ceil((c0 + a) / s), floor((c1 + a - e) / s) + 1)`` for cells ``[c0, c1)``.

        Examples
        --------
        >>> Window(3, padding=(1, 1)).inside(Interval(0, 6))
        Interval(start=1, stop=5)
        """
        before, stride = self.padding[0], self.stride
        return Interval(
            -(-(cells.start + before) // stride),
            (cells.stop + before - self.span) // stride + 1,
        )

    def centre(self, output: int) -> Fraction:
        """Position of an output in the input's index space.

        ``k s - a + (e - 1) / 2``: a half where the span is even.

        Examples
        --------
        >>> Window(2, stride=2).centre(1)
        Fraction(5, 2)
        """
        start = output * self.stride - self.padding[0]
        return start + Fraction(self.span - 1, 2)

    def then(self, other: Self) -> Self:
        """The window of two steps, this one first, as far as reach goes.

        ``s = s1 s2``, ``e = e1 + (e2 - 1) s1``, ``a = a1 + a2 s1``: Araujo, Norris & Sim
        2019, "Computing Receptive Fields of Convolutional Neural Networks", equations
        for l, S and P. The dilation of the result is 1, its size the span.

        Raises
        ------
        GeometryError
            If one of them moves by a part of a cell: no window does what both do.

        Examples
        --------
        >>> Window(3, stride=2).then(Window(3))
        Window(size=7, stride=2, dilation=1, padding=(0, 0))
        """
        if other.jump.denominator > 1:
            raise unchained(other)
        before, after = (
            mine + theirs * self.stride
            for mine, theirs in zip(self.padding, other.padding, strict=True)
        )
        return type(self)(
            self.span + (other.span - 1) * self.stride,
            self.stride * other.stride,
            1,
            (before, after),
        )


def unchained(window: Window) -> GeometryError:
    """The error where windows of several steps are not one."""
    return GeometryError("windows", f"{window}", "windows that move by whole cells")
