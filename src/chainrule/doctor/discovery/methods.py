"""Which method of a class is meant, under one of several names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def method(cls: type, names: tuple[str, ...]) -> Callable[..., Any] | None:
    """The first of these methods that the class has, from wherever it inherits it."""
    for name in names:
        for kind in cls.__mro__:
            if name in vars(kind):
                value = vars(kind)[name]
                value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
                if inspect.isfunction(value):
                    return value
                break
    return None


def constructor_of(cls: type) -> Any:
    """The __init__ that is called, wherever it is inherited from."""
    return next(vars(kind)["__init__"] for kind in cls.__mro__ if "__init__" in vars(kind))
