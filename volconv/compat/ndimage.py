"""Filters with the signatures of `scipy.ndimage`, for NumPy, Dask and xarray.

Of NumPy arrays they make NumPy arrays of SciPy's shapes and dtypes; of Dask arrays lazy
ones in the same chunks; of DataArrays DataArrays with the same coordinates. What differs
from SciPy is listed in the documentation's page on migration.

Examples
--------
>>> from volconv.compat import ndimage
>>> ndimage.gaussian_filter([[0.0, 0.0, 4.0]], [0, 1], mode="nearest").round(2)
array([[0.23, 1.2 , 2.8 ]])
"""

from volconv.compat.correlation import convolve, convolve1d, correlate, correlate1d
from volconv.compat.derivatives import gaussian_gradient_magnitude, gaussian_laplace
from volconv.compat.differences import laplace, prewitt, sobel
from volconv.compat.extremes import (
    maximum_filter,
    maximum_filter1d,
    minimum_filter,
    minimum_filter1d,
)
from volconv.compat.gaussians import gaussian_filter, gaussian_filter1d
from volconv.compat.means import uniform_filter, uniform_filter1d
from volconv.compat.ranks import median_filter, percentile_filter, rank_filter

__all__ = [
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "laplace",
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "percentile_filter",
    "prewitt",
    "rank_filter",
    "sobel",
    "uniform_filter",
    "uniform_filter1d",
]
