"""The step `conv_transpose`: as `torch.nn.functional.conv_transpose3d` and its kin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

from numpy.typing import NDArray
from pydantic import PlainValidator, WithJsonSchema

from volconv.boundary import Boundaries
from volconv.compute.transposed import Transposed
from volconv.errors import GeometryError, KernelError
from volconv.geometry import Geometry, Interval, PerDim, Spreading, Window
from volconv.geometry.by_dim import per_dim, whole_number
from volconv.geometry.padding import MOST_PADDING, padding_cells
from volconv.meta import ArrayMeta, Axis
from volconv.steps.correlate import Weights
from volconv.steps.fields import ByDim, Count, Dims, DTypeName
from volconv.steps.files import OrFile
from volconv.steps.frame import Cells, refuse_name
from volconv.steps.layer import (
    Biases,
    LayerEngineName,
    LayerOptions,
    layer_of,
    weights_of,
)
from volconv.steps.mix import MixStep, mixed_target
from volconv.steps.model import refusing
from volconv.steps.options import WindowOptions
from volconv.steps.settings import StepSettings
from volconv.steps.spreading import SpreadingStep

__all__ = ["CellsByDim", "ConvTranspose", "Moves", "conv_transpose_step"]

CellsByDim = int | tuple[int, int] | Mapping[str, int | tuple[int, int]]

Added = Annotated[
    int,
    PlainValidator(refusing(lambda value: whole_number("", value, 0))),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]
"""A whole number of at least 0."""

FIRST = "input channels, output channels of a group"
"""The first two axes of weights."""


@dataclass(frozen=True, eq=False)
class TransposedStep(SpreadingStep, MixStep):
    """A step that mixes channels and makes more cells: see `BlockStep`."""

    def of_box(self, box: Sequence[Interval]) -> Self:
        """The step with the channels and the arithmetic of a box: see `VaryingStep`."""
        return replace(MixStep.of_box(self, box), box=tuple(box))


class ConvTranspose(StepSettings):
    """A transposed convolution layer: each input cell spread over several outputs."""

    step_name: ClassVar[str] = "conv_transpose"

    weight: OrFile[Weights]
    """Input channels, output channels of a group, kernel: lists, or {path: net.npz}."""

    bias: OrFile[Biases] | None = None
    """What is added, a number for each output channel."""

    channel: str = "channel"
    """The dimension of channels."""

    dims: Dims | None = None
    """Dimensions of the kernel, in the order of its axes."""

    stride: ByDim[Count] = 1
    """Outputs from where one cell is spread to where the next one is."""

    padding: ByDim[Cells] = 0
    """Outputs left out before and after: a number for both, or a pair."""

    output_padding: ByDim[Added] = 0
    """Outputs added after: fewer than the stride, or than the dilation."""

    dilation: ByDim[Count] = 1
    """Outputs from one tap to the next."""

    groups: Count = 1
    """Parts into which channels are divided; each input channel goes to one of them."""

    dtype: DTypeName | None = None
    """dtype of the result: rounded half to even, and saturated."""

    engine: LayerEngineName = "auto"
    """The arithmetic: auto, direct or reference."""

    def resolve(self, source: ArrayMeta) -> TransposedStep:
        """The step for an input."""
        layer = LayerOptions(self.channel, self.dims, self.groups)
        moves = Moves(self.stride, self.padding, self.output_padding, self.dilation)
        options = WindowOptions(dtype=self.dtype, engine=self.engine)
        return conv_transpose_step(
            source, self.weight, self.bias, layer, moves, options
        )


@dataclass(frozen=True)
class Moves:
    """Where the cells of a layer are spread, as a user says it.

    The fields are the keywords of `volconv.conv_transpose`, which explains them.
    """

    stride: PerDim = 1
    padding: CellsByDim = 0
    output_padding: PerDim = 0
    dilation: PerDim = 1

    def windows(self, sizes: Mapping[str, int]) -> dict[str, Spreading]:
        """A window for each dimension of a kernel.

        Raises
        ------
        GeometryError
            If a number is out of range.
        DimError
            If a dimension is not the kernel's.
        """
        dims = tuple(sizes)
        named = {
            name: per_dim(name, value, dims, dims, default)
            for name, value, default in (
                ("stride", self.stride, 1),
                ("dilation", self.dilation, 1),
                ("padding", self.padding, 0),
                ("output_padding", self.output_padding, 0),
            )
        }
        return {
            dim: window_of(dim, size, *(values[dim] for values in named.values()))
            for dim, size in sizes.items()
        }


def window_of(
    dim: str, size: int, stride: object, dilation: object, padding: object, more: object
) -> Spreading:
    """The window along one dimension.

    Raises
    ------
    GeometryError
    """
    factor = whole_number(f"stride along {dim!r}", stride)
    apart = whole_number(f"dilation along {dim!r}", dilation)
    refuse_name(padding)
    before, after = padding_cells(dim, padding, Window(1), 1)
    where = f"output_padding along {dim!r}"
    added = whole_number(where, more, 0)
    if added >= max(factor, apart):
        raise GeometryError(
            where, f"{added}", "less than the stride, or than the dilation"
        )
    window = Spreading.of(size, factor, apart, (before, after - added))
    if max(window.padding) > MOST_PADDING:
        raise GeometryError(
            f"dilation along {dim!r}",
            f"{apart}, for which outputs read {max(window.padding)} cells beyond the ends",
            f"at most {MOST_PADDING} such cells",
        )
    return window


def conv_transpose_step(
    meta: ArrayMeta,
    weight: object,
    bias: object,
    layer: LayerOptions,
    moves: Moves,
    options: WindowOptions,
) -> TransposedStep:
    """A transposed convolution layer.

    Parameters
    ----------
    meta : ArrayMeta
        The input.
    weight : array_like, shape (input channels, output channels of a group, *kernel)
        The weights.
    bias : array_like, shape (output channels,), optional
        What is added.
    layer : LayerOptions
        Channels and groups.
    moves : Moves
        Stride, padding and the rest.
    options : WindowOptions
        The dtype and the engine.

    Raises
    ------
    KernelError
        If weights, bias, groups and channels do not fit each other.
    GeometryError
        If a number is out of range, or no output is left.
    DimError
        If a dimension is not there.
    """
    meta.require([layer.channel], "channel")
    weights = turned(weights_of(weight, FIRST), meta.axis(layer.channel), layer.groups)
    found = layer_of(meta, weights, bias, layer)
    windows = moves.windows(found.sizes)
    for dim, window in windows.items():
        check_outputs(dim, window, meta.axis(dim).size)
    convolution = found.convolution(
        "conv_transpose",
        {dim: window.factor for dim, window in windows.items()},
        {dim: window.dilation for dim, window in windows.items()},
        options,
    )
    geometry = found.mixing(Geometry(tuple(windows.items())))
    return TransposedStep(
        "conv_transpose",
        Transposed(convolution),
        geometry,
        Boundaries(()),  # no cell beyond the edge is spread: zeros
        meta,
        mixed_target(meta, geometry, convolution.target),
        None,
    )


def turned(weights: NDArray[Any], channels: Axis, groups: object) -> NDArray[Any]:
    """Weights with output channels first, as other layers have them.

    Raises
    ------
    KernelError
        If they do not fit the channels.
    """
    parts = whole_number("groups", groups)
    inputs, outputs, *kernel = weights.shape
    if inputs != channels.size:
        raise KernelError(
            "weight",
            f"{inputs} input channels",
            f"{channels.size}, as dimension {channels.dim!r} has",
            "check the order of the weight's axes: input channels come first",
        )
    if inputs % parts:
        raise KernelError(
            "groups", f"{parts} of {inputs} input channels", "a divisor of them"
        )
    by_part = weights.reshape(parts, inputs // parts, outputs, *kernel)
    return by_part.swapaxes(1, 2).reshape(parts * outputs, inputs // parts, *kernel)


def check_outputs(dim: str, window: Spreading, cells: int) -> None:
    """Refuse a layer that leaves no output.

    Raises
    ------
    GeometryError
        Naming the dimension.
    """
    try:
        window.out_size(cells)
    except GeometryError as error:
        error.where = f"padding along {dim!r}"
        raise
