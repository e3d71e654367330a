"""Which step reads what: the names of a configuration as numbers of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from volconv.errors import KindError, VolconvError, did_you_mean
from volconv.files import lies_with
from volconv.meta import ArrayMeta
from volconv.steps.pipeline import Node, Pipeline, wired
from volconv.steps.settings import StepSettings
from volconv.steps.step import Step

__all__ = [
    "Known",
    "Wired",
    "path_to",
    "resolved_pipeline",
    "steps_to",
    "wiring_faults",
]

INPUT = "input"
"""What steps call the pipeline's input."""


class Wired(Protocol):
    """What becomes a step of a pipeline: settings, or a layer of a network."""

    @property
    def step_name(self) -> str:
        """What errors call it."""

    @property
    def name(self) -> str | None:
        """What later steps call its result."""

    @property
    def save(self) -> str | None:
        """A Zarr store to write its result to on the way."""

    @property
    def reads(self) -> Sequence[str | int] | None:
        """Names or numbers of what it reads; None for the step before it."""

    def resolve_all(self, sources: Sequence[ArrayMeta]) -> Step:
        """The step for its inputs."""


def wiring_faults(
    steps: Sequence[StepSettings], source: str = ""
) -> Iterator[tuple[int, str, VolconvError]]:
    """Names and paths that are taken already, and names of what is not there.

    Parameters
    ----------
    steps : sequence of StepSettings
        The steps.
    source : str
        Path of the input, as far as it is known.

    Yields
    ------
    int, str, VolconvError
        The step's number from 0, its key, and what is wrong.
    """
    known = [INPUT]
    taken = [source] if source else []
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
        elif step.save is not None:
            if any(lies_with(step.save, path) for path in taken):
                found = KindError("", repr(step.save), "a path of its own")
                yield number, "save", found
            taken.append(step.save)


class Known(Protocol):
    """What coordinates tell of a pipeline's steps, from the first to the last.

    `read` is the number of what a step reads first: 0 for the input, n for step n.
    """

    def settings(self, setting: Wired, source: ArrayMeta, read: int) -> Wired:
        """A step's settings whole, by what it reads."""

    def made(self, step: Step, read: int) -> ArrayMeta:
        """What a step makes of what it reads, as coordinates tell."""


def resolved_pipeline(
    settings: Sequence[Wired], source: ArrayMeta, known: Known | None = None
) -> Pipeline:
    """The pipeline of a configuration over an input.

    Parameters
    ----------
    settings : sequence of Wired
        Its steps.
    source : ArrayMeta
        The input.
    known : Known, optional
        What coordinates tell, where there are some.

    Raises
    ------
    VolconvError
        What does not fit, the step named.
    """
    numbers: dict[str, int] = {INPUT: 0}
    metas = [source]
    nodes: list[Node] = []
    for number, setting in enumerate(settings, start=1):
        inputs = tuple(
            numbers[read] if isinstance(read, str) else read
            for read in setting.reads or (number - 1,)
        )
        try:
            whole = setting
            if known is not None:
                whole = known.settings(setting, metas[inputs[0]], inputs[0])
            step = whole.resolve_all([metas[read] for read in inputs])
            made = step.target if known is None else known.made(step, inputs[0])
        except VolconvError as error:
            error.where = f"step {number} ({setting.step_name}), {error.where}"
            raise
        if setting.name is not None:
            numbers[setting.name] = number
        metas.append(made)
        title = setting.name or str(getattr(setting, "title", ""))
        nodes.append(Node(step, inputs, title, getattr(setting, "package", "")))
    return wired(nodes)


def steps_to(pipeline: Pipeline, number: int) -> list[Step]:
    """The steps that take part in the result of one, itself the last, in order."""
    wanted = {number}
    for later in range(number, 0, -1):
        if later in wanted:
            wanted.update(pipeline.nodes[later - 1].inputs)
    return [pipeline.nodes[one - 1].step for one in sorted(wanted) if one]


def path_to(nodes: Sequence[Node], number: int) -> list[Step]:
    """The steps from the input to one, by the first input of each."""
    path: list[Step] = []
    while number:
        node = nodes[number - 1]
        path.append(node.step)
        number = node.inputs[0]
    return path[::-1]
