"""Steps `correlate` and `convolve`: a kernel that the user gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Tag, ValidationInfo, field_validator
from pydantic.functional_validators import PlainValidator
from pydantic.json_schema import WithJsonSchema

from volconv.errors import KindError, VolconvError
from volconv.kernels import Kernel
from volconv.kernels.kernel import usable_weights
from volconv.meta import ArrayMeta
from volconv.steps.box import BoxKernel
from volconv.steps.fields import AS_IS
from volconv.steps.gaussian import GaussianKernel
from volconv.steps.model import WordedModel, refused_at, refusing, short
from volconv.steps.onekey import OneKey
from volconv.steps.renormalised import KernelStep, kernel_step
from volconv.steps.settings import DilatedSettings, RenormalisedSettings
from volconv.steps.window import WindowOptions

__all__ = ["Convolve", "Correlate", "convolve_step", "correlate_step"]

KERNELS: Mapping[str, type[WordedModel]] = {
    "gaussian": GaussianKernel,
    "box": BoxKernel,
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

NamedKernel = Annotated[GaussianKernel | BoxKernel, OneKey(lambda: KERNELS, "kernel")]
"""A kernel by name, with its settings."""


class Correlate(DilatedSettings, RenormalisedSettings):
    """Cross-correlation with a kernel, which is not flipped."""

    step_name: ClassVar[str] = "correlate"

    kernel: Annotated[
        Annotated[Weights, Tag("inline")] | Annotated[NamedKernel, Tag("by name")],
        Discriminator(kind_of_kernel),
    ]
    """Nested lists of weights, {gaussian: {sigma: 1.2 mm}}, or {box: {y: 2, x: 2}}."""

    @field_validator("kernel")
    @classmethod
    def fits_the_other_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """The kernel, unless its own text contradicts `dims`."""
        dims = info.data.get("dims")
        if not isinstance(value, tuple) or dims is None:
            return value
        try:
            Kernel.parse(value, dims, ())
        except VolconvError as error:
            raise refused_at("kernel", [((), error)]) from None
        return value

    def resolve(self, source: ArrayMeta) -> KernelStep:
        """The step for an input."""
        return kernel_step(self.step_name, source, self.taps(source), self.options())

    def taps(self, source: ArrayMeta) -> Kernel:
        """The kernel for an input, as it is written."""
        if isinstance(self.kernel, tuple):
            return Kernel.parse(self.kernel, self.dims, source.dims)
        return self.kernel.kernel(source, self.dims)

    def named_dims(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Dimensions that the text names, each with its place below the step."""
        yield from super().named_dims()
        if isinstance(self.kernel, GaussianKernel):
            place: tuple[str, ...] = ("kernel", "gaussian", "sigma")
            sizes: object = self.kernel.sigma
        elif isinstance(self.kernel, BoxKernel):
            place, sizes = ("kernel", "box"), self.kernel.root
        else:
            return
        if isinstance(sizes, Mapping):
            yield from (((*place, dim), dim) for dim in sizes)


class Convolve(Correlate):
    """Convolution: correlate with the kernel flipped."""

    step_name: ClassVar[str] = "convolve"

    def taps(self, source: ArrayMeta) -> Kernel:
        """The kernel for an input, flipped along each of its dimensions."""
        return super().taps(source).flipped()


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
