"""Functions, and methods, that return their value together with the way back:

    y, back = attention(q, k, v)
    dq, dk, dv = back(dy)

They become a pair of functions, or an object with a backward.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..objects import BACKWARD_NAMES, FORWARD_NAMES, stored_attributes
from .adapters import Function, Pair, wearing
from .methods import method
from .ways_back import WayBack, way_back

CACHE = "cache"


def as_closure(subject: Any) -> Any:
    """The pair or the object for what was handed to `check`; None where it has no way back of this kind."""
    if inspect.isfunction(subject):
        return closure_pair(subject) if way_back(subject) is not None else None
    if inspect.isroutine(subject) or isinstance(subject, (type, list, tuple)):
        return None
    kind: Any = type(subject)
    return with_backward(subject) if closing_method(kind) is not None else None


def closure_pair(function: Function) -> Pair:
    """forward(*inputs) -> value, cache, and backward(dy, cache): the cache is the way back. The function is
    called through its module, where a copy may stand in for it.
    """
    way = way_back(function)
    assert way is not None

    def forward(*inputs: Any, **kwargs: Any) -> Any:
        return current(function)(*inputs, **kwargs)

    def backward(*handed: Any) -> Any:
        *upstream, back = handed
        return back(*_spread(upstream, way))

    return (
        wearing(forward, function, inspect.signature(function)),
        _told(wearing(backward, function, _asking(way)), way),
    )


def current(function: Function) -> Function:
    """What stands in its module under its name, if that was the function when it was defined."""
    found = function.__globals__.get(function.__name__)
    return found if inspect.isfunction(found) and "<locals>" not in function.__qualname__ else function


def _spread(upstream: list[Any], way: WayBack) -> list[Any]:
    """back(dh, dc): one for each output."""
    if way.upstreams > 1 and len(upstream) == 1 and isinstance(upstream[0], (list, tuple)):
        return list(upstream[0])
    return upstream


def _asking(way: WayBack, *own: str) -> inspect.Signature:
    gradients = ["dy"] if way.upstreams == 1 else [f"dy{i}" for i in range(way.upstreams)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(n, kind) for n in (*own, *gradients, CACHE)])


def _told(backward: Function, way: WayBack) -> Function:
    backward.returned_names = list(way.names)  # type: ignore[attr-defined]
    backward.first_line = way.line  # type: ignore[attr-defined]
    return backward


# ---------------------------------------------------------------- objects


@lru_cache(maxsize=256)
def closing_method(cls: Any) -> Callable[..., Any] | None:
    """Its forward, if that returns a way back and there is no backward."""
    forward = method(cls, FORWARD_NAMES)
    if forward is None or method(cls, BACKWARD_NAMES) is not None:
        return None
    return forward if way_back(forward) is not None else None


@lru_cache(maxsize=256)
def closing_class(cls: Any) -> type:
    """The class with a backward(dy, cache) beside its forward."""
    forward = closing_method(cls)
    assert forward is not None
    way = way_back(forward)
    assert way is not None
    names = list(inspect.signature(forward).parameters)[1:]

    def backward(self: Any, *handed: Any) -> Any:
        *upstream, back = handed
        return _by_name(self, back(*_spread(upstream, way)), names, way.names)

    told = _told(wearing(backward, forward, _asking(way, "self")), way)
    return type(cls.__name__, (cls,), {"backward": told, "__module__": cls.__module__})


def with_backward(model: Any) -> Any:
    """The object with a backward; all that it holds is shared. None where its class does not let itself be
    extended.
    """
    kind: Any = type(model)
    try:
        view: Any = object.__new__(closing_class(kind))
        view.__dict__ = model.__dict__
    except (TypeError, AttributeError):
        return None
    return view


def _by_name(model: Any, returned: Any, inputs: list[str], names: tuple[str, ...]) -> Any:
    """`dx, {"W": dW}` in one dict, under names of gradients."""
    parts = returned if isinstance(returned, tuple) else (returned,)
    if not any(isinstance(part, dict) for part in parts):
        return returned
    found: dict[str, Any] = {}
    held = stored_attributes(model)
    own = {*held, *(key for value in held.values() if isinstance(value, dict) for key in value)}
    free = list(inputs)
    said = names if len(names) == len(parts) else [""] * len(parts)
    for part, name in zip(parts, said, strict=True):
        if isinstance(part, dict):
            found |= {f"d{key}" if key in own else str(key): value for key, value in part.items()}
        elif free:
            found[free.pop(0)] = part
        else:
            found[name] = part
    return found
