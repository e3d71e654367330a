"""The step `conv`: a convolution layer, as `torch.nn.functional.conv3d` and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from volconv.compute import numbers_of
from volconv.compute.compiled import jit
from volconv.compute.convolution import LAYER_ENGINES, Convolution
from volconv.errors import DimError, KernelError, NumberError, did_you_mean
from volconv.geometry import Geometry, Interval, Mix
from volconv.geometry.geometry import whole_number
from volconv.kernels.kernel import as_names
from volconv.meta import ArrayMeta, Axis
from volconv.steps.block import CELL, BlockStep
from volconv.steps.correlate import Weights
from volconv.steps.fields import Count
from volconv.steps.settings import DilatedSettings
from volconv.steps.window import WindowOptions, windows_of

__all__ = ["Conv", "LayerOptions", "MixStep", "conv_step"]

PRODUCT = 0.04
"""Nanoseconds of one product of a compiled layer, about."""

MOST_AXES = 3
"""Axes along which a layer's windows move, at most."""


@dataclass(frozen=True, eq=False)
class MixStep(BlockStep):
    """A step that mixes the cells of one dimension, its channels: see `BlockStep`."""

    @property
    def channel(self) -> int:
        """The axis of channels."""
        return next(
            place
            for place, dim in enumerate(self.source.dims)
            if isinstance(self.geometry[dim], Mix)
        )

    def of_box(self, box: Sequence[Interval]) -> MixStep:
        """The step with the channels of a box: see `PlacedStep`."""
        side = box[self.channel]
        if side.size == self.target.shape[self.channel]:
            return self
        windows = tuple(
            (dim, Mix.of(window.size, side.size) if isinstance(window, Mix) else window)
            for dim, window in self.geometry
        )
        operation = cast("Convolution", self.operation).of_channels(side)
        return replace(self, operation=operation, geometry=Geometry(windows))

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        products: int = cast("Convolution", self.operation).weights[0].size
        return CELL + PRODUCT * products


@dataclass(frozen=True)
class LayerOptions:
    """What tells a layer from a window: its channels.

    Parameters
    ----------
    channel : str
        The dimension of channels.
    dims : str or sequence of str, optional
        Dimensions of the kernel's axes: by default all but that of channels.
    groups : int
        Parts into which channels are divided.
    """

    channel: str = "channel"
    dims: Sequence[str] | str | None = None
    groups: int = 1


class Conv(DilatedSettings):
    """A convolution layer: input channels mixed into output channels."""

    step_name: ClassVar[str] = "conv"

    weight: Weights
    """Weights: output channels, input channels of a group, then the kernel's axes."""

    bias: tuple[float, ...] | None = Field(default=None, min_length=1)
    """What is added, a number for each output channel."""

    channel: str = "channel"
    """The dimension of channels."""

    groups: Count = 1
    """Parts into which channels are divided; each output channel reads one of them."""

    def resolve(self, source: ArrayMeta) -> MixStep:
        """The step for an input."""
        layer = LayerOptions(self.channel, self.dims, self.groups)
        return conv_step(source, self.weight, self.bias, layer, self.options())


def conv_step(
    meta: ArrayMeta,
    weight: object,
    bias: object,
    layer: LayerOptions,
    options: WindowOptions,
) -> MixStep:
    """A convolution layer.

    Parameters
    ----------
    meta : ArrayMeta
        The input.
    weight : array_like, shape (output channels, input channels of a group, *kernel)
        The weights.
    bias : array_like, shape (output channels,), optional
        What is added.
    layer : LayerOptions
        Channels and groups.
    options : WindowOptions
        What the user says of stride, padding and the rest.

    Raises
    ------
    KernelError
        If weights, bias, groups and channels do not fit each other.
    DimError
        If a dimension is not there.
    VolconvError
        As for `windows_of`.
    """
    meta.require([layer.channel], "channel")
    weights = weights_of(weight)
    dims = dims_of(meta, layer, weights.ndim - 2)
    groups = whole_number("groups", layer.groups)
    check_channels(weights, meta.axis(layer.channel).size, groups, layer.channel)
    sizes = dict(zip(dims, weights.shape[2:], strict=True))
    geometry, boundaries = windows_of(meta, sizes, options)
    numbers = numbers_of(meta.dtype, np.ones(1), boundaries.fill_value, options.dtype)
    if np.dtype(numbers.compute).kind == "c":
        raise NumberError("data", f"{meta.dtype} under conv", "real numbers")
    operation = Convolution(
        weights.astype(numbers.compute),
        bias_of(bias, len(weights)).astype(numbers.compute),
        meta.index(layer.channel),
        tuple(meta.index(dim) for dim in dims),
        tuple(geometry[dim].stride for dim in dims),
        tuple(geometry[dim].dilation for dim in dims),
        groups,
        numbers.target,
        layer_engine(options.engine),
        of_group=len(weights) // groups,
    )
    mix = Mix.of(meta.axis(layer.channel).size, len(weights))
    geometry = Geometry(((layer.channel, mix), *geometry.windows))
    return MixStep(
        "conv",
        operation,
        geometry,
        boundaries,
        meta,
        mixed_target(meta, geometry, numbers.target),
        None,
    )


