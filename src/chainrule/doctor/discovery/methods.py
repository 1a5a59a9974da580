"""Which method of a class is meant, under one of several names."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

from ..calling import parameters_of
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


def goes_by(function: Callable[..., Any], name: str) -> bool:
    """Whether this is a function's own name in a file: the one that it was defined with or, where another
    function made it, the one that it was given, `P, ssm_forward, ssm_backward = make_ssm()`. What takes
    anything is the wrapper of a decorator.
    """
    takes_anything = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters_of(function))
    return function.__name__ == name or ("<locals>" in function.__qualname__ and not takes_anything)
