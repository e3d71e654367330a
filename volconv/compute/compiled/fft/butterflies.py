"""Small discrete Fourier transforms, written out on values held in registers.

Forward transforms only: an inverse is a forward one with real and imaginary parts
exchanged before and after, which costs nothing where both are names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from volconv.compute.compiled.llvm.emit import Function, Scalar, constant, vector

__all__ = ["Complex", "Transform"]


class Complex(NamedTuple):
    """Names of a real and an imaginary part."""

    re: str
    im: str


@dataclass(frozen=True)
class Transform:
    """A writer of transforms into a function.

    Attributes
    ----------
    f : Function
    scalar : {"float", "double"}
    lanes : int
        Transforms done at once, one in each lane of a vector.
    """

    f: Function
    scalar: Scalar
    lanes: int

    @property
    def kind(self) -> str:
        """Type of a part."""
        return vector(self.scalar, self.lanes)

    def of(self, values: list[Complex]) -> list[Complex]:
        """``X[k] = Σ_n x[n] exp(-2πi n k / N)``."""
        count = len(values)
        if count == 1:
            return values
        if count == 2:
            a, b = values
            return [self.plus(a, b), self.minus(a, b)]
        first = next((n for n in (4, 2, 3, 5, 7) if count % n == 0), count)
        if first == 4 and count == 4:
            return self._four(values)
        if first == count:
            return self._prime(values)
        return self._product(values, first)

    def plus(self, a: Complex, b: Complex) -> Complex:
        """``a + b``."""
        return Complex(self._add(a.re, b.re), self._add(a.im, b.im))

    def minus(self, a: Complex, b: Complex) -> Complex:
        """``a - b``."""
        return Complex(self._sub(a.re, b.re), self._sub(a.im, b.im))

    def turned(self, value: Complex, cosine: str, sine: str) -> Complex:
        """``(cosine - i sine) value``."""
        return Complex(
            self._add(self._mul(value.re, cosine), self._mul(value.im, sine)),
            self._sub(self._mul(value.im, cosine), self._mul(value.re, sine)),
        )

    def number(self, value: float) -> str:
        """A constant in each lane."""
        rounded = float(np.float32(value)) if self.scalar == "float" else value
        one = constant(rounded)
        if self.lanes == 1:
            return one
        return f"<{', '.join([f'{self.scalar} {one}'] * self.lanes)}>"

    def _four(self, values: list[Complex]) -> list[Complex]:
        a, b, c, d = values
        even, odd = self.plus(a, c), self.plus(b, d)
        left, right = self.minus(a, c), self.minus(b, d)
        return [
            self.plus(even, odd),
            Complex(self._add(left.re, right.im), self._sub(left.im, right.re)),
            self.minus(even, odd),
            Complex(self._sub(left.re, right.im), self._add(left.im, right.re)),
        ]

    def _prime(self, values: list[Complex]) -> list[Complex]:
        """By sums and differences of the values at n and at -n."""
        count = len(values)
        half = range(1, (count + 1) // 2)
        sums = [self.plus(values[n], values[-n]) for n in half]
        differences = [self.minus(values[n], values[-n]) for n in half]
        total = values[0]
        for value in sums:
            total = self.plus(total, value)
        found = [total] * count
        for k in half:
            angles = [2 * math.pi * (n * k % count) / count for n in half]
            even = values[0]
            for angle, value in zip(angles, sums, strict=True):
                even = self.plus(even, self._scaled(value, math.cos(angle)))
            odd = self._scaled(differences[0], math.sin(angles[0]))
            for angle, value in zip(angles[1:], differences[1:], strict=True):
                odd = self.plus(odd, self._scaled(value, math.sin(angle)))
            found[k] = Complex(self._add(even.re, odd.im), self._sub(even.im, odd.re))
            found[-k] = Complex(self._sub(even.re, odd.im), self._add(even.im, odd.re))
        return found

    def _product(self, values: list[Complex], first: int) -> list[Complex]:
        """``first`` transforms inside others: Cooley and Tukey 1965."""
        count = len(values)
        second = count // first
        inner = []
        for n in range(second):
            parts = self.of(values[n::second])
            inner.append(
                [self._unit(part, n * k, count) for k, part in enumerate(parts)]
            )
        found = list(values)
        for k in range(first):
            found[k::first] = self.of([parts[k] for parts in inner])
        return found

    def _unit(self, value: Complex, turn: int, count: int) -> Complex:
        """The value times ``exp(-2πi turn / count)``."""
        turn %= count
        if turn == 0:
            return value
        if 4 * turn == count:
            return Complex(value.im, self._negated(value.re))
        if 2 * turn == count:
            return Complex(self._negated(value.re), self._negated(value.im))
        angle = 2 * math.pi * turn / count
        cosine, sine = self.number(math.cos(angle)), self.number(math.sin(angle))
        return self.turned(value, cosine, sine)

    def _scaled(self, value: Complex, by: float) -> Complex:
        number = self.number(by)
        return Complex(self._mul(value.re, number), self._mul(value.im, number))

    def _add(self, a: str, b: str) -> str:
        return self.f.op(f"fadd contract {self.kind} {a}, {b}")

    def _sub(self, a: str, b: str) -> str:
        return self.f.op(f"fsub contract {self.kind} {a}, {b}")

    def _mul(self, a: str, b: str) -> str:
        return self.f.op(f"fmul contract {self.kind} {a}, {b}")

    def _negated(self, a: str) -> str:
        return self.f.op(f"fneg {self.kind} {a}")
