"""Steps `correlate` and `convolve`: a kernel that the user gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Discriminator, Tag, ValidationInfo, field_validator
from pydantic.functional_validators import PlainValidator
from pydantic.json_schema import WithJsonSchema

from volconv.errors import KindError, VolconvError
from volconv.kernels import Kernel
from volconv.kernels.kernel import usable_weights
from volconv.meta import ArrayMeta
from volconv.steps.ball import BallKernel
from volconv.steps.box import BoxKernel
from volconv.steps.fields import AS_IS
from volconv.steps.files import ArrayFile, is_file
from volconv.steps.gaussian import GaussianKernel
from volconv.steps.model import WordedModel, refused_at, refusing, short
from volconv.steps.onekey import OneKey
from volconv.steps.options import WindowOptions
from volconv.steps.renormalised import KernelStep, kernel_step
from volconv.steps.settings import RenormalisedSettings, TextPath
from volconv.steps.window_settings import DilatedSettings

__all__ = [
    "AnyKernel",
    "Convolve",
    "Correlate",
    "Weights",
    "contradiction",
    "convolve_step",
    "correlate_step",
    "dims_in_kernel",
    "kernel_for",
]

KERNELS: Mapping[str, type[WordedModel]] = {
    "gaussian": GaussianKernel,
    "box": BoxKernel,
    "ball": BallKernel,
}
"""Kernels that a configuration can name."""


def read_weights(value: Any) -> tuple[Any, ...]:
    """An inline kernel, its lists as tuples."""
    for weight in leaves(value):
        # numpy would take true for 1, and "3" beside 1 for text
        if isinstance(weight, bool) or not isinstance(weight, int | float | complex):
            raise KindError("kernel", f"{short(weight)} among its weights", "numbers")
    usable_weights(value)
    return tuple(frozen(item) for item in value)


def leaves(value: Any) -> Iterator[Any]:
    """What nested lists hold."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def frozen(value: Any) -> Any:
    """Nested lists as nested tuples."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


def kind_of_kernel(value: object) -> str:
    """Which spelling of a kernel it is."""
    if is_file(value):
        return "in a file"
    return "inline" if isinstance(value, list | tuple) else "by name"


Weights = Annotated[
    tuple[Any, ...],
    PlainValidator(refusing(read_weights)),
    AS_IS,
    WithJsonSchema(
        {
            "type": "array",
            "items": {"anyOf": [{"type": "number"}, {"type": "array"}]},
            "minItems": 1,
        }
    ),
]
"""A kernel written out: nested lists of numbers, one level for each dimension."""

NamedKernel = Annotated[
    GaussianKernel | BoxKernel | BallKernel,
    OneKey(lambda: KERNELS, "kernel", ", or lists of weights, or {path: kernel.npy}"),
]
"""A kernel by name, with its settings."""

AnyKernel = Annotated[
    Annotated[Weights, Tag("inline")]
    | Annotated[ArrayFile, Tag("in a file")]
    | Annotated[NamedKernel, Tag("by name")],
    Discriminator(kind_of_kernel),
]
"""A kernel as a configuration writes it."""


class Correlate(DilatedSettings, RenormalisedSettings):
    """Cross-correlation with a kernel, which is not flipped."""

    step_name: ClassVar[str] = "correlate"

    kernel: AnyKernel
    """Lists, {gaussian: {sigma: 1.2 mm}}, {ball: {radius: 3 mm}}, {path: kernel.npy}."""

    @field_validator("kernel")
    @classmethod
    def fits_the_other_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """The kernel, unless its own text contradicts `dims`."""
        dims = info.data.get("dims")
        error = contradiction(value, dims)
        if error is not None:
            raise refused_at("kernel", [((), error)])
        return value

    def resolve(self, source: ArrayMeta) -> KernelStep:
        """The step for an input."""
        return kernel_step(self.step_name, source, self.taps(source), self.options())

    def taps(self, source: ArrayMeta) -> Kernel:
        """The kernel for an input, as it is written."""
        return kernel_for(source, self.kernel, self.dims)

    def named_dims(self) -> Iterator[tuple[TextPath, str]]:
        """Dimensions that the text names, each with its path below the step's."""
        yield from super().named_dims()
        yield from dims_in_kernel(self.kernel, ("kernel",))


class Convolve(Correlate):
    """Convolution: correlate with the kernel flipped."""

    step_name: ClassVar[str] = "convolve"

    def taps(self, source: ArrayMeta) -> Kernel:
        """The kernel for an input, flipped along each of its dimensions."""
        return super().taps(source).flipped()


def contradiction(kernel: object, dims: tuple[str, ...] | None) -> VolconvError | None:
    """What of a kernel's own text contradicts `dims`."""
    if not isinstance(kernel, tuple) or dims is None:
        return None
    try:
        Kernel.parse(kernel, dims, ())
    except VolconvError as error:
        return error
    return None


def kernel_for(
    source: ArrayMeta, kernel: AnyKernel, dims: tuple[str, ...] | None
) -> Kernel:
    """The kernel that a configuration writes, for an input."""
    if isinstance(kernel, tuple | np.ndarray):
        return Kernel.parse(kernel, dims, source.dims)
    assert not isinstance(kernel, ArrayFile), "files are read before steps are resolved"
    return kernel.kernel(source, dims)


def dims_in_kernel(kernel: object, path: TextPath) -> Iterator[tuple[TextPath, str]]:
    """Dimensions that a kernel's text names, each with its path."""
    sizes: object = None
    if isinstance(kernel, GaussianKernel):
        path, sizes = (*path, "gaussian", "sigma"), kernel.sigma
    elif isinstance(kernel, BoxKernel):
        path, sizes = (*path, "box"), kernel.root
    elif isinstance(kernel, BallKernel):
        path, sizes = (*path, "ball", "radius"), kernel.radius
    if isinstance(sizes, Mapping):
        yield from (((*path, dim), dim) for dim in sizes)


def correlate_step(
    meta: ArrayMeta,
    kernel: object,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> KernelStep:
    """Cross-correlation with weights that are not flipped."""
    parsed = Kernel.parse(kernel, dims, meta.dims)
    return kernel_step("correlate", meta, parsed, options)


def convolve_step(
    meta: ArrayMeta,
    kernel: object,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> KernelStep:
    """Cross-correlation with the kernel flipped along each of its dimensions."""
    parsed = Kernel.parse(kernel, dims, meta.dims).flipped()
    return kernel_step("convolve", meta, parsed, options)
