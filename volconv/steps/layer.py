"""What convolution layers share: weights that fit channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator, WithJsonSchema

from volconv.compute import check_engine, numbers_of
from volconv.compute.compiled.llvm import jit
from volconv.compute.convolution import LAYER_ENGINES, Convolution
from volconv.errors import DimError, KernelError, NumberError
from volconv.geometry import Geometry, Mix
from volconv.geometry.by_dim import whole_number
from volconv.kernels.kernel import as_names
from volconv.meta import ArrayMeta
from volconv.steps.checks import read_engine
from volconv.steps.model import refusing
from volconv.steps.options import WindowOptions

__all__ = [
    "Biases",
    "Layer",
    "LayerEngineName",
    "LayerOptions",
    "layer_of",
    "weights_of",
]

FIRST = "output channels, input channels of a group"
"""The first two axes of weights."""

Biases = Annotated[tuple[float, ...], Field(min_length=1)]
"""A number for each output channel."""

CHOICES = ("auto", *LAYER_ENGINES)
"""Engines that a user may name."""

FOR_A_LAYER = ", for a layer"


LayerEngineName = Annotated[
    str,
    PlainValidator(refusing(lambda value: read_engine(value, CHOICES, FOR_A_LAYER))),
    WithJsonSchema({"enum": list(CHOICES)}),
]
"""One of `CHOICES`."""

MOST_AXES = 3
"""Axes along which a layer's windows move, at most."""


@dataclass(frozen=True)
class LayerOptions:
    """What distinguishes a layer from a window: its channels.

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


@dataclass(frozen=True, eq=False)
class Layer:
    """Weights and bias that fit an input.

    Parameters
    ----------
    meta : ArrayMeta
        The input.
    weights : ndarray, shape (output channels, input channels of a group, *kernel)
        As the user wrote them.
    bias : ndarray, shape (output channels,)
        Zeros where none is given.
    channel : str
        The dimension of channels.
    dims : tuple of str
        Dimensions of the kernel's axes.
    groups : int
        Parts into which channels are divided.
    """

    meta: ArrayMeta
    weights: NDArray[Any]
    bias: NDArray[Any]
    channel: str
    dims: tuple[str, ...]
    groups: int

    @property
    def sizes(self) -> dict[str, int]:
        """Taps along each dimension of the kernel."""
        return dict(zip(self.dims, self.weights.shape[2:], strict=True))

    def convolution(
        self,
        name: str,
        strides: Mapping[str, int],
        dilations: Mapping[str, int],
        options: WindowOptions,
    ) -> Convolution:
        """The arithmetic of a block.

        Raises
        ------
        NumberError
            If the data are complex, or a dtype or an engine is not known.
        """
        cells = self.meta.dtype
        numbers = numbers_of(cells, np.ones(1), options.fill_value, options.dtype)
        if np.dtype(numbers.compute).kind == "c":
            is_chosen = np.dtype(cells).kind != "c"
            where, got = ("dtype", numbers.target) if is_chosen else ("data", cells)
            raise NumberError(where, f"{got} under {name}", "real numbers")
        return Convolution(
            self.weights.astype(numbers.compute),
            self.bias.astype(numbers.compute),
            self.meta.index(self.channel),
            tuple(self.meta.index(dim) for dim in self.dims),
            tuple(strides[dim] for dim in self.dims),
            tuple(dilations[dim] for dim in self.dims),
            self.groups,
            numbers.target,
            layer_engine(options.engine),
            of_group=len(self.weights) // self.groups,
            is_apart=self.dims[-1] != self.meta.dims[-1],
        )

    def mixing(self, windows: Geometry) -> Geometry:
        """The windows along the kernel's dimensions, and that of channels."""
        mix = Mix.of(self.meta.axis(self.channel).size, len(self.weights))
        return Geometry(((self.channel, mix), *windows.windows))


def layer_of(
    meta: ArrayMeta, weights: NDArray[Any], bias: object, options: LayerOptions
) -> Layer:
    """A layer over an input.

    Raises
    ------
    KernelError
        If weights, bias, groups and channels do not fit each other.
    DimError
        If a dimension is not there.
    """
    meta.require([options.channel], "channel")
    dims = spatial_dims(
        meta,
        options.channel,
        options.dims,
        weights.ndim - 2,
        "one for each axis of the kernel",
    )
    groups = whole_number("groups", options.groups)
    check_channels(weights, meta.axis(options.channel).size, groups, options.channel)
    return Layer(
        meta, weights, bias_of(bias, len(weights)), options.channel, dims, groups
    )


def weights_of(weight: object, first: str = FIRST) -> NDArray[Any]:
    """Weights as an array of real numbers.

    Parameters
    ----------
    weight : array_like
        The weights.
    first : str
        What their first two axes are, for errors.

    Raises
    ------
    KernelError
        If they are none, or have not 3 to 5 axes.
    """
    found = as_array(weight)
    expected = f"finite real numbers of shape ({first}, then 1 to 3 axes of the kernel)"
    if found.dtype.kind not in "iuf" or not 3 <= found.ndim <= 2 + MOST_AXES:
        got = f"{found.dtype} of shape {found.shape}"
        raise KernelError("weight", got, expected)
    if 0 in found.shape or not np.isfinite(found).all():
        got = f"shape {found.shape}" if 0 in found.shape else "NaN or inf"
        raise KernelError("weight", got, expected)
    return found


def as_array(value: object) -> NDArray[Any]:
    """The value as an array; as an empty one of objects where it cannot be one."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError):  # of rows of unequal length, or of a Dataset
        return np.empty(0, object)


def bias_of(bias: object, count: int) -> NDArray[Any]:
    """A number for each output channel; zeros where none is given.

    Raises
    ------
    KernelError
    """
    if bias is None:
        return np.zeros(count)
    found = as_array(bias)
    if found.shape != (count,) or found.dtype.kind not in "iuf":
        raise KernelError(
            "bias",
            f"{found.dtype} of shape {found.shape}",
            f"one number for each of {count} output channels",
        )
    return found


def spatial_dims(
    meta: ArrayMeta, channel: str, dims: Sequence[str] | str | None, axes: int, why: str
) -> tuple[str, ...]:
    """Dimensions along which windows move: all but that of channels by default.

    Parameters
    ----------
    meta : ArrayMeta
        The input.
    channel : str
        Its dimension of channels.
    dims : str or sequence of str, optional
        What is said of the others.
    axes : int
        How many there must be.
    why : str
        What says so, for errors.

    Raises
    ------
    DimError
        If there are not as many as axes, or one of them is that of channels.
    """
    own = tuple(dim for dim in meta.dims if dim != channel)
    found = own if dims is None else as_names(dims)
    meta.require(found, "dims")
    if len(found) != axes or len(set(found)) < axes or channel in found:
        raise DimError(
            "dims",
            str(list(found)),
            f"{axes} dimensions beside {channel!r}, {why}",
            "say dims=[…]" if dims is None else "",
        )
    return found


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
    check_engine(engine, CHOICES, FOR_A_LAYER)
    return engine
