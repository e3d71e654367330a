"""What each layer of a network sees of the network's input: whole numbers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from volconv.errors import GeometryError
from volconv.geometry import Mix, ReceptiveField, Window
from volconv.steps import Pipeline

__all__ = ["Layer", "LayerFields", "layers_of", "moving_dims", "receptive_fields"]


@dataclass(frozen=True)
class Layer:
    """A layer as far as its reach goes.

    Parameters
    ----------
    name, kind : str
        What it is called, and what it is.
    inputs : tuple of int
        What it reads: 0 for the network's input, n for the n-th layer.
    windows : mapping of str to Window, optional
        Its windows by dimension, of one cell along those that are left out; None where
        an output may see all of its input.
    sizes : mapping of str to int
        Its outputs along each dimension; without those that are not known.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    windows: Mapping[str, Window] | None
    sizes: Mapping[str, int]

    @property
    def is_pointwise(self) -> bool:
        """Whether an output sees what the one cell in its place sees."""
        windows = self.windows
        if windows is None or len(set(self.inputs)) > 1:
            return False
        return all(window.is_identity for window in windows.values())


@dataclass(frozen=True)
class LayerFields:
    """What the outputs of a layer see of the network's input.

    Parameters
    ----------
    layer : Layer
        The layer.
    fields : mapping of str to ReceptiveField, optional
        By dimension; None where they may see all.
    apart : mapping of str to Fraction
        Input cells between the centres of paths that meet in the layer, along
        dimensions where these do not align.
    """

    layer: Layer
    fields: Mapping[str, ReceptiveField] | None
    apart: Mapping[str, Fraction]


def receptive_fields(layers: Sequence[Layer], dims: Sequence[str]) -> list[LayerFields]:
    """What each layer sees, along some dimensions.

    Raises
    ------
    GeometryError
        If paths of different strides meet, the layer and the dimension named.

    Examples
    --------
    >>> half = Layer("half", "max_pool", (0,), {"x": Window(2, stride=2)}, {"x": 8})
    >>> smooth = Layer("smooth", "box", (1,), {"x": Window(3)}, {"x": 6})
    >>> receptive_fields([half, smooth], ["x"])[1].fields["x"].size
    6
    """
    seen: list[Mapping[str, ReceptiveField] | None]
    seen = [{dim: ReceptiveField.of([]) for dim in dims}]
    found = []
    for layer in layers:
        inputs = [seen[read] for read in layer.inputs]
        known = [fields for fields in inputs if fields is not None]
        if layer.windows is None or len(known) < len(inputs) or not inputs:
            one = LayerFields(layer, None, {})
        else:
            one = fields_through(layer, layer.windows, known, dims)
        seen.append(one.fields)
        found.append(one)
    return found


def fields_through(
    layer: Layer,
    windows: Mapping[str, Window],
    inputs: Sequence[Mapping[str, ReceptiveField]],
    dims: Sequence[str],
) -> LayerFields:
    """What a layer sees through all that it reads."""
    fields, apart = {}, {}
    for dim in dims:
        paths = [known[dim] for known in inputs]
        try:
            joined = ReceptiveField.union(paths)
        except GeometryError as error:
            where = f"paths that meet in {layer.name!r}, along {dim!r}"
            raise GeometryError(where, error.got, error.expected) from None
        fields[dim] = joined.then(windows.get(dim, Window(1)))
        distance = ReceptiveField.apart(paths)
        if distance:
            apart[dim] = distance
    return LayerFields(layer, fields, apart)


def layers_of(pipeline: Pipeline) -> list[Layer]:
    """The layers of a pipeline, one for each step; dimensions that it mixes left out."""
    return [
        Layer(
            node.name or f"step {number}",
            node.step.name,
            node.inputs,
            {
                dim: window
                for dim, window in node.step.geometry
                if not isinstance(window, Mix)
            },
            node.step.target.own.sizes,
        )
        for number, node in enumerate(pipeline.nodes, start=1)
    ]


def moving_dims(layers: Sequence[Layer], dims: Sequence[str]) -> list[str]:
    """Of some dimensions, in order, those along which a window of a layer moves."""
    moving = {
        dim
        for layer in layers
        for dim, window in (layer.windows or {}).items()
        if not window.is_identity
    }
    return [dim for dim in dims if dim in moving]
