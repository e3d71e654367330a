"""Functions of a step that are called once for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from volconv.steps.step import Step

__all__ = ["memoised"]

Value = TypeVar("Value")


def memoised(make: Callable[[Step], Value]) -> Callable[[Step], Value]:
    """The function of a step, called once for each as long as there is the step.

    Parameters
    ----------
    make : callable
        What it returns must not hold the step, which would then never be let go.
    """
    known: WeakKeyDictionary[Step, Value] = WeakKeyDictionary()

    @wraps(make)
    def of(step: Step) -> Value:
        try:
            return known[step]
        except KeyError:
            return known.setdefault(step, make(step))
        except TypeError:  # a plug-in's, that has no hash
            return make(step)

    return of
