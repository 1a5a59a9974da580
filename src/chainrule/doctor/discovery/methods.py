"""Which method of a class is meant, under one of several names."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

from ..objects import stored_as


def method(cls: type, names: tuple[str, ...]) -> Callable[..., Any] | None:
    """The first of these methods that the class has, from wherever it inherits it."""
    for name in itertools.chain.from_iterable(stored_as(cls, name) for name in names):
        for kind in cls.__mro__:
            if name in vars(kind):
                value = vars(kind)[name]
                value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
                if inspect.isfunction(value):
                    return value
                break
    return None


def stored_method(cls: type, name: str) -> Any:
    """What the class itself holds under this name: a function, a static method."""
    return next((f for n in stored_as(cls, name) if (f := inspect.getattr_static(cls, n, None))), None)


def constructor_of(cls: type) -> Any:
    """The __init__ that is called, wherever it is inherited from."""
    return next(vars(kind)["__init__"] for kind in cls.__mro__ if "__init__" in vars(kind))
