"""What is asked before an object is put, so that a run writes to no other one's output.

A run holds its outputs, and lets go of them when it ends or is killed. Other processes may
compute for it still: what they put is no one's then, if another run has begun anew there.
"""

from __future__ import annotations

from dataclasses import dataclass

from volconv.errors import OutputError
from volconv.io.folder import Folder
from volconv.io.place import Check, Place

__all__ = ["Begun", "check_on"]

GROUP = "zarr.json"
"""Metadata of a group, with the fingerprint of its plan."""


@dataclass(frozen=True)
class Begun:
    """A group in a folder as it was begun.

    Parameters
    ----------
    folder : Folder
        The group.
    metadata : bytes
        What told of it then. Where it is the same now, so is the plan, and so are all
        objects.
    """

    folder: Folder
    metadata: bytes

    @classmethod
    def of(cls, folder: Folder) -> Begun:
        """The group that is there."""
        return cls(folder, (folder.path / GROUP).read_bytes())

    def check(self) -> None:
        """Refuse to write where it is no more, or another one is.

        Raises
        ------
        OutputError
        """
        try:
            is_there = (self.folder.path / GROUP).read_bytes() == self.metadata
        except FileNotFoundError:
            is_there = False
        if not is_there:
            raise OutputError(
                "output.path",
                f"{self.folder.where!r}, which has not the group that this run began",
                "that group, in a folder that all workers see",
                "leave it to another run, or give the workers a way to the folder",
            )


def check_on(place: Place, *, is_elsewhere: bool) -> Check | None:
    """What is asked before an object is put; None where the hold is enough.

    Parameters
    ----------
    place : Place
        Where a group is.
    is_elsewhere : bool
        Whether other processes than the one that holds the output put objects there.
    """
    if not isinstance(place, Folder):
        from volconv.run.lease import check_of

        return check_of(place)
    return Begun.of(place).check if is_elsewhere else None
