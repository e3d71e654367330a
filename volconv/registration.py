"""The accessor appears where xarray is: now, or as soon as xarray is imported.

Importing xarray and pandas takes longer than all the rest of this package. The command
line's text-only verbs and a block's arithmetic do without them, so importing the package
must not pull them in; yet ``import volconv`` followed by ``import xarray`` must give
``da.volconv``. A finder that waits for xarray's import does both.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["register_accessor"]


def register_accessor() -> None:
    """Register ``da.volconv`` and ``ds.volconv``, at the latest after xarray's import."""
    if "xarray" in sys.modules:
        importlib.import_module("volconv.accessor")
    else:
        sys.meta_path.insert(0, XarrayFinder())


class XarrayFinder:
    """Finds xarray once, as it would be found anyway, and registers after its import."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of xarray with its loader's last act extended; None for others."""
        del path, target
        if name != "xarray":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            execute(module)
            importlib.import_module("volconv.accessor")

        spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec
