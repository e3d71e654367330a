"""Builders of operators that are functions of single cells: see `operators`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volconv.compute import elementwise as functions
from volconv.compute.numbers import SOURCES
from volconv.compute.pointwise import CellFunction
from volconv.errors import KindError
from volconv.network.axes import Axes, Build, Builder, one
from volconv.network.graph import Graph, GraphNode, dtype_of
from volconv.steps import Step, pointwise_step
from volconv.steps.pointwise import cast_step, real_function_step

__all__ = ["CELLWISE", "activation", "cast", "power"]

Number = tuple[str, float]
"""An attribute, and what it is where it is left out."""


def activation(step: Callable[..., Step], *numbers: Number) -> Builder:
    """The builder of a step of single cells, with its attributes in order."""

    def build(graph: Graph, node: GraphNode, axes: Axes) -> Build:
        del graph, axes
        values = [node.number(key, default) for key, default in numbers]
        return lambda sources: step(one(sources), *values)

    return build


def function(kind: Callable[..., CellFunction], *numbers: Number) -> Builder:
    """The builder of a function of real numbers, with its attributes in order."""

    def build(graph: Graph, node: GraphNode, axes: Axes) -> Build:
        del graph, axes
        values = [node.number(key, default) for key, default in numbers]
        return lambda sources: real_function_step(
            node.op.lower(), one(sources), lambda compute: kind(compute, *values), None
        )

    return build


def ufunc(name: str) -> Builder:
    """The builder of one of NumPy's functions."""
    return function(lambda compute: functions.Ufunc(compute, name))


def in_float64(kind: Callable[[str], CellFunction]) -> Builder:
    """The builder of a function that is computed in float64."""
    return function(lambda _: kind("float64"))


CELLWISE: Mapping[str, Builder] = {
    "Celu": function(functions.Celu, ("alpha", 1.0)),
    "Ceil": ufunc("ceil"),
    "Erf": in_float64(functions.Erf),
    "Exp": ufunc("exp"),
    "Floor": ufunc("floor"),
    "HardSigmoid": function(functions.HardSigmoid, ("alpha", 0.2), ("beta", 0.5)),
    "HardSwish": function(functions.HardSwish),
    "Mish": function(functions.Mish),
    "Neg": ufunc("negative"),
    "Reciprocal": function(lambda compute: functions.Quotient(compute, 1)),
    "Round": ufunc("rint"),
    "Selu": function(
        functions.Selu, ("alpha", 1.6732632423543772), ("gamma", 1.0507009873554805)
    ),
    "Shrink": function(functions.Shrink, ("bias", 0.0), ("lambd", 0.5)),
    "Sign": ufunc("sign"),
    "Softplus": function(functions.Softplus),
    "Softsign": function(functions.Softsign),
    "Swish": function(functions.Swish, ("alpha", 1.0)),
    "ThresholdedRelu": function(functions.ThresholdedRelu, ("alpha", 1.0)),
}
"""Functions of real numbers, whose results are floats."""


def power(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Powers of one exponent."""
    del axes
    exponent = graph.constant_of(node, 1)
    if graph.is_constant(node.inputs[0]) or exponent is None or exponent.size != 1:
        got = "a base that is constant, or several exponents"
        raise KindError(node.where, got, "one number for an exponent")
    by = float(exponent.item())
    return lambda sources: real_function_step(
        "power", one(sources), lambda compute: functions.Power(compute, by), None
    )


def cast(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Values in another dtype: floats become integers towards zero."""
    del graph, axes
    dtype = dtype_of(node.attributes["to"])
    if dtype.name not in SOURCES or dtype.kind == "c":
        names = ", ".join(name for name in SOURCES if not name.startswith("complex"))
        raise KindError(node.where, f"dtype {dtype.name}", f"one of {names}")
    if dtype.kind in "iu":
        whole = functions.Truncated()
        return lambda sources: pointwise_step("cast", one(sources), whole, dtype.name)
    return lambda sources: cast_step(one(sources), dtype.name)
