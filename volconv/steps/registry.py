"""The steps that a configuration can name: this package's, and those of plug-ins.

A step of ours is a class in a module of `volconv.steps`, which is imported when its step
is named; a plug-in's is an entry point of the group ``volconv.steps`` of an installed
package, all of which are imported when a name is none of ours. A configuration names a
step, never code.
"""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType, ModuleType
from typing import TypeGuard

from volconv.errors import KindError
from volconv.steps.settings import StepSettings

__all__ = ["FAMILIES", "GROUP", "step_classes"]

GROUP = "volconv.steps"
"""Entry points of this group add steps."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "activations": ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu"),
    "arithmetic": ("add", "subtract", "multiply", "divide", "maximum", "minimum"),
    "ball": ("ball",),
    "bands": ("difference_of_gaussians", "unsharp"),
    "bank": ("correlate_bank",),
    "box": ("box",),
    "channelwise": ("prelu", "batch_norm"),
    "concat": ("concat",),
    "conv": ("conv",),
    "conv_transpose": ("conv_transpose",),
    "correlate": ("correlate", "convolve"),
    "derivatives": ("gradient", "gradient_magnitude", "laplace", "sobel"),
    "frame": ("pad", "crop"),
    "gaussian": ("gaussian",),
    "network": ("onnx",),
    "pointwise": ("abs", "square", "sqrt", "log", "cast"),
    "poles": ("pad_poles",),
    "pooling": ("mean_pool", "max_pool", "min_pool", "median_pool", "mode_pool"),
    "ranges": ("scale", "normalise", "clip", "threshold"),
    "softmax": ("softmax",),
    "upsample": ("upsample",),
}
"""The modules of `volconv.steps` that have steps, and the names of these."""

HOMES = {name: family for family, names in FAMILIES.items() for name in names}

log = logging.getLogger(__name__)


class StepClasses(Mapping[str, type[StepSettings]]):
    """The settings class of each step's name, names sorted; imported when asked for."""

    def __getitem__(self, name: str) -> type[StepSettings]:
        if name not in HOMES:
            return plug_ins()[name]
        module = importlib.import_module(f"volconv.steps.{HOMES[name]}")
        return steps_in(module)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted((*HOMES, *plug_ins())))

    def __len__(self) -> int:
        return len(HOMES) + len(plug_ins())


def step_classes() -> Mapping[str, type[StepSettings]]:
    """The settings class of each step's name, names sorted; imported when asked for."""
    return StepClasses()


@lru_cache(maxsize=1)
def plug_ins() -> Mapping[str, type[StepSettings]]:
    """The settings class of each name of an installed package's steps.

    A plug-in that cannot be imported or read, or that takes a name already taken, is left
    out and logged: one broken package must not keep every configuration from running.
    """
    found: dict[str, type[StepSettings]] = {}
    for point in entry_points(group=GROUP):
        try:
            kind = plugged_in(point, found)
        except (Exception, SystemExit) as error:  # whatever a foreign package raises
            said = str(error).partition("\n")[0]
            log.warning("step %r of %s is left out: %s", point.name, point.value, said)
        else:
            found[point.name] = kind
    return MappingProxyType(found)


def plugged_in(
    point: EntryPoint, found: Mapping[str, type[StepSettings]]
) -> type[StepSettings]:
    """The settings class that an entry point names, told which package it is of.

    Raises
    ------
    KindError
        If it is no such class, or its name is taken.
    """
    kind: object = point.load()
    if not is_step(kind) or kind.step_name != point.name:
        raise KindError(point.name, repr(kind), "settings of a step of this name")
    if point.name in HOMES or point.name in found:
        raise KindError(point.name, "a name that is taken", "a new name")
    kind.model_json_schema()  # refuses keys of types that cannot be read
    if point.dist is not None:
        kind.package = f"{point.dist.name} {point.dist.version}"
    return kind


def steps_in(module: ModuleType) -> dict[str, type[StepSettings]]:
    """The steps that a module itself defines, by name."""
    return {
        kind.step_name: kind
        for kind in vars(module).values()
        if is_step(kind) and kind.__module__ == module.__name__
    }


def is_step(kind: object) -> TypeGuard[type[StepSettings]]:
    """Whether it is a class of settings that has a name and can be resolved."""
    return (
        isinstance(kind, type)
        and issubclass(kind, StepSettings)
        and not inspect.isabstract(kind)
        and hasattr(kind, "step_name")
    )
