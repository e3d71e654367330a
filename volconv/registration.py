"""The accessor appears where xarray is: now, or as soon as xarray is imported.

Importing xarray and pandas takes longer than all the rest of this package. The command
line's text-only verbs and a block's arithmetic do without them, so importing the package
must not pull them in; yet ``import volconv`` followed by ``import xarray`` must give
``da.volconv``. A finder that waits for xarray's import does both. What it registers then
is only a name: a module of ours may be importing xarray, half of it not there yet.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["register", "register_accessor"]


class Late:
    """The accessor, imported when it is first asked for."""

    def __call__(self, data: Any) -> Any:
        """The accessor of a DataArray or a Dataset."""
        return accessor()(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(accessor(), name)

    def __dir__(self) -> list[str]:
        return dir(accessor())


def accessor() -> Any:
    """The class of accessors, which registers itself when it is imported."""
    return importlib.import_module("volconv.accessor").Accessor


def register(kind: Any) -> None:
    """Give every DataArray and Dataset the attribute ``volconv``, or another one there."""
    import xarray as xr

    pairs: Sequence[tuple[type, Callable[[str], Callable[[Any], Any]]]] = (
        (xr.DataArray, xr.register_dataarray_accessor),
        (xr.Dataset, xr.register_dataset_accessor),
    )
    for data, registered in pairs:
        if "volconv" in vars(data):
            delattr(data, "volconv")  # xarray warns of what is in the way
        registered("volconv")(kind)


def register_accessor() -> None:
    """Register ``da.volconv`` and ``ds.volconv``, at the latest after xarray's import."""
    if "xarray" in sys.modules:
        register(Late())
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
            register(Late())

        spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec
