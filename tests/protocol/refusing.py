"""An array that lives elsewhere, as on a GPU: it refuses to become a NumPy array, and to be mixed with one.

It behaves as CuPy's arrays do. NumPy's functions find it by `__array_ufunc__` and `__array_function__` (also
through `like=`), and give it back. Whatever would silently copy it to NumPy raises: np.asarray, operands that
are NumPy arrays, `ufunc.at` and `ufunc.reduce`, `as_strided`. A single number may leave by float(), int(),
bool() or item().
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .trees import map_tree

METHODS = (
    "all any argmax argmin argsort astype clip copy cumprod cumsum diagonal dot fill flatten item max mean "
    "min nonzero prod ravel repeat reshape round sort squeeze std sum swapaxes take tolist trace "
    "transpose var view"
)
PROPERTIES = "dtype flags imag itemsize nbytes ndim real shape size strides T"


class Refusing(NDArrayOperatorsMixin):
    """Wraps a NumPy array and hides it. The mixin makes all operators of `__array_ufunc__`."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("this array lives elsewhere: it must not become a NumPy array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if method != "__call__":
            raise TypeError(f"np.{ufunc.__name__}.{method} is not for arrays of other libraries")
        if out is not None:
            getattr(ufunc, method)(*_unwrap(inputs), out=_unwrap(out), **_unwrap(kwargs))
            return out[0] if len(out) == 1 else out
        return _wrap(getattr(ufunc, method)(*_unwrap(inputs), **_unwrap(kwargs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(kind is not Refusing for kind in types):
            raise TypeError(
                f"np.{function.__name__} was given arrays of two libraries: {[t.__name__ for t in types]}"
            )
        kwargs = {name: value for name, value in kwargs.items() if name != "like"}
        if function is np.asarray:  # np.asarray(numbers, like=x) moves numbers to where x lives, on purpose
            return Refusing(np.asarray(*args, **kwargs))
        return _wrap(function(*_unwrap(args), **_unwrap(kwargs)))

    def __getitem__(self, index: Any) -> Any:
        return _wrap(self.value[_unwrap_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.value[_unwrap_index(index)] = _unwrap(value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return f"Refusing{self.shape} {self.dtype}"


def _method(name: str) -> Any:
    return lambda self, *args, **kwargs: _wrap(getattr(self.value, name)(*_unwrap(args), **_unwrap(kwargs)))


for _name in METHODS.split():
    setattr(Refusing, _name, _method(_name))
for _name in PROPERTIES.split():
    setattr(Refusing, _name, property(lambda self, name=_name: _wrap(getattr(self.value, name))))


def _wrap(value: Any) -> Any:
    """Arrays, and the scalars that NumPy makes of 0-d ones, come back as this type."""
    if isinstance(value, np.ndarray | np.generic):
        return Refusing(value)
    return type(value)(map(_wrap, value)) if type(value) in (tuple, list) else value


def _unwrap(tree: Any) -> Any:
    def one(leaf: Any) -> Any:
        if isinstance(leaf, Refusing):
            return leaf.value
        if isinstance(leaf, np.ndarray) and leaf.ndim:
            raise TypeError(
                f"a NumPy array {leaf.shape} meets an array of another library: make it with like= or *_like"
            )
        return leaf

    return map_tree(one, tree)


def _unwrap_index(index: Any) -> Any:
    return map_tree(lambda leaf: leaf.value if isinstance(leaf, Refusing) else leaf, index)
