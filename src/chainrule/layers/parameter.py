"""What a layer holds: parameters, which learn, and buffers, which do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.functions.arrays import Array


class _Holder:
    """An array that is never exchanged for another one: whoever holds it sees every change."""

    __slots__ = ("_data",)

    def __init__(self, data: Array) -> None:
        self._data = data

    @property
    def data(self) -> Array:
        """The array itself. To change it, write into it: `p.data[...] = new`."""
        return self._data

    @data.setter
    def data(self, value: Array) -> None:
        raise AttributeError(
            "data is never rebound, so that all who share it see the change: write p.data[...] = value"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._data.shape)

    @property
    def size(self) -> int:
        return int(self._data.size)

    @property
    def dtype(self) -> Any:
        return self._data.dtype


class Parameter(_Holder):
    """An array that learns, `data`, and its gradient, `grad`, of the same shape. Both exist from birth.

    Gradients are *added* (`add_grad`), because one parameter may be used many times in a graph: what it
    caused is the sum. A parameter with requires_grad = False is frozen: it gets no gradient and no optimizer
    moves it.
    """

    __slots__ = ("_grad", "requires_grad")

    def __init__(self, data: Array, requires_grad: bool = True) -> None:
        if data.dtype.kind != "f":
            raise TypeError(f"a Parameter needs floating point numbers to learn, got {data.dtype}")
        super().__init__(data)
        self._grad = np.zeros_like(data)
        self.requires_grad = requires_grad

    @property
    def grad(self) -> Array:
        """∂L/∂data, summed over all uses since `zero_grad`."""
        return self._grad

    @grad.setter
    def grad(self, value: Array) -> None:
        # `p.grad += x` ends here too, after the addition has been made in place
        if value is not self._grad:
            raise AttributeError(
                "grad is never rebound: add with p.add_grad(gradient), or write p.grad[...] = gradient"
            )

    def add_grad(self, gradient: Array) -> None:
        """grad += gradient. Raises ValueError if the shapes differ: NumPy might broadcast in silence."""
        if gradient.shape != self._grad.shape:
            raise ValueError(
                f"a gradient of shape {tuple(gradient.shape)} for a parameter of shape {self.shape}: "
                "each number of a parameter has exactly one gradient"
            )
        if self.requires_grad:
            self._grad += gradient

    def zero_grad(self) -> None:
        self._grad[...] = 0

    def replica(self) -> Parameter:
        """A parameter with the same data and a gradient of its own, for another thread."""
        return Parameter(self._data, self.requires_grad)

    def __repr__(self) -> str:
        return f"Parameter{self.shape}{'' if self.requires_grad else ' frozen'}"


class Buffer(_Holder):
    """An array that belongs to the state of a layer but does not learn, such as the running mean of a batch
    norm.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Buffer{self.shape}"
