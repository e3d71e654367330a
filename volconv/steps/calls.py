"""The step of a user's own function over windows, which only Python can make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from volconv.compute import checked_dtype
from volconv.compute.calls import Called, WindowFunction
from volconv.errors import KindError
from volconv.kernels import SizeLike, sizes_of
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.options import WindowOptions, windows_of

__all__ = ["map_windows_step"]


def map_windows_step(
    meta: ArrayMeta,
    func: WindowFunction,
    token: str,
    size: SizeLike,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> BlockStep:
    """A function over windows; its values are of the options' dtype, or of the data's."""
    if not callable(func):
        raise KindError("func", repr(func), "a function such as np.median")
    source = checked_dtype("data", meta.dtype).name
    dtype = options.dtype
    target = source if dtype is None else checked_dtype("dtype", dtype).name
    sizes, notes = sizes_of("size", size, dims, meta)
    geometry, boundaries = windows_of(meta, sizes, options)
    operation = Called(
        func,
        name_of(func),
        token,
        tuple(replace(geometry[dim], padding=(0, 0)) for dim in meta.dims),
        tuple(axis for axis, dim in enumerate(meta.dims) if dim in sizes),
        target,
    )
    return block_step(
        "map_windows",
        meta,
        operation,
        target,
        windows=(geometry, boundaries),
        unit_factor=None,
        lengths=notes,
    )


def name_of(func: WindowFunction) -> str:
    """The function's name with its module, or what it says of itself."""
    name = getattr(func, "__qualname__", None)
    return f"{func.__module__}.{name}" if name else repr(func)[:60]
