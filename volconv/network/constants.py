"""Constants of a graph: as the file holds them, or made by nodes of constants alone.

They are read, or made, when they are asked for: weights of layers that nobody wants stay
where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

__all__ = ["Constants"]


@dataclass(frozen=True, eq=False)
class Constants:
    """Arrays by name.

    Parameters
    ----------
    folder : str
        Where tensors lie that are in files of their own.
    opset : int
        Version of the operators.
    tensors : dict
        As the file has them, or arrays.
    makers : dict
        The nodes that make the others.
    sized : dict
        The nodes that make what depends on sizes alone, by what they make: Shape, and
        nodes that read no more than that and constants.
    """

    folder: str
    opset: int
    tensors: dict[str, onnx.TensorProto | NDArray[Any]] = field(default_factory=dict)
    makers: dict[str, onnx.NodeProto] = field(default_factory=dict)
    sized: dict[str, onnx.NodeProto] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.tensors or name in self.makers

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self.tensors, *self.makers)))

    def __getitem__(self, name: str) -> NDArray[Any]:
        from onnx import numpy_helper

        if name not in self.tensors:
            self.make(name)
        found = self.tensors[name]
        if isinstance(found, np.ndarray):
            return found
        return np.asarray(numpy_helper.to_array(found, self.folder))

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array; values stay where they are, where that can be."""
        maker = self.makers.get(name)
        if maker is not None and maker.op_type == "ConstantOfShape":
            return tuple(int(cells) for cells in self[maker.input[0]])
        if name not in self.tensors:
            self.make(name)
        found = self.tensors[name]
        return found.shape if isinstance(found, np.ndarray) else tuple(found.dims)

    def make(self, name: str) -> None:
        """Have its node make an array."""
        from onnx import ValueInfoProto, helper
        from onnx.reference import ReferenceEvaluator

        node = self.makers[name]
        inputs = {read: self[read] for read in node.input if read}
        graph = helper.make_graph(
            [node],
            "constant",
            [ValueInfoProto(name=read) for read in inputs],
            [ValueInfoProto(name=made) for made in node.output if made],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, opset_imports=opsets)
        found = ReferenceEvaluator(model).run(None, inputs)
        names = [made for made in node.output if made]
        for made, values in zip(names, found, strict=True):
            self.tensors[made] = np.asarray(values)

    def over(self, shape_of: Callable[[str], tuple[int, ...]]) -> Constants:
        """The constants, and what depends on sizes, which are known.

        Parameters
        ----------
        shape_of : callable
            Cells along all axes of a result by its name.
        """
        found = self.but({})
        for name, node in self.sized.items():
            if node.op_type == "Shape":
                ends = {one.name: one.i for one in node.attribute}
                cut = slice(ends.get("start"), ends.get("end"))
                found.tensors[name] = np.array(shape_of(node.input[0])[cut])
            else:
                found.makers[name] = node
        return found

    def but(self, arrays: Mapping[str, NDArray[Any]]) -> Constants:
        """The constants and some more."""
        return replace(
            self, tensors={**self.tensors, **arrays}, makers=dict(self.makers)
        )
