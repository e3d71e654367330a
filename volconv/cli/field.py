"""Verb `field`: what each layer of a network or of a configuration sees of its input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volconv.errors import KindError, UnitError

if TYPE_CHECKING:
    from volconv.geometry import ReceptiveField
    from volconv.plan.field import Layer, LayerFields

__all__ = ["field"]

HEADS = ("layer", "kind", "along", "field", "stride", "padding", "halo", "outputs")


def field(
    path: Annotated[
        str, typer.Argument(metavar="FILE", help="A configuration, or a model.onnx.")
    ],
    size: Annotated[
        str,
        typer.Option(
            metavar="SIZES",
            help="Cells of the input, such as z=128,y=128,x=128: by default its own. "
            "With it, the input is not opened.",
        ),
    ] = "",
    every: Annotated[
        bool,
        typer.Option("--all", help="Layers that see no more than the one before, too."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all as JSON.")] = False,
) -> None:
    """Show the receptive field of each layer: its size, stride, padding and halo.

    The stride is from one output's field to the next, the padding what the first field
    has before the input, the halo what two neighbouring fields share: all in cells of
    the input.
    """
    layers, dims = layers_in(path, sizes_of(size))
    from volconv.plan.field import receptive_fields

    seen = receptive_fields(layers, dims)
    if as_json:
        print(json.dumps([layer_json(one) for one in seen], indent=2))
        return
    shown = [
        one
        for number, one in enumerate(seen, start=1)
        if every or number == len(seen) or not one.layer.is_pointwise
    ]
    for line in table([HEADS, *(row for one in shown for row in rows(one, dims))]):
        print(line)
    for one in shown:
        for dim, cells in one.apart.items():
            print(
                f"note: paths that meet in {one.layer.name} do not align: their "
                f"centres lie {cells} cells apart along {dim}"
            )


def sizes_of(text: str) -> dict[str, int]:
    """Sizes by name of a text such as z=128,y=128.

    Raises
    ------
    KindError
    """
    found = {}
    for part in text.split(",") if text else ():
        name, _, cells = part.strip().partition("=")
        if not name or not cells.isdecimal() or int(cells) == 0 or name in found:
            raise KindError("--size", repr(text), "sizes by name, such as z=128,y=128")
        found[name] = int(cells)
    return found


def layers_in(path: str, sizes: dict[str, int]) -> tuple[list[Layer], list[str]]:
    """The layers of a file, and the dimensions along which they see."""
    if Path(path).suffix == ".onnx":
        from volconv.network import graph_layers, read_graph, spatial_dims

        graph = read_graph(path)
        known = spatial_dims(graph, sizes)
        return graph_layers(graph, known), list(known)
    from volconv.config import load_config
    from volconv.run.prepare import config_pipeline

    config = load_config(path).located(Path(path).parent)
    try:
        pipeline = config_pipeline(config, sizes)
    except UnitError as error:
        if sizes:
            error.fix = (
                "leave --size out: the input's coordinates say how long cells are"
            )
        raise
    from volconv.plan.field import layers_of, moving_dims

    layers = layers_of(pipeline)
    return layers, moving_dims(layers, pipeline.dims)


def rows(seen: LayerFields, dims: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The lines of a layer: one for all dimensions along which it sees the same."""
    layer, fields = seen.layer, seen.fields
    if fields is None:
        yield (layer.name, layer.kind, ", ".join(dims), "all", *4 * [""])
        return
    groups: dict[tuple[str, ...], list[str]] = {}
    for dim in dims:
        groups.setdefault(cells_text(fields[dim], layer, dim), []).append(dim)
    for numbers, along in groups.items():
        yield (layer.name, layer.kind, ", ".join(along), *numbers)


def cells_text(field: ReceptiveField, layer: Layer, dim: str) -> tuple[str, ...]:
    """The numbers of a layer along a dimension, as texts."""
    numbers = (field.size, field.jump, field.padding, field.halo)
    return (*map(str, numbers), str(layer.sizes.get(dim, "?")))


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        words = [
            text.ljust(width) if column < 3 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(words).rstrip()


def layer_json(seen: LayerFields) -> dict[str, Any]:
    """A layer as JSON; its field is null where it may see all."""
    layer = seen.layer
    return {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": list(layer.inputs),
        "sizes": dict(layer.sizes),
        "fields": None if seen.fields is None else fields_json(seen.fields),
        "centres_apart": {dim: float(cells) for dim, cells in seen.apart.items()},
    }


def fields_json(fields: Mapping[str, ReceptiveField]) -> dict[str, Any]:
    """Fields by dimension as JSON."""
    return {
        dim: {
            "size": field.size,
            "stride": float(field.jump) if field.jump % 1 else int(field.jump),
            "padding": field.padding,
            "halo": field.halo,
        }
        for dim, field in fields.items()
    }
