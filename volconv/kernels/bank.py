"""A bank of kernels: several of one shape, which are moved over an array together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volconv.errors import DimError, KernelError, KindError, did_you_mean
from volconv.kernels.kernel import Kernel, are_several

__all__ = ["Bank"]


@dataclass(frozen=True, eq=False)
class Bank:
    """Kernels of the same dimensions, sizes and dtype.

    Parameters
    ----------
    kernels : tuple of Kernel
        In the order of their results.
    labels : ndarray, optional
        The coordinate of the dimension that tells their results apart.

    Examples
    --------
    >>> bank = Bank.parse({"mean": [0.5, 0.5], "slope": [-1, 1]}, "x", "kind", ["x"])
    >>> len(bank.kernels), bank.labels, bank.kernels[1].weights
    (2, array(['mean', 'slope'], dtype='<U5'), array([-1.,  1.]))
    """

    kernels: tuple[Kernel, ...]
    labels: NDArray[Any] | None = None

    @classmethod
    def parse(
        cls,
        kernels: object,
        dims: Sequence[str] | str | None,
        new_dim: str,
        array_dims: Sequence[str],
    ) -> Self:
        """A bank from what a user gave.

        Parameters
        ----------
        kernels : DataArray, mapping of kernels, or sequence of kernels
            A DataArray has `new_dim` among its dims; each kernel of the others is what
            `Kernel.parse` takes.
        dims, array_dims
            As for `Kernel.parse`.
        new_dim : str
            The dimension that tells the kernels' results apart.

        Raises
        ------
        VolconvError
            As `Kernel.parse`; or if there is no kernel, or they differ in shape.
        """
        labels: NDArray[Any] | None = None
        own = getattr(kernels, "dims", None)
        if own is not None:
            each, labels = along(kernels, new_dim)
        elif isinstance(kernels, Mapping):
            each, labels = list(kernels.values()), labels_of(list(kernels))
        elif (
            isinstance(kernels, Sequence | np.ndarray)
            and not isinstance(kernels, str)
            and are_several(kernels)
        ):
            each = list(kernels)
        else:
            raise KindError(
                "kernels",
                type(kernels).__name__,
                "a list of kernels, a mapping of names to kernels, or a DataArray",
            )
        parsed = []
        for number, kernel in enumerate(each):
            where = f"kernel {number if labels is None else labels[number]!s}"
            try:
                parsed.append(Kernel.parse(kernel, dims, array_dims))
            except (KernelError, KindError, DimError) as error:
                error.where = f"{where}, {error.where}"
                raise
        return cls.of(parsed, labels)

    @classmethod
    def of(cls, kernels: Sequence[Kernel], labels: NDArray[Any] | None = None) -> Self:
        """The bank of kernels, their weights in one dtype.

        Raises
        ------
        KernelError
            If there is none, or if they differ in dimensions or sizes.
        """
        if not kernels:
            raise KernelError("kernels", "none", "at least one kernel")
        first = kernels[0].sizes
        for other in kernels[1:]:
            if other.sizes != first:
                raise KernelError(
                    "kernels",
                    f"sizes {first} and {other.sizes}",
                    "kernels of one shape",
                    "pad the smaller with zeros: a weight of zero costs nothing",
                )
        dtype = np.result_type(*(factor for one in kernels for factor in one.factors))
        alike = tuple(one.as_type(dtype) for one in kernels)
        return cls(alike, labels)


def along(kernels: Any, new_dim: str) -> tuple[list[Any], NDArray[Any] | None]:
    """The kernels of a DataArray along one of its dims, and their labels.

    Raises
    ------
    DimError
        If it has no such dim.
    """
    names = [str(dim) for dim in kernels.dims]
    if new_dim not in names:
        raise DimError(
            "kernels",
            f"dims {names}",
            f"{new_dim!r} among them",
            did_you_mean(new_dim, names)
            or "say dim=… which of them counts the kernels",
        )
    each = [kernels[{new_dim: number}] for number in range(kernels.sizes[new_dim])]
    labels = kernels.coords[new_dim].values if new_dim in kernels.coords else None
    return each, labels


def labels_of(names: list[object]) -> NDArray[Any]:
    """Names as a coordinate.

    Raises
    ------
    KindError
        If they are neither texts nor numbers.
    """
    labels = np.asarray(names) if names else np.empty(0, dtype=str)
    if labels.ndim != 1 or labels.dtype.kind not in "iufU":
        raise KindError("kernels", f"names {names}", "texts, or numbers")
    return labels
