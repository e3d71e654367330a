"""Arithmetic on one block: NumPy in, NumPy out; no chunk, no dimension name."""

from volconv.compute.choose import ENGINES, choose_engine
from volconv.compute.correlation import Correlation
from volconv.compute.numbers import Numbers, cast, numbers_of

__all__ = ["ENGINES", "Correlation", "Numbers", "cast", "choose_engine", "numbers_of"]
