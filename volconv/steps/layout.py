"""Where results on the way lie in one piece of memory, each for as long as it is read.

Results come and go in an order that is known before: where one ends, another may begin.
An allocator, which does not know it, keeps more of the machine than is ever in use, and
has large arrays cleared anew by the system each time::

      bytes
        |   |-- c --|        c and d lie where a was, once a is read no more
        |-- a --|-- d --|
        |------ b ------|
        +-----------------> steps
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Interval

__all__ = ["LINE", "Layout", "Memory", "Span"]

LINE = 64
"""Bytes of a cache line: engines write past the caches to arrays that begin on one."""


@dataclass(frozen=True, eq=False)
class Memory:
    """Memory for what a pipeline holds on the way.

    Parameters
    ----------
    empty : callable
        Takes a shape and a dtype, and returns an array that stays valid for as long as
        what the pipeline returns is used.
    read : callable
        Takes a box inside the input and an array of its shape, and returns the cells:
        there, or where they lie already.
    """

    empty: Callable[[Sequence[int], np.dtype[Any]], NDArray[Any]]
    read: Callable[[tuple[Interval, ...], NDArray[Any]], NDArray[Any]]


class Span(NamedTuple):
    """Bytes that are held for some steps.

    Parameters
    ----------
    nbytes : int
        How many.
    first, last : int
        The first step at which they are held, and the last.
    """

    nbytes: int
    first: int
    last: int

    def meets(self, other: Span) -> bool:
        """Whether both are held at some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Layout:
    """Where spans lie.

    Parameters
    ----------
    starts : tuple of int
        The first byte of each span, on a cache line.
    nbytes : int
        Bytes in all.

    Examples
    --------
    >>> Layout.of([Span(640, 1, 2), Span(64, 1, 4), Span(320, 3, 4)])
    Layout(starts=(0, 640, 0), nbytes=704)
    """

    starts: tuple[int, ...]
    nbytes: int

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Layout:
        """The spans laid out, the largest ones first, each as low as it can lie.

        Notes
        -----
        Greedy by size: Pisarchyk & Lee 2020, "Efficient Memory Management for Deep
        Neural Net Inference", section 5.2.
        """
        return laid_out(tuple(spans))


def laid_out(spans: tuple[Span, ...]) -> Layout:
    """The layout of spans: see `Layout.of`."""
    starts = [0] * len(spans)
    laid: list[int] = []
    order = sorted(range(len(spans)), key=lambda one: -spans[one].nbytes)
    for number in order:
        cells = in_lines(spans[number].nbytes)
        start = 0
        for other in laid:
            if not spans[other].meets(spans[number]):
                continue
            if starts[other] >= start + cells:
                break
            start = max(start, starts[other] + in_lines(spans[other].nbytes))
        starts[number] = start
        laid.append(number)
        laid.sort(key=starts.__getitem__)
    ends = [
        start + in_lines(span.nbytes) for start, span in zip(starts, spans, strict=True)
    ]
    return Layout(tuple(starts), max(ends, default=0))


def in_lines(nbytes: int) -> int:
    """Bytes in whole cache lines."""
    return -(-nbytes // LINE) * LINE
