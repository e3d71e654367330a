"""What is carried out over an array: one step, or a pipeline of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import xarray as xr

from volconv.errors import KindError
from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.steps import Join, Pipeline, Step, compute_box, compute_cells
from volconv.steps.plain import check_plain, plain_cells
from volconv.steps.wiring import path_to, steps_to

__all__ = ["Process", "all_steps", "is_lazy", "labelled_steps", "made_by", "values_of"]

Process = Step | Pipeline
"""A step, or a pipeline whose last step makes its result."""


def labelled_steps(process: Process) -> list[Step]:
    """The steps along which coordinates go, one after the other."""
    return (
        path_to(process.nodes, process.last)
        if isinstance(process, Pipeline)
        else [process]
    )


def all_steps(process: Process) -> list[Step]:
    """The steps that take part in the result, in order."""
    return (
        steps_to(process, process.last) if isinstance(process, Pipeline) else [process]
    )


def made_by(process: Process) -> ArrayMeta:
    """The result."""
    return all_steps(process)[-1].target


def values_of(process: Process, cells: xr.Variable) -> Any:
    """The values of the result: lazy for a Dask array, else computed now."""
    if isinstance(process, Pipeline):
        return pipeline_values(process, cells)
    if process.source.new_axes:
        cells = cells.set_dims(process.source.sizes)
    if is_lazy(cells):
        from volconv.lazy import lazy_step

        return lazy_step(process, cells.data)
    return compute_cells(process, plain_cells(cells.data))


def pipeline_values(pipeline: Pipeline, cells: xr.Variable) -> Any:
    """The values of a pipeline's result; what is no longer read is let go."""
    if is_lazy(cells):
        return lazy_values(pipeline, cells.data)
    values = plain_cells(cells.data)
    box = tuple(Interval(0, size) for size in pipeline.steps[-1].target.shape)
    return compute_box(
        pipeline, box, lambda part: values[tuple(side.slice for side in part)]
    )


def lazy_values(pipeline: Pipeline, data: Any) -> Any:
    """The result over a Dask array, step by step."""
    from volconv.lazy import lazy_join, lazy_step

    def of(step: Step, read: Sequence[Any]) -> Any:
        if isinstance(step, Join):
            return lazy_join(step, read)
        return lazy_step(step, read[0])

    results = [data]
    for node in pipeline.nodes:
        results.append(of(node.step, [results[read] for read in node.inputs]))
    return results[-1]


def is_lazy(array: xr.DataArray | xr.Variable) -> bool:
    """Whether the array is backed by Dask.

    Raises
    ------
    KindError
        If its chunks have unknown sizes or are of another library, or it wraps a Dask
        array.
    """
    cells = array.variable if isinstance(array, xr.DataArray) else array
    if cells.__dask_graph__() is None:
        return False
    check_plain("data", cells.data)
    if any(math.isnan(size) for sizes in cells.chunks or () for size in sizes):
        raise KindError(
            "data",
            "a Dask array with chunks of unknown size",
            "known chunks",
            "call .data.compute_chunk_sizes() first",
        )
    return True
