"""The public function that runs a network from a file."""

from __future__ import annotations

from pathlib import Path

from volconv.api.apply import Dims, Labelled, apply
from volconv.kernels.kernel import as_names
from volconv.steps.wiring import resolved_pipeline

__all__ = ["onnx"]


def onnx(
    data: Labelled,
    path: str | Path,
    *,
    channel: str = "channel",
    dims: Dims | None = None,
    output: str | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """A network in an ONNX file, its nodes as steps.

    Parameters
    ----------
    data : DataArray or Dataset
        Real numbers, with a dimension of channels and one for each further axis of the
        network. Others, such as a batch, are carried along; none need be there. Sizes
        need not be those of the file.
    path : path
        The file. docs/layers.md lists the operators that are known.
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
    DataArray or Dataset
        Lazy where `data` is backed by Dask, and the same bits in any chunks. Coordinates
        follow the first input of each node. Of a Dataset the variables that have the
        dimension of channels, and `dims`.

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
    >>> import onnx as writer, tempfile, numpy as np, xarray as xr
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
    from volconv.network import Axes, graph_steps, read_graph

    graph = read_graph(path)
    names: tuple[str, ...] | None = None if dims is None else as_names(dims)
    axes = Axes(channel, names, graph.axes)
    layers = list(graph_steps(graph, axes, output))
    return apply(
        data,
        lambda meta: resolved_pipeline(layers, meta),
        (channel, *(names or ())),
        keep_attrs,
    )
