"""Verb `plan`: what a run would do; opens the input's metadata and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from volconv.errors import VolconvError

if TYPE_CHECKING:
    from volconv.plan.plan import Plan
    from volconv.run.prepare import Prepared

__all__ = [
    "ConfigPath",
    "Memory",
    "NoFuse",
    "Threads",
    "plan",
    "prepared",
    "print_plan",
]

ConfigPath = Annotated[str, typer.Argument(metavar="CONFIG", help="A YAML file.")]
Memory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Memory for all tasks of one machine and the process itself, such as "
        "4GiB. Default: three quarters of the machine's.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(help="Tasks at once on this machine. Default: one for each core."),
]
NoFuse = Annotated[
    bool,
    typer.Option("--no-fuse", help="Store the result of each step before the next."),
]


def plan(
    config: ConfigPath,
    memory: Memory = None,
    threads: Threads = None,
    no_fuse: NoFuse = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, sizes in bytes.")
    ] = False,
) -> None:
    """Show what a run would do: shapes, coordinates, blocks, bytes, memory."""
    ready = prepared(config, memory, threads, fuse=not no_fuse)
    print_plan(ready, as_json=as_json)
    print_hindrance(ready.plan)


def print_hindrance(plan: Plan) -> None:
    """Say on stderr what at the outputs' paths a run would stop at."""
    from volconv.run.outputs import storing
    from volconv.run.runner import are_complete, targets_of

    try:
        targets = targets_of(plan)
        with storing(targets[plan.pipeline.last]):
            are_complete(plan, targets)
    except VolconvError as error:
        print(f"note: a run would refuse: {error}", file=sys.stderr)


def prepared(
    config: str,
    memory: str | None,
    threads: int | None,
    *,
    on: str = "threads",
    fuse: bool,
) -> Prepared:
    """The plan of a configuration in a file, and what it needs to be carried out."""
    from volconv.config import load_config

    loaded = load_config(config).located(Path(config).parent)
    from volconv.run.limits import Limits
    from volconv.run.prepare import prepare

    return prepare(loaded, Limits.of(memory, threads, "--"), on=on, fuse=fuse)


def print_plan(ready: Prepared, *, as_json: bool) -> None:
    """Print a plan to stdout."""
    from volconv.plan.report import plan_json, plan_text

    if as_json:
        print(json.dumps(plan_json(ready.plan, ready.coords), indent=2))
    else:
        print(plan_text(ready.plan, ready.coords), flush=True)
