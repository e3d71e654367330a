"""Which step reads what: the names of a configuration as places of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volconv.errors import KindError, VolconvError, did_you_mean
from volconv.meta import ArrayMeta
from volconv.steps.pipeline import Node, Pipeline, wired
from volconv.steps.settings import StepSettings

__all__ = ["INPUT", "resolved_pipeline", "wiring_faults"]

INPUT = "input"
"""What steps call the pipeline's input."""


def wiring_faults(
    steps: Sequence[StepSettings],
) -> Iterator[tuple[int, str, VolconvError]]:
    """Names that are taken already, and names of what is not there.

    Yields
    ------
    int, str, VolconvError
        The step's number from 0, its key, and what is wrong.
    """
    known = [INPUT]
    saved: list[str] = []
    for number, step in enumerate(steps):
        for name in step.reads or ():
            if name not in known:
                expected = f"the name of a step before it, or one of {', '.join(known)}"
                error = KindError("", repr(name), expected, did_you_mean(name, known))
                yield number, "from", error
        if step.name in known:
            yield number, "name", KindError("", repr(step.name), "a new name")
        elif step.name is not None:
            known.append(step.name)
        if step.save is not None and number == len(steps) - 1:
            expected = "steps before the last one to save their results"
            mend = "the last one's goes to output.path: leave save out"
            yield number, "save", KindError("", repr(step.save), expected, mend)
        elif step.save in saved:
            yield number, "save", KindError("", repr(step.save), "a path of its own")
        elif step.save is not None:
            saved.append(step.save)


def resolved_pipeline(settings: Sequence[StepSettings], source: ArrayMeta) -> Pipeline:
    """The pipeline of a configuration over an input.

    Raises
    ------
    VolconvError
        What does not fit, the step named.
    """
    places = {INPUT: 0}
    metas = [source]
    nodes = []
    for number, setting in enumerate(settings, start=1):
        inputs = tuple(
            number - 1 if name is None else places[name]
            for name in setting.reads or (None,)
        )
        try:
            step = setting.resolve_all([metas[place] for place in inputs])
        except VolconvError as error:
            error.where = f"step {number} ({setting.step_name}), {error.where}"
            raise
        if setting.name is not None:
            places[setting.name] = number
        metas.append(step.target)
        nodes.append(Node(step, inputs, setting.name or ""))
    return wired(nodes)
