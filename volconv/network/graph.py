"""An ONNX file as plain values: nodes in order, and the constants that they read.

Names of operators and attributes are those of the ONNX operator specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volconv.errors import InputError, KindError
from volconv.files import opening, require_packages
from volconv.network.constants import Constants

if TYPE_CHECKING:
    import onnx

__all__ = ["Graph", "GraphNode", "dtype_of", "read_constants", "read_graph"]


@dataclass(frozen=True, eq=False)
class GraphNode:
    """One node of a graph.

    Parameters
    ----------
    op : str
        The operator, with its domain where that is not ONNX's own.
    name : str
        The node's name, or that of what it makes.
    inputs, outputs : tuple of str
        Names of what it reads and makes; empty where an optional one is left out.
    attributes : mapping
        Numbers, texts as str, and lists of them.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def number(self, key: str, default: float) -> float:
        """An attribute that is a number; a default is as exact as the file's are."""
        return float(self.attributes.get(key, np.float32(default)))

    @property
    def where(self) -> str:
        """What errors call it."""
        return f"{self.op} {self.name!r}"


@dataclass(frozen=True, eq=False)
class Graph:
    """A network with one input.

    Parameters
    ----------
    path : str
        Where it was read, for errors.
    nodes : tuple of GraphNode
        Each after those that it reads; without those of constants.
    input : str
        Name of what goes in.
    outputs : tuple of str
        Names of what comes out.
    shape : tuple
        Of the input; None where the file leaves a size open.
    dtype : dtype
        Of the input, as the file has it.
    opset : int
        Version of the operators.
    constants : Constants
        What is not computed, by name.
    """

    path: str
    nodes: tuple[GraphNode, ...]
    input: str
    outputs: tuple[str, ...]
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    opset: int
    constants: Constants = field(repr=False)

    @property
    def axes(self) -> int:
        """How many axes there are after those of batch and channel.

        Raises
        ------
        KindError
            If neither the input nor a weight says so.
        """
        if len(self.shape) > 2:
            return len(self.shape) - 2
        for node in self.nodes:
            if node.op == "Conv" and self.is_constant(node.inputs[1]):
                return len(self.constants.shape(node.inputs[1])) - 2
        raise KindError(
            self.path,
            f"an input of shape {list(self.shape)}",
            "axes of batch and channel, and one more at least",
        )

    def is_constant(self, name: str) -> bool:
        """Whether a name is that of a constant."""
        return name in self.constants

    def constant_of(self, node: GraphNode, index: int) -> NDArray[Any] | None:
        """The constant that a node reads as one of its inputs; None where there is none.

        Raises
        ------
        KindError
            If what it reads there is computed.
        """
        name = node.inputs[index] if index < len(node.inputs) else ""
        if not name:
            return None
        if not self.is_constant(name):
            raise KindError(
                node.where, f"input {index + 1} ({name!r}) computed", "a constant there"
            )
        return self.constants[name]

    def computed(self, node: GraphNode) -> tuple[str, ...]:
        """Names of what a node reads that is no constant."""
        known = (self.constants, self.constants.sized)
        return tuple(
            one
            for one in node.inputs
            if one and not any(one in names for names in known)
        )

    def behind(self, node: GraphNode) -> set[str]:
        """Names of results that a node reads, or whose sizes it depends on."""
        found: set[str] = set()
        left = list(node.inputs)
        while left:
            name = left.pop()
            if name in self.constants.sized:
                left += self.constants.sized[name].input
            else:
                found.add(name)
        return found

    def is_sized(self, node: GraphNode) -> bool:
        """Whether a node reads what depends on sizes of results before it."""
        return any(name in self.constants.sized for name in node.inputs)


def read_graph(path: str | Path) -> Graph:
    """The graph of an ONNX file.

    Parameters
    ----------
    path : path
        The file. Weights that lie beside it are read when they are asked for.

    Raises
    ------
    InputError
        If it is not there, or is no ONNX file.
    KindError
        If the package onnx is missing, or the graph has several inputs.
    """
    model = loaded(str(path))
    graph = model.graph
    constants, nodes = parted(model, path)
    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1:
        names = ", ".join(one.name for one in inputs) or "none"
        raise KindError(str(path), f"{len(inputs)} inputs ({names})", "one input")
    kind = inputs[0].type.tensor_type
    return Graph(
        str(path),
        tuple(plain_node(node) for node in nodes),
        inputs[0].name,
        tuple(one.name for one in graph.output),
        tuple(one.dim_value or None for one in kind.shape.dim),
        dtype_of(kind.elem_type),
        constants.opset,
        constants,
    )


def read_constants(path: str | Path) -> Constants:
    """What an ONNX file holds that is not computed from an input.

    Raises
    ------
    InputError, KindError
        As for `read_graph`; the graph may have any inputs.
    """
    return parted(loaded(str(path)), path)[0]


def parted(
    model: onnx.ModelProto, path: str | Path
) -> tuple[Constants, list[onnx.NodeProto]]:
    """The constants of a file, and the nodes that make none."""
    versions = [one.version for one in model.opset_import if one.domain in OWN]
    opset = versions[0] if versions else 1
    constants = Constants(str(Path(path).absolute().parent), opset)
    constants.tensors.update({one.name: one for one in model.graph.initializer})
    nodes = []
    for node in model.graph.node:
        reads = [name for name in node.input if name]
        if is_made_of(node, reads, constants):
            constants.makers.update(dict.fromkeys(node.output, node))
        elif depends_on_sizes(node, reads, constants):
            constants.sized.update(dict.fromkeys(node.output, node))
        else:
            nodes.append(node)
    return constants, nodes


def loaded(path: str) -> onnx.ModelProto:
    """The file's contents, without weights that lie in files beside it."""
    require_packages(path, "an ONNX file", "onnx")
    import onnx
    from google.protobuf.message import DecodeError

    with opening(path, "an ONNX file", DecodeError):
        model = onnx.load(path, load_external_data=False)
    if not model.graph.node:
        raise InputError(path, "a file without a graph", "an ONNX file")
    return model


def dtype_of(number: int) -> np.dtype[Any]:
    """The dtype that a file names by a number."""
    from onnx import helper

    return np.dtype(helper.tensor_dtype_to_np_dtype(number))


def plain_node(node: onnx.NodeProto) -> GraphNode:
    """A node as plain values."""
    from onnx import helper

    attributes = {
        one.name: plain(helper.get_attribute_value(one)) for one in node.attribute
    }
    op = f"{node.domain}::{node.op_type}" if node.domain not in OWN else node.op_type
    name = node.name or node.output[0]
    return GraphNode(op, name, tuple(node.input), tuple(node.output), attributes)


OWN = ("", "ai.onnx")
"""Domains of ONNX's own operators."""


def plain(value: Any) -> Any:
    """An attribute's value: texts as str, lists as tuples."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (list, tuple)) or type(value).__name__.startswith("Repeated"):
        return tuple(plain(one) for one in value)
    return value


def is_made_of(
    node: onnx.NodeProto, reads: Sequence[str], constants: Constants
) -> bool:
    """Whether a node makes a constant: of constants alone, and not by chance."""
    is_random = node.op_type.startswith("Random") or node.op_type == "Bernoulli"
    return not is_random and all(name in constants for name in reads)


def depends_on_sizes(
    node: onnx.NodeProto, reads: Sequence[str], constants: Constants
) -> bool:
    """Whether what a node makes depends on sizes of results, and on no cell of them."""
    return node.op_type == "Shape" or all(
        name in constants or name in constants.sized for name in reads
    )
