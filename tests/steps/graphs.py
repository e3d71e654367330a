"""Pipelines with branches, drawn at random, and what each of their places must hold."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.oracle import padded
from tests.steps.pipelines import steps_over
from tests.strategies import arrays, kinds, meta_of
from volconv.meta import without
from volconv.steps.cellwise import OPERATIONS, join_step
from volconv.steps.concat import concat_step
from volconv.steps.pipeline import Node, Pipeline
from volconv.steps.upsample import METHODS, upsample_step

FLOATS = ("float32", "float64")


@dataclass
class Graph:
    """An input and a pipeline over it."""

    array: Any
    pipeline: Pipeline

    @property
    def source(self):
        return meta_of(self.array.shape, self.array.dtype.name)

    def shape(self, place):
        return self.pipeline.meta(place, self.source).shape


@st.composite
def graphs(draw, dtypes=("int16", *FLOATS), most_nodes=5):
    """Steps over any earlier place, and joins of places of one shape."""
    shape = draw(st.lists(st.integers(2, 6), min_size=1, max_size=2))
    dtype = draw(st.sampled_from(dtypes))
    array = draw(arrays(dtype, tuple(shape)))
    metas = [meta_of(shape, dtype)]
    nodes = []
    step: Any
    for _ in range(draw(st.integers(2, most_nodes))):
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for place, meta in enumerate(metas):
            by_shape.setdefault(meta.shape, []).append(place)
        alike = [places for places in by_shape.values() if len(places) > 1]
        if alike and draw(st.booleans()):
            group = st.sampled_from(draw(st.sampled_from(alike)))
            inputs = tuple(draw(st.lists(group, min_size=2, max_size=3)))
            name = draw(st.sampled_from(("add", "subtract", "maximum", "minimum")))
            step = join_step(name, [metas[place] for place in inputs], None)
        elif draw(st.integers(0, 3)) == 0:
            axis, inputs = draw(behind(metas))
            read = [metas[place] for place in inputs]
            step = concat_step(read, read[0].dims[axis], None)
        else:
            inputs = (draw(st.integers(0, len(metas) - 1)),)
            meta = metas[inputs[0]]
            is_small = max(meta.shape) < 9
            finer = is_small and draw(st.integers(0, 3)) == 0
            step = draw(upsamplings(meta) if finer else steps_over(meta, "f"))
        nodes.append(Node(step, inputs))
        metas.append(step.target)
    return Graph(array, Pipeline(tuple(nodes)))


@st.composite
def behind(draw, metas):
    """An axis, and places that can be put one behind the other along it."""
    axis = draw(st.integers(0, len(metas[0].shape) - 1))
    first = draw(st.integers(0, len(metas) - 1))
    alike = [
        place
        for place, meta in enumerate(metas)
        if without(meta.shape, [axis]) == without(metas[first].shape, [axis])
    ]
    places = st.lists(st.sampled_from(alike), min_size=1, max_size=2)
    return axis, (first, *draw(places))


@st.composite
def upsamplings(draw, meta):
    """A step that makes more cells along some dimensions of an array."""
    dims = draw(st.lists(st.sampled_from(meta.dims), min_size=1, unique=True))
    factors = {dim: draw(st.integers(1, 3)) for dim in dims}
    method, kind = draw(st.sampled_from(METHODS)), draw(kinds)
    return upsample_step(meta, factors, None, method, kind, 0, None)


def whole_results(graph):
    """What each place holds, every step over the whole result of what it reads."""
    results = [graph.array]
    for node in graph.pipeline.nodes:
        read = [results[place] for place in node.inputs]
        if node.step.name == "concat":
            axis = node.step.source.dims.index(node.step.dim)
            found = np.concatenate(read, axis)
            results.append(found.astype(node.step.target.dtype))
        elif node.step.name in OPERATIONS:
            found = read[0].astype(node.step.compute_dtype)
            for other in read[1:]:
                found = joined(node.step.name, found, other.astype(found.dtype))
            results.append(found)
        else:
            results.append(node.step.compute(padded_for(node.step, read[0])))
    return results


def joined(name, one, other):
    """Two arrays joined, in the words of Python's operators and of `numpy.where`."""
    if name == "add":
        return one + other
    if name == "subtract":
        return one - other
    is_first = one >= other if name == "maximum" else one <= other
    return np.where(is_first, one, other)


def padded_for(step, array):
    """The array with what the step's boundary says lies beyond it, by `numpy.pad`."""
    dims = step.source.dims
    pairs = [step.geometry[dim].padding for dim in dims]
    kinds = [step.boundaries[dim] for dim in dims]
    return padded(array, pairs, kinds, step.boundaries.fill_value)
