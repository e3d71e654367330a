"""The public function that runs a network from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from volconv.api.apply import Dims, is_lazy, keeps_attrs, value_free
from volconv.coordinates import array_meta, output_attrs, step_coords
from volconv.errors import KindError
from volconv.geometry import Interval
from volconv.kernels.kernel import as_names
from volconv.steps import Join, Pipeline, Step, compute_box
from volconv.steps.wiring import path_to, resolved_pipeline, steps_to

__all__ = ["onnx"]


def onnx(
    data: xr.DataArray,
    path: str | Path,
    *,
    channel: str = "channel",
    dims: Dims | None = None,
    output: str | None = None,
    keep_attrs: bool | None = None,
) -> xr.DataArray:
    """A network in an ONNX file, its nodes as steps.

    Parameters
    ----------
    data : DataArray
        Real numbers, with a dimension of channels and one for each further axis of the
        network. Others, such as a batch, are carried along; none need be there. Sizes
        need not be those of the file.
    path : path
        The file. What of ONNX is known is told in docs/layers.md.
    channel : str
        The dimension of channels.
    dims : str or sequence of str, optional
        Dimensions of the network's axes after batch and channel, in their order: by
        default all but `channel`.
    output : str, optional
        A result in the midst of the network, or the node that makes it, to end with: by
        default the network's own.
    keep_attrs : bool, optional
        As for `correlate`.

    Returns
    -------
    DataArray
        Lazy where `data` is backed by Dask, and the same bits in any chunks. Coordinates
        follow the first input of each node.

    Raises
    ------
    InputError
        If there is no such file.
    KindError
        If an operator is no step, naming it and the node; or if the package onnx is not
        installed.
    VolconvError
        If a layer does not fit what it reads.

    Examples
    --------
    >>> import onnx as writer, tempfile, numpy as np
    >>> weight = writer.numpy_helper.from_array(np.float32([[[1, 1]], [[1, -1]]]), "w")
    >>> value = writer.helper.make_tensor_value_info
    >>> graph = writer.helper.make_graph(
    ...     [writer.helper.make_node("Conv", ["image", "w"], ["sums"])],
    ...     "sums and differences",
    ...     [value("image", 1, [1, 1, None])],
    ...     [value("sums", 1, [1, 2, None])],
    ...     [weight],
    ... )
    >>> row = xr.DataArray(np.float32([[1, 2, 4]]), dims=("channel", "x"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     writer.save(writer.helper.make_model(graph), f"{folder}/sums.onnx")
    ...     onnx(row, f"{folder}/sums.onnx").values
    array([[ 3.,  6.],
           [-1., -2.]], dtype=float32)
    """
    if not isinstance(data, xr.DataArray):
        raise KindError(
            "data",
            f"{type(data).__module__}.{type(data).__name__}",
            "an xarray DataArray",
            "name a variable: dataset['t2m']",
        )
    from volconv.network import Axes, graph_steps, read_graph

    graph = read_graph(path)
    axes = Axes(channel, None if dims is None else as_names(dims), graph.axes)
    layers = list(graph_steps(graph, axes, output))
    coords = data.coords.to_dataset()
    meta = array_meta(data.dims, data.shape, data.dtype, coords)
    pipeline = resolved_pipeline(layers, meta)
    for step in path_to(pipeline, pipeline.last):
        coords = step_coords(coords, step)
    attrs = output_attrs(
        data.attrs,
        steps_to(pipeline, pipeline.last),
        keep_attrs=keeps_attrs(keep_attrs),
    )
    values = (
        lazy_values(pipeline, data.data)
        if is_lazy(data)
        else all_values(pipeline, data)
    )
    variable = xr.Variable(
        pipeline.target(meta).dims, values, attrs, value_free(data.encoding)
    )
    result = xr.DataArray(variable, coords=coords.coords, name=data.name)
    result.encoding = variable.encoding
    return result


def all_values(pipeline: Pipeline, data: xr.DataArray) -> Any:
    """The result over an array in memory; what is no longer read is let go."""
    cells = np.asarray(data.values)
    box = tuple(Interval(0, size) for size in pipeline.steps[-1].target.shape)
    return compute_box(
        pipeline, box, lambda part: cells[tuple(side.slice for side in part)]
    )


def lazy_values(pipeline: Pipeline, data: Any) -> Any:
    """The result over a Dask array, step by step."""
    from volconv.lazy import lazy_join, lazy_step

    def of(step: Step, read: Sequence[Any]) -> Any:
        if isinstance(step, Join):
            return lazy_join(step, read)
        return lazy_step(step, read[0])

    places = [data]
    for node in pipeline.nodes:
        places.append(of(node.step, [places[place] for place in node.inputs]))
    return places[-1]
