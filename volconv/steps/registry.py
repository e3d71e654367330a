"""The steps that a configuration can name: this package's, and those of plug-ins.

A step of ours is a class in a module of `volconv.steps`; a plug-in's is an entry point
of the group ``volconv.steps`` of an installed package. A configuration names a step,
never code.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType, ModuleType
from typing import TypeGuard

import volconv.steps
from volconv.errors import KindError
from volconv.steps.settings import StepSettings

__all__ = ["GROUP", "step_classes"]

GROUP = "volconv.steps"
"""Entry points of this group add steps."""

log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def step_classes() -> Mapping[str, type[StepSettings]]:
    """The settings class of each step's name, names sorted.

    A plug-in that cannot be imported, or that takes a name already taken, is left out
    and logged: one broken package must not keep every configuration from running.
    """
    found: dict[str, type[StepSettings]] = {}
    for module in family_modules():
        found |= {kind.step_name: kind for kind in settings_in(module)}
    for point in entry_points(group=GROUP):
        try:
            kind = plugged_in(point, found)
        except Exception as error:  # whatever a foreign package raises at import
            log.warning("step %r of %s is left out: %s", point.name, point.value, error)
        else:
            found[point.name] = kind
    return MappingProxyType(dict(sorted(found.items())))


def plugged_in(
    point: EntryPoint, found: Mapping[str, type[StepSettings]]
) -> type[StepSettings]:
    """The settings class that an entry point names.

    Raises
    ------
    KindError
        If it is no such class, or its name is taken.
    """
    kind: object = point.load()
    if not is_step(kind) or kind.step_name != point.name:
        raise KindError(point.name, repr(kind), "settings of a step of this name")
    if point.name in found:
        raise KindError(point.name, "a name that is taken", "a new name")
    return kind


def family_modules() -> Iterator[ModuleType]:
    """The modules of `volconv.steps` but this one."""
    for info in pkgutil.iter_modules(volconv.steps.__path__, "volconv.steps."):
        if info.name != __name__:
            yield importlib.import_module(info.name)


def settings_in(module: ModuleType) -> list[type[StepSettings]]:
    """The steps that a module itself defines."""
    return [
        kind
        for kind in vars(module).values()
        if is_step(kind) and kind.__module__ == module.__name__
    ]


def is_step(kind: object) -> TypeGuard[type[StepSettings]]:
    """Whether it is a class of settings that has a name and can be resolved."""
    return (
        isinstance(kind, type)
        and issubclass(kind, StepSettings)
        and not inspect.isabstract(kind)
        and hasattr(kind, "step_name")
    )