def mixed_target(meta: ArrayMeta, geometry: Geometry, dtype: str) -> ArrayMeta:
    """What a step makes whose windows mix a dimension: that loses its coordinate."""
    found = meta.with_sizes(geometry.out_sizes(meta.sizes), geometry.jumps())
    axes = tuple(
        Axis(axis.dim, axis.size) if isinstance(geometry[axis.dim], Mix) else axis
        for axis in found.axes
    )
    return replace(found, axes=axes, dtype=dtype)


def weights_of(weight: object) -> NDArray[Any]:
    """Weights as an array of real numbers.

    Raises
    ------
    KernelError
        If they are none, or have not 3 to 5 axes.
    """
    try:
        found = np.asarray(weight)
    except ValueError:
        found = np.empty(0, object)
    expected = (
        "finite real numbers of shape (output channels, input channels of a group, "
        "then 1 to 3 axes of the kernel)"
    )
    if found.dtype.kind not in "iuf" or not 3 <= found.ndim <= 2 + MOST_AXES:
        got = f"{found.dtype} of shape {found.shape}"
        raise KernelError("weight", got, expected)
    if 0 in found.shape or not np.isfinite(found).all():
        got = f"shape {found.shape}" if 0 in found.shape else "NaN or inf"
        raise KernelError("weight", got, expected)
    return found


def bias_of(bias: object, count: int) -> NDArray[Any]:
    """A number for each output channel; zeros where none is given.

    Raises
    ------
    KernelError
    """
    if bias is None:
        return np.zeros(count)
    found = np.asarray(bias)
    if found.shape != (count,) or found.dtype.kind not in "iuf":
        raise KernelError(
            "bias",
            f"{found.dtype} of shape {found.shape}",
            f"one number for each of {count} output channels",
        )
    return found


def dims_of(meta: ArrayMeta, layer: LayerOptions, axes: int) -> tuple[str, ...]:
    """Dimensions of the kernel's axes.

    Raises
    ------
    DimError
        If there are not as many as axes, or one of them is that of channels.
    """
    own = tuple(dim for dim in meta.dims if dim != layer.channel)
    dims = own if layer.dims is None else as_names(layer.dims)
    meta.require(dims, "dims")
    if len(dims) != axes or len(set(dims)) < axes or layer.channel in dims:
        raise DimError(
            "dims",
            str(list(dims)),
            f"{axes} dimensions beside {layer.channel!r}, one for each axis of the kernel",
            "say dims=[…]" if layer.dims is None else "",
        )
    return dims


def check_channels(
    weights: NDArray[Any], channels: int, groups: int, channel: str
) -> None:
    """Refuse weights that do not fit the channels.

    Raises
    ------
    KernelError
    """
    outputs, inputs = weights.shape[:2]
    if inputs * groups != channels:
        raise KernelError(
            "weight",
            f"{inputs} input channels in each of {groups} groups",
            f"{channels} in all, as dimension {channel!r} has",
            "check groups, and the order of the weight's axes",
        )
    if outputs % groups:
        raise KernelError(
            "groups", f"{groups} of {outputs} output channels", "a divisor of them"
        )


def layer_engine(engine: str) -> str:
    """The engine that computes a layer.

    Raises
    ------
    NumberError
        If it is not known.
    """
    if engine == "auto":
        try:
            jit.host()
        except jit.UnsupportedMachineError:
            return "reference"
        return "direct"
    if engine not in LAYER_ENGINES:
        known = ("auto", *LAYER_ENGINES)
        raise NumberError(
            "engine",
            repr(engine),
            f"one of {', '.join(known)}, for a layer",
            did_you_mean(engine, known),
        )
    return engine
