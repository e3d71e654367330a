"""The public functions: parse at the door, resolve a step, carry it out."""

from volconv.api.activations import elu, gelu, leaky_relu, relu, sigmoid, tanh
from volconv.api.apply import Dims, Labelled
from volconv.api.bands import difference_of_gaussians, unsharp
from volconv.api.bank import correlate_bank
from volconv.api.calls import map_windows
from volconv.api.channelwise import batch_norm, prelu, softmax
from volconv.api.derivatives import gradient, gradient_magnitude, laplace, sobel
from volconv.api.frame import crop, pad
from volconv.api.kernels import convolve, correlate
from volconv.api.layers import conv, conv_transpose
from volconv.api.means import mean_pool
from volconv.api.network import onnx
from volconv.api.options import set_options
from volconv.api.pointwise import (
    abs,  # noqa: A004  numpy and xarray call it so, too
    cast,
    log,
    sqrt,
    square,
)
from volconv.api.poles import pad_poles
from volconv.api.pooling import max_pool, median_pool, min_pool, mode_pool
from volconv.api.ranges import clip, normalise, scale, threshold
from volconv.api.smoothing import ball, box, gaussian
from volconv.api.upsampling import upsample
from volconv.coordinates import output_affine, output_transformations
from volconv.geometry import Window

__all__ = [
    "Dims",
    "Labelled",
    "Window",
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
