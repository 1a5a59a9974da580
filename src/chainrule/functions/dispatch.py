"""How a pair of functions is exported, and how a fast twin takes its place.

The reference in this folder is the truth. A twin has the same signature, returns `NotImplemented` where it
does not apply, and has a cache of its own type: backward follows the type of the cache, never the switch of
the moment. The twins are not loaded before a function is called: they register themselves when
`chainrule.kernels` is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

BACKENDS = ("auto", "reference")
_backend: ContextVar[str] = ContextVar("backend", default="auto")


@contextmanager
def backend(name: str) -> Iterator[None]:
    """Chooses, inside the `with` block, what runs: "auto" (a twin where one applies) or "reference" (never a
    twin).
    """
    if name not in BACKENDS:
        raise ValueError(f"no backend is called {name!r}: choose one of {', '.join(map(repr, BACKENDS))}")
    token = _backend.set(name)
    try:
        yield
    finally:
        _backend.reset(token)


def twins_are_wanted() -> bool:
    """False inside of `with backend("reference")`."""
    return _backend.get() == "auto"


@cache
def _load_twins() -> None:
    import_module("chainrule.kernels")


def pair(
    forward: Callable[P, R], backward: Callable[[Any, Any], S]
) -> tuple[Callable[P, R], Callable[[Any, Any], S]]:
    """The exported form of a function and its backward: as they are, or by their twins."""
    twins: list[Callable[..., Any]] = []
    twin_backwards: dict[type, Callable[[Any, Any], S]] = {}

    @wraps(forward)
    def dispatched(*args: P.args, **kwargs: P.kwargs) -> R:
        if twins_are_wanted():
            _load_twins()
            for twin in twins:
                result = twin(*args, **kwargs)
                if result is not NotImplemented:
                    return cast(R, result)
        return forward(*args, **kwargs)

    @wraps(backward)
    def dispatched_backward(dy: Any, cache: Any) -> S:
        return twin_backwards.get(type(cache), backward)(dy, cache)

    def register(
        twin: Callable[..., Any], cache_type: type, twin_backward: Callable[[Any, Any], S]
    ) -> Callable[[], None]:
        twins.insert(0, twin)
        twin_backwards[cache_type] = twin_backward

        def unregister() -> None:
            twins.remove(twin)
            del twin_backwards[cache_type]

        return unregister

    vars(dispatched)["register_twin"] = register
    return dispatched, dispatched_backward


def register_twin(
    function: Callable[..., Any],
    twin: Callable[..., Any],
    cache_type: type,
    twin_backward: Callable[[Any, Any], Any],
) -> Callable[[], None]:
    """Registers a fast twin of an exported function; returns the function that takes it away again."""
    return cast(Callable[[], None], vars(function)["register_twin"](twin, cache_type, twin_backward))
