"""Arithmetic on one block: NumPy in, NumPy out; no chunk, no dimension name."""

from volconv.compute.choose import ENGINES, Choice, check_engine, choose_engine
from volconv.compute.compiled.llvm.pages import WHILE_COMPILING
from volconv.compute.compiled.llvm.pages import can_leave as compiler_can_leave
from volconv.compute.compiled.programs.edges import CONSTANT, Edges
from volconv.compute.compiled.programs.program import aligned_empty, let_go_of_scratch
from volconv.compute.compiled.separable.boxes import box_operations
from volconv.compute.compiled.separable.factors import factorise
from volconv.compute.correlation import Correlation
from volconv.compute.numbers import (
    Numbers,
    cast,
    cast_bytes,
    checked_dtype,
    numbers_of,
)

__all__ = [
    "CONSTANT",
    "ENGINES",
    "WHILE_COMPILING",
    "Choice",
    "Correlation",
    "Edges",
    "Numbers",
    "aligned_empty",
    "box_operations",
    "cast",
    "cast_bytes",
    "check_engine",
    "checked_dtype",
    "choose_engine",
    "compiler_can_leave",
    "factorise",
    "let_go_of_scratch",
    "numbers_of",
]
