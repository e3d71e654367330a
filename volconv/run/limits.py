"""What a run may take of one machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from volconv.geometry.by_dim import whole_number
from volconv.run.machine import cores, memory
from volconv.text import parse_bytes

__all__ = ["Limits"]

SHARE = 0.75
"""Share of the machine's memory, or of the container's, that a run takes by default."""


def share_of_memory() -> int:
    """Bytes that a run takes by default."""
    return int(SHARE * memory())


@dataclass(frozen=True)
class Limits:
    """What a run may take of one machine.

    Parameters
    ----------
    workers : int
        Tasks at once: by default one for each core.
    memory : int
        Bytes for all of them and the process: by default three quarters of the
        machine's memory, or of the container's.
    option : str
        What stands before these names where a user gives them, for errors.
    """

    workers: int = field(default_factory=cores)
    memory: int = field(default_factory=share_of_memory)
    option: str = ""

    @classmethod
    def of(
        cls, memory: int | str | None, threads: int | None, option: str = ""
    ) -> Limits:
        """The limits that a user gives; None for what is left to the default.

        Parameters
        ----------
        memory : int or str, optional
            Bytes, or a text such as ``4GiB``.
        threads : int, optional
            Tasks at once.
        option : str
            What stands before the names, for errors.

        Raises
        ------
        GeometryError, KindError
        """
        given: dict[str, int] = {}
        if memory is not None:
            given["memory"] = parse_bytes(f"{option}memory", str(memory))
        if threads is not None:
            given["workers"] = whole_number(f"{option}threads", threads)
        return cls(**given, option=option)
