"""Fourier transforms of any length, many at once: one in each lane of a vector.

A transform of length N = r1 r2 … is done in passes, one for each radix, from array to
array in Stockham's order, so that the last pass leaves its values in their own order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from volconv.compute.compiled.fft.butterflies import Complex, Transform
from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, constant, vector

__all__ = ["LARGEST", "Passes", "radices"]

# Of one pass: more values than that are spilled from the registers.
LARGEST = 16


@lru_cache
def radices(length: int) -> tuple[int, ...]:
    """Radices of the passes: as few as can be, and as even.

    Raises
    ------
    ValueError
        If the length has a prime factor above 7.

    Examples
    --------
    >>> radices(48), radices(96), radices(360)
    ((6, 8), (8, 12), (5, 8, 9))
    """
    best: tuple[int, ...] | None = None
    for radix in (16, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2):
        if length % radix == 0:
            rest = () if length == radix else radices(length // radix)
            found = tuple(sorted((radix, *rest)))
            if best is None or (len(found), max(found)) < (len(best), max(best)):
                best = found
    if best is None:
        message = f"length: got {length}; expected a product of 2, 3, 5 and 7."
        raise ValueError(message)
    return best


@dataclass(frozen=True)
class Passes:
    """A transform to be written as a function.

    Attributes
    ----------
    length : int
        A product of 2, 3, 5 and 7, above 1.
    scalar : {"float", "double"}
    lanes : int
    """

    length: int
    scalar: Scalar
    lanes: int

    @property
    def name(self) -> str:
        """Of the function."""
        return f"@transform_{self.length}"

    @property
    def size(self) -> int:
        """Bytes of a scalar."""
        return BITS[self.scalar] // 8

    @property
    def width(self) -> int:
        """Bytes of a vector."""
        return self.lanes * self.size

    @property
    def scratch(self) -> int:
        """Bytes that the function needs at `%buf`."""
        return 4 * self.length * self.width

    def text(self) -> str:
        """The function: from `re` and `im` to `to_re` and `to_im`, perhaps the same.

        `from` and `to` are the bytes from value to value.
        """
        f = Function(
            f"internal void {self.name}(ptr %re, ptr %im, ptr %to_re, ptr %to_im, "
            "i64 %from, i64 %to, ptr %buf)"
        )
        plan = radices(self.length)
        tables = []
        done = 1
        even = ("%buf", f.at("%buf", self.width), 2 * self.width)
        other = f.at("%buf", self.scratch // 2)
        odd = (other, f.at(other, self.width), 2 * self.width)
        source: tuple[str, str, str | int] = ("%re", "%im", "%from")
        for number, radix in enumerate(plan):
            last = number == len(plan) - 1
            buffer = odd if number % 2 else even
            target = ("%to_re", "%to_im", "%to") if last else buffer
            table = "" if last else f"{self.name}_{number}"
            self._pass(f, radix, done, (source, target), table)
            if not last:
                tables.append(self._table(table, radix, self.length // (done * radix)))
            done *= radix
            source = target
        return "\n".join([*tables, f.text()])

    def _pass(
        self,
        f: Function,
        radix: int,
        done: int,
        pointers: tuple[tuple[str, str, str | int], tuple[str, str, str | int]],
        table: str,
    ) -> None:
        """Values ``i + rest (j + radix k)`` to ``i + rest (k + done j)``."""
        rest = self.length // (done * radix)
        transform = Transform(f, self.scalar, self.lanes)
        kind = vector(self.scalar, self.lanes)
        (re, im, move), (to_re, to_im, to) = pointers
        step, to_step = _times(f, move, rest), _times(f, to, rest * done)
        with f.loop(rest) as outer:
            turns = self._turns(f, table, radix, outer.index) if table else []
            with f.loop(done) as inner:
                start = f.add(outer.index, f.mul(inner.index, rest * radix))
                shift = f.mul(start, move)
                values = []
                for _ in range(radix):
                    values.append(
                        Complex(
                            f.load(kind, f.at(re, shift)), f.load(kind, f.at(im, shift))
                        )
                    )
                    shift = f.add(shift, step)
                found = transform.of(values)
                shift = f.mul(f.add(outer.index, f.mul(inner.index, rest)), to)
                for j, value in enumerate(found):
                    out = value
                    if turns and j:
                        out = transform.turned(value, *turns[j - 1])
                    f.store(kind, out.re, f.at(to_re, shift))
                    f.store(kind, out.im, f.at(to_im, shift))
                    shift = f.add(shift, to_step)

    def _turns(
        self, f: Function, table: str, radix: int, index: str
    ) -> list[tuple[str, str]]:
        """Cosine and sine for each value but the first, in each lane."""
        pointer = f.at(table, f.mul(index, 2 * (radix - 1) * self.size))
        found = []
        for number in range(radix - 1):
            pair = [
                f.spread(
                    self.scalar,
                    self.lanes,
                    f.load(self.scalar, f.at(pointer, (2 * number + part) * self.size)),
                )
                for part in (0, 1)
            ]
            found.append((pair[0], pair[1]))
        return found

    def _table(self, name: str, radix: int, rest: int) -> str:
        """Cosines and sines between this pass and the next."""
        numbers = []
        for i in range(rest):
            for j in range(1, radix):
                angle = 2 * math.pi * i * j / (rest * radix)
                numbers += [math.cos(angle), math.sin(angle)]
        if self.scalar == "float":
            numbers = np.array(numbers, np.float32).astype(float).tolist()
        items = ", ".join(f"{self.scalar} {constant(value)}" for value in numbers)
        return (
            f"{name} = internal constant [{len(numbers)} x {self.scalar}] [{items}], "
            "align 64"
        )


def _times(f: Function, move: str | int, count: int) -> str:
    return str(move * count) if isinstance(move, int) else f.mul(move, count)
