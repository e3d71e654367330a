"""Exact convolution on labelled volumes larger than memory.

The public functions take a DataArray or a Dataset; importing this package also gives
every DataArray and Dataset an accessor of the same methods, ``da.volconv``.
`run_config` carries out a configuration, from store to store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.registration import register_accessor

if TYPE_CHECKING:
    from volconv.api import (
        Window,
        abs,  # noqa: A004  numpy and xarray call it so, too
        ball,
        batch_norm,
        box,
        cast,
        clip,
        conv,
        conv_transpose,
        convolve,
        correlate,
        correlate_bank,
        crop,
        difference_of_gaussians,
        elu,
        gaussian,
        gelu,
        gradient,
        gradient_magnitude,
        laplace,
        leaky_relu,
        log,
        map_windows,
        max_pool,
        mean_pool,
        median_pool,
        min_pool,
        mode_pool,
        normalise,
        onnx,
        output_affine,
        output_transformations,
        pad,
        pad_poles,
        prelu,
        relu,
        scale,
        set_options,
        sigmoid,
        sobel,
        softmax,
        sqrt,
        square,
        tanh,
        threshold,
        unsharp,
        upsample,
    )
    from volconv.run.configured import run_config
    from volconv.version import __version__

__all__ = [
    "Window",
    "__version__",
    "abs",
    "ball",
    "batch_norm",
    "box",
    "cast",
    "clip",
    "conv",
    "conv_transpose",
    "convolve",
    "correlate",
    "correlate_bank",
    "crop",
    "difference_of_gaussians",
    "elu",
    "gaussian",
    "gelu",
    "gradient",
    "gradient_magnitude",
    "laplace",
    "leaky_relu",
    "log",
    "map_windows",
    "max_pool",
    "mean_pool",
    "median_pool",
    "min_pool",
    "mode_pool",
    "normalise",
    "onnx",
    "output_affine",
    "output_transformations",
    "pad",
    "pad_poles",
    "prelu",
    "relu",
    "run_config",
    "scale",
    "set_options",
    "sigmoid",
    "sobel",
    "softmax",
    "sqrt",
    "square",
    "tanh",
    "threshold",
    "unsharp",
    "upsample",
]

register_accessor()


def __getattr__(name: str) -> object:
    """Public names, their modules imported at first use: xarray takes its time."""
    if name == "__version__":
        from volconv.version import __version__

        return __version__
    if name == "run_config":
        from volconv.run.configured import run_config

        return run_config
    if name in __all__:
        from volconv import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
