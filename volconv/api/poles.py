"""The public function that goes on over the poles."""

from __future__ import annotations

from volconv.api.apply import Labelled, apply
from volconv.steps.poles import pad_poles_step

__all__ = ["pad_poles"]


def pad_poles(
    data: Labelled,
    padding: int | tuple[int, int],
    *,
    latitude: str = "latitude",
    longitude: str = "longitude",
    poles: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """A global grid with rows added beyond its poles: those on the other side.

    Rows follow in mirrored order, each turned by half a circle, so that a window over a
    pole sees its neighbours on the globe. A step after it then takes the latitude with
    ``padding="valid"``, and the longitude with ``boundary="wrap"``.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`. Scalars: components of a vector would change their sign.
    padding : int or (int, int)
        Rows before the first and after the last: half of what a window spans.
    latitude, longitude : str
        The dimensions; longitude has an even number of cells, once around.
    poles : str
        ``"between"``: half a cell beyond the first and the last row. ``"on"``: the first
        and the last row lie on them. ``"auto"``: as rows of even spacing say.
    keep_attrs : bool, optional
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        Latitudes go on beyond 90 degrees, with the spacing at the end. Lazy where
        `data` is backed by Dask.

    Raises
    ------
    BoundaryError
        If the grid does not go once around, or not from pole to pole.
    UnitError
        If spacing and unit do not tell where the poles lie.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> grid = xr.DataArray(
    ...     np.arange(8).reshape(2, 4),
    ...     {
    ...         "latitude": ("latitude", [45.0, -45.0], {"units": "degrees_north"}),
    ...         "longitude": (
    ...             "longitude",
    ...             np.arange(4) * 90.0,
    ...             {"units": "degrees_east"},
    ...         ),
    ...     },
    ...     ("latitude", "longitude"),
    ... )
    >>> pad_poles(grid, 1).values
    array([[2, 3, 0, 1],
           [0, 1, 2, 3],
           [4, 5, 6, 7],
           [6, 7, 4, 5]])
    """
    return apply(
        data,
        lambda meta: pad_poles_step(meta, padding, latitude, longitude, poles),
        (latitude, longitude),
        keep_attrs,
    )
