"""A configuration carried out from Python, as `volconv run` does it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from volconv.config import Config, config_of, load_config
from volconv.errors import KindError
from volconv.run.allocator import keep_memory
from volconv.run.limits import Limits
from volconv.run.prepare import prepare
from volconv.run.progress import Progress, no_progress
from volconv.run.runner import Outcome, run_plan
from volconv.steps.missing import check_flag

__all__ = ["run_config"]


def run_config(
    config: str | os.PathLike[str] | Mapping[str, Any],
    *,
    on: str = "threads",
    memory: int | str | None = None,
    threads: int | None = None,
    fuse: bool = True,
    restart: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Carry a configuration out, block by block: ``volconv run`` from Python.

    Goes on where an earlier run was stopped, by whatever; see docs/runs.md.

    Parameters
    ----------
    config : path or mapping
        A YAML file, or what one would say; paths in it are then relative to the current
        folder.
    on : str
        Where tasks run: ``"threads"``, ``"processes"`` (in a script, call it below
        ``if __name__ == "__main__":`` then), or the address of a running Dask
        scheduler, such as ``client.scheduler.address``.
    memory : int or str, optional
        Bytes for all tasks of one machine and the process, or a text such as
        ``"4GiB"``; by default three quarters of the machine's memory.
    threads : int, optional
        Tasks at once on this machine; by default one for each core.
    fuse : bool
        Whether steps may run fused, with nothing stored in between.
    restart : bool
        Whether what is at the outputs' paths is erased first.
    progress : callable, optional
        Called with the blocks done and the blocks in all, before the first block and
        after each. Where threads take long for one, also meanwhile, with its share that
        is done: 0.25 of 1.

    Returns
    -------
    Outcome
        How many blocks were computed and how many were there already, and the range of
        the cells that were computed.

    Raises
    ------
    ConfigError
        If the configuration has faults, with all of them.
    VolconvError
        The child that names what is wrong: with the input (`InputError`), an output
        (`OutputError`), a step for this input, the memory (`MemoryPlanError`), the
        cluster (`ClusterError`), a store (`StorageError`) or a block (`RunError`).

    Examples
    --------
    >>> import tempfile, numpy as np, xarray as xr
    >>> folder = tempfile.mkdtemp()
    >>> row = xr.DataArray(np.arange(8.0), {"x": np.arange(8) * 0.5}, "x", name="v")
    >>> _ = row.to_zarr(f"{folder}/row.zarr", consolidated=False)
    >>> outcome = run_config(
    ...     {
    ...         "version": 1,
    ...         "input": {"path": f"{folder}/row.zarr"},
    ...         "steps": [{"mean_pool": {"size": {"x": 2}}}],
    ...         "output": {"path": f"{folder}/half.zarr"},
    ...     }
    ... )
    >>> outcome.computed, outcome.kept, outcome.tally.highest
    (1, 0, 6.5)
    >>> xr.open_zarr(f"{folder}/half.zarr", consolidated=False).x.values
    array([0.25, 1.25, 2.25, 3.25])
    """
    keep_memory()
    check_flag("fuse", fuse)
    check_flag("restart", restart)
    limits = Limits.of(memory, threads)
    ready = prepare(located_config(config), limits, on=on, fuse=fuse)
    return run_plan(
        ready.plan,
        ready.source,
        ready.labels,
        on=on,
        restart=restart,
        progress=progress,
    )


def located_config(config: str | os.PathLike[str] | Mapping[str, Any]) -> Config:
    """The configuration with paths that no longer depend on where it was said.

    Raises
    ------
    KindError
        If it is neither a path nor a mapping.
    InputError
        If a path in it is relative to a folder that is no longer there.
    """
    if isinstance(config, Mapping):
        return config_of(config).located(Path())
    if isinstance(config, str | os.PathLike):
        path = Path(config)
        return load_config(path).located(path.parent)
    raise KindError("config", type(config).__name__, "a path, or a mapping")
