"""Verb `run`: shows the plan, then carries it out, from where it was left."""

from __future__ import annotations

import gc
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from volconv.cli.exits import exit_code
from volconv.cli.interrupt import stop_then_leave
from volconv.cli.plan import ConfigPath, Memory, NoFuse, Threads, prepared, print_plan
from volconv.cli.report import print_error
from volconv.errors import ClusterError
from volconv.text import range_text

if TYPE_CHECKING:
    from volconv.plan.plan import Plan
    from volconv.run.runner import Outcome, Progress

__all__ = ["run"]


def run(
    config: ConfigPath,
    on: Annotated[
        str,
        typer.Option(
            help="Where tasks run: threads, processes, or tcp://HOST:PORT of a "
            "running Dask scheduler."
        ),
    ] = "threads",
    memory: Memory = None,
    threads: Threads = None,
    no_fuse: NoFuse = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and leave.")
    ] = False,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help="Erase what is at the output's path and begin anew."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before erasing.")
    ] = False,
) -> None:
    """Show the plan, then run it. Goes on where an earlier run was stopped."""
    from volconv.run.allocator import keep_memory

    keep_memory()
    ready = prepared(config, memory, threads, on=on, fuse=not no_fuse)
    print_plan(ready, as_json=False)
    if dry_run:
        return
    from volconv.run.runner import run_plan

    if restart and not yes:
        confirm_erasing(ready.plan)
    collect_garbage()
    stop_then_leave()
    try:
        with progress_bar() as progress:
            outcome = run_plan(
                ready.plan,
                ready.source,
                ready.labels,
                on=on,
                restart=restart,
                progress=progress,
                command=again(config, on, memory, threads, no_fuse=no_fuse),
            )
    except KeyboardInterrupt as error:
        # here and not in main(): the option parser would end without a word
        print_error(error)
        raise typer.Exit(exit_code(error)) from None
    except ClusterError as error:
        error.where = f"--{error.where}"  # as it is spelt here
        raise
    print_outcome(outcome, ready.plan.output.path)


def confirm_erasing(plan: Plan) -> None:
    """Ask before what is at the plan's outputs is erased; leave if it is not to be."""
    from volconv.run.outputs import target_of

    outputs = [*(spec.path for spec in plan.saves.values()), plan.output.path]
    there = [path for path in outputs if target_of(path).is_there()]
    if there:
        typer.confirm(f"erase {' and '.join(there)}?", abort=True, err=True)


def print_outcome(outcome: Outcome, output: str) -> None:
    """How many blocks there are now, and what is in those that were computed."""
    kept = f", {outcome.kept} were there already" if outcome.kept else ""
    tally = outcome.tally
    if tally.nbytes:
        ends = range_text(tally.lowest, tally.highest, tally.nonfinite)
        print(f"cells    {ends}")
    noun = "block" if outcome.computed == 1 else "blocks"
    print(f"done     {outcome.computed} {noun} computed{kept}: {output}")


def collect_garbage() -> None:
    """Collect garbage from here on, if the command began without: see `__main__`."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def again(
    config: str, on: str, memory: str | None, threads: int | None, *, no_fuse: bool
) -> str:
    """What to type, in any folder, to go on with a run."""
    words = ["volconv", "run", str(Path(config).absolute())]
    if on != "threads":
        words += ["--on", on]
    if memory is not None:
        words += ["--memory", memory]
    if threads is not None:
        words += ["--threads", str(threads)]
    if no_fuse:
        words.append("--no-fuse")
    return shlex.join(words)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal that can redraw; elsewhere a line at each tenth of the work."""
    if sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
        yield from terminal_bar()
    else:
        yield LineProgress()


def terminal_bar() -> Iterator[Progress]:
    """A bar with the blocks done, the time passed and the time left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("blocks"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("blocks", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class LineProgress:
    """Lines on stderr, one at each tenth of the work."""

    def __init__(self) -> None:
        self.tenths = -1

    def __call__(self, done: float, total: int) -> None:
        """Print a line where a tenth is passed."""
        tenths = int(10 * done / total)
        if tenths != self.tenths:
            self.tenths = tenths
            text = f"{done:.1f}" if done % 1 else f"{done:.0f}"
            print(f"blocks   {text} of {total}", file=sys.stderr, flush=True)
