"""Exit codes of the command line: one for each kind of failure that a script may meet.

::

    0    done
    2    the command or the configuration is at fault
    3    the input is not there or cannot be read
    4    the output exists, was begun by another plan, or cannot be written
    5    storage failed while running: a full disk, a lost connection
    6    the plan does not fit the memory limit
    7    the cluster cannot be reached, or no longer, or stays without workers
    8    some blocks failed; the finished ones are kept
    9    `status` was asked for an output that is not complete
    130  interrupted; the finished blocks are kept
"""

from __future__ import annotations

from volconv.errors import (
    ClusterError,
    ConfigFileError,
    InputError,
    MemoryPlanError,
    OutputError,
    RunError,
    StorageError,
    VolconvError,
)

__all__ = ["INCOMPLETE", "INTERRUPTED", "exit_code"]

INCOMPLETE = 9
"""What `status` ends with where an output was begun and is not complete."""

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""

CODES: tuple[tuple[type[BaseException], int], ...] = (
    (ConfigFileError, 2),
    (InputError, 3),
    (OutputError, 4),
    (StorageError, 5),
    (MemoryPlanError, 6),
    (ClusterError, 7),
    (RunError, 8),
    (VolconvError, 2),  # every other fault is one of the command or the configuration
    (OSError, 5),
    (KeyboardInterrupt, INTERRUPTED),
)
"""The code of an error is that of the first class here that it belongs to."""


def exit_code(error: BaseException) -> int:
    """The exit code of an error; 1 for one that is no user's making.

    Examples
    --------
    >>> exit_code(InputError("brain.zarr", "no such store", "a Zarr store"))
    3
    """
    return next((code for kind, code in CODES if isinstance(error, kind)), 1)
