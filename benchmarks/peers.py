"""What a user would call otherwise, each on one thread unless it says so.

Peers that are not installed are left out. So are those that would take minutes: each
has a most work, in multiply-adds, beyond which nobody would wait for it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Peer = Callable[[], Any]

PATIENCE = 2e9
"""Multiply-adds of a peer that does 1 or 2 thousand million of them a second."""


def has(module: str) -> bool:
    """Whether a peer is installed."""
    return importlib.util.find_spec(module) is not None


def correlators(cells: Array, kernel: Array) -> dict[str, Peer]:
    """Cross-correlation of the same size, zeros beyond the edge."""
    from scipy import ndimage

    work = cells.size * kernel.size
    found: dict[str, Peer] = {}
    if work < PATIENCE:
        found["scipy.ndimage"] = lambda: ndimage.correlate(
            cells, kernel, output=kernel.dtype, mode="constant"
        )
        if has("dask_image") and len(kernel) < len(cells):
            found["dask-image"] = dask_image_correlate(cells, kernel)
    if cells.dtype != kernel.dtype:
        return found
    found |= transforms(cells, kernel)
    if has("cv2") and kernel.dtype == np.float32 and work < 4 * PATIENCE:
        found["OpenCV filter2D"] = lambda: opencv_correlate(cells, kernel)
    if has("torch") and work < 2 * PATIENCE:
        found["torch.conv3d"] = torch_conv(cells, kernel, 1)
    if has("SimpleITK") and kernel.dtype == np.float32 and work < PATIENCE / 4:
        found["ITK"] = itk_convolve(cells, kernel)
    return found


def transforms(cells: Array, kernel: Array) -> dict[str, Peer]:
    """Both of scipy.signal's ways by FFT."""
    from scipy import signal

    flipped = np.flip(kernel)
    return {
        "fftconvolve": lambda: signal.fftconvolve(cells, flipped, mode="same"),
        "oaconvolve": lambda: signal.oaconvolve(cells, flipped, mode="same"),
    }


def dask_image_correlate(cells: Array, kernel: Array) -> Peer:
    """dask-image over two chunks, on one thread."""
    import dask.array
    from dask_image import ndfilters

    lazy = dask.array.from_array(cells, chunks=(-(-len(cells) // 2), -1, -1))
    wanted = lazy.astype(kernel.dtype)
    result = ndfilters.correlate(wanted, kernel, mode="constant")
    return lambda: result.compute(scheduler="synchronous")


def opencv_correlate(cells: Array, kernel: Array) -> Array:
    """A sum of 2-D correlations, plane by plane."""
    import cv2

    cv2.setNumThreads(1)
    before = (len(kernel) - 1) // 2
    out = np.zeros_like(cells)
    for z, plane in enumerate(out):
        for number, weights in enumerate(kernel):
            source = z + number - before
            if 0 <= source < len(cells):
                border = cv2.BORDER_CONSTANT
                part = cv2.filter2D(cells[source], -1, weights, borderType=border)
                cv2.add(plane, part, dst=plane)
    return out


def torch_conv(cells: Array, kernel: Array, stride: int, threads: int = 1) -> Peer:
    """torch.conv3d of one channel, zeros beyond the edge."""
    layer = torch_layer(cells[None], kernel[None, None], stride, threads)
    return lambda: layer()[0]


def torch_layer(
    cells: Array,
    weight: Array,
    stride: int,
    threads: int = 1,
    *,
    transposed: bool = False,
) -> Peer:
    """torch.conv3d, or conv_transpose3d, of all channels, zeros beyond the edge."""
    import torch

    block = torch.from_numpy(cells)[None]
    weights = torch.from_numpy(weight)
    layer = torch.conv_transpose3d if transposed else torch.conv3d
    padding = 0 if transposed else (weight.shape[-1] - 1) // 2

    def run() -> Any:
        torch.set_num_threads(threads)
        with torch.no_grad():
            sums = layer(block, weights, stride=stride, padding=padding)
        return sums[0].numpy()

    return run


def onnx_layer(
    cells: Array, weight: Array, stride: int, *, transposed: bool = False
) -> Peer:
    """The same by ONNX Runtime."""
    from benchmarks.networks import Network

    made = Network(0)
    ndim = weight.ndim - 2
    padding = 0 if transposed else (weight.shape[-1] - 1) // 2
    result = made.node(
        "ConvTranspose" if transposed else "Conv",
        ["volume", made.constant(weight)],
        strides=[stride] * ndim,
        pads=[padding] * 2 * ndim,
    )
    model = made.model(result, cells.shape)
    return onnx_network(model.SerializeToString(), cells)


def onnx_network(model: bytes | str, cells: Array) -> Peer:
    """A network over all cells by ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"volume": cells[None]})[0][0]


def itk_convolve(cells: Array, kernel: Array) -> Peer:
    """SimpleITK's direct convolution."""
    import SimpleITK as sitk  # noqa: N813 - the name its users know

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image = sitk.GetImageFromArray(cells)
    weights = sitk.GetImageFromArray(np.flip(kernel).copy())
    border = sitk.ConvolutionImageFilter.ZERO_PAD

    def run() -> Any:
        return sitk.GetArrayFromImage(sitk.Convolution(image, weights, False, border))

    return run


def smoothers(cells: Array, factor: Array, sigma: float) -> dict[str, Peer]:
    """Gaussian smoothing, the edge mirrored with its last cell repeated."""
    from scipy import ndimage

    out = np.empty_like(cells)

    def scipy_gaussian() -> Array:
        ndimage.gaussian_filter(cells, sigma, output=out)
        return out

    found: dict[str, Peer] = {"scipy.ndimage": scipy_gaussian}
    if has("cv2"):
        found["OpenCV sepFilter2D"] = opencv_passes(cells, factor)
    if has("SimpleITK") and sigma <= 2:
        found["ITK recursive"] = itk_recursive(cells, sigma)
    return found


def opencv_passes(cells: Array, factor: Array) -> Peer:
    """OpenCV along x and y plane by plane, then along z with a plane as a row."""
    import cv2

    weights = factor.astype(cells.dtype)
    one = np.ones(1, cells.dtype)
    between, out = np.empty_like(cells), np.empty_like(cells)
    rows = len(cells), -1

    def run() -> Array:
        cv2.setNumThreads(1)
        how = {"borderType": cv2.BORDER_REFLECT}
        for plane, target in zip(cells, between, strict=True):
            cv2.sepFilter2D(plane, -1, weights, weights, dst=target, **how)
        stacked, target = between.reshape(rows), out.reshape(rows)
        cv2.sepFilter2D(stacked, -1, one, weights, dst=target, **how)
        return out

    return run


def itk_recursive(cells: Array, sigma: float) -> Peer:
    """ITK's recursive approximation: another result, so not compared."""
    import SimpleITK as sitk  # noqa: N813 - the name its users know

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image = sitk.GetImageFromArray(cells)

    def run() -> None:
        sitk.SmoothingRecursiveGaussian(image, sigma)

    return run


def boxes(cells: Array, size: int) -> dict[str, Peer]:
    """Mean of the cells under a box, mirrored as in `smoothers`."""
    from scipy import ndimage

    found: dict[str, Peer] = {
        "scipy.ndimage": lambda: ndimage.uniform_filter(cells, size)
    }
    if has("cv2"):
        found["OpenCV sepFilter2D"] = opencv_passes(cells, np.full(size, 1 / size))
    return found
