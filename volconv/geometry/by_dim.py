"""The only parser of per-dimension values.

What a user writes, `2` or `{"y": 2}`, becomes one value for each dimension here.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence

from volconv.errors import DimError, GeometryError, KindError, did_you_mean
from volconv.meta import MOST_CELLS, ArrayMeta

__all__ = ["PerDim", "per_dim", "values_by_dim", "whole_number"]

PerDim = int | Mapping[str, int]


def per_dim(
    where: str,
    value: object,
    dims: Sequence[str],
    scalar_dims: Iterable[str],
    default: object,
) -> dict[str, object]:
    """One value for each dimension.

    Parameters
    ----------
    where : str
        The argument's name, for errors.
    value : object
        One value for all of `scalar_dims`, or a mapping by name.
    dims : sequence of str
        The dimensions to fill.
    scalar_dims : iterable of str
        Those that one value for all goes to.
    default : object
        What the others get.

    Raises
    ------
    DimError
        If the mapping names a dimension that is not among `dims`.
    KindError
        If it is a list, which does not say what goes where; a pair of paddings may be.
    """
    if not isinstance(value, Mapping):
        refuse_list(where, value, dims)
        scalar = set(scalar_dims)
        return {dim: value if dim in scalar else default for dim in dims}
    for dim in value:
        if dim not in dims:
            raise DimError(
                where,
                repr(dim),
                f"dimensions among {', '.join(dims) or 'none'}",
                did_you_mean(str(dim), dims),
            )
    return {dim: value.get(dim, default) for dim in dims}


def refuse_list(where: str, value: object, dims: Sequence[str]) -> None:
    """Refuse a list of values: names say what goes where.

    Raises
    ------
    KindError
        With the list by name, where it has a value for each dimension.
    """
    listed = value
    if hasattr(value, "tolist") and not isinstance(value, type):
        listed = value.tolist()
    if not isinstance(listed, list | tuple):
        return
    if where == "padding" and not all(isinstance(one, list | tuple) for one in listed):
        return  # a pair, or none
    named = dict(zip(dims, listed, strict=False))
    raise KindError(
        where,
        repr(value),
        "one value, or one for each dimension by name",
        f"{where}={named}" if len(listed) == len(dims) else "",
    )


def values_by_dim(
    where: str, value: object, dims: Sequence[str] | str, meta: ArrayMeta
) -> dict[str, object]:
    """A value for each dimension that it or `dims` names, in the array's order.

    Parameters
    ----------
    where : str
        The argument's name, for errors.
    value : object
        One value for all of `dims`, or a mapping by name.
    dims : sequence of str
        Dimensions for a value for all; empty where the user names none.
    meta : ArrayMeta
        The array.

    Raises
    ------
    DimError
        If a dimension is not the array's, or `dims` are not those of the mapping.
    """
    names = [dims] if isinstance(dims, str) else list(dims)
    meta.require(names, "dims")
    if len(set(names)) < len(names):
        raise DimError("dims", str(names), "each dimension once")
    if isinstance(value, Mapping):
        meta.require(value, where)
        if names and set(names) != set(value):
            raise DimError(
                "dims",
                str(names),
                f"the dimensions that {where} names, {list(value)}",
                f"leave dims out: {where} says itself where it goes",
            )
        names = list(value)
    ordered = [dim for dim in meta.dims if dim in names]
    return per_dim(where, value, ordered, ordered, None)


def whole_number(where: str, value: object, least: int = 1) -> int:
    """The value as an int.

    Raises
    ------
    KindError
        If it is not a whole number; booleans are none.
    GeometryError
        If it is below `least`, or above `MOST_CELLS`.
    """
    expected = f"a whole number of at least {least}"
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise KindError(where, repr(value), expected)
    if number < least:
        raise GeometryError(where, str(number), expected)
    if number > MOST_CELLS:
        # not the number itself: Python refuses to write those of thousands of digits
        raise GeometryError(
            where, "more than 2**56", f"a whole number from {least} to 2**56"
        )
    return number
