"""Taps: copies of the user's functions in which every intermediate passes through our hands.

`scores = q @ k.T` becomes `scores = tap(7, tap(3, q) @ tap(4, k).T)`: the same program, but each named value
and each single use of it can be read, moved a little, or replaced, at the execution we choose. The user's
files are not touched; the copies stand in for the originals only inside of the `with` block.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import types
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from ..effort import PER_VALUE, spend
from .compiling import compiled, without_ornaments
from .reach import Called, calls, current, holders, is_theirs, plain, put
from .read import source_tree
from .rewriter import TAP, Rewriter
from .sites import Site

Action = Callable[[Site, int, Any], Any]


class Taps:
    """Taps in a function and in the user's own functions that it calls.

    owner: the object whose methods they are, None for plain functions. `sites` by id; inside of the `with`
    block `action(site, execution, value)` sees every floating array and returns what goes on in its place.
    """

    def __init__(self, functions: list[Any], owner: Any = None, backward: bool = False) -> None:
        self.backward = backward
        self.sites: dict[int, Site] = {}
        self.action: Action | None = None
        self.counts: dict[int, int] = {}
        self._replacements: dict[tuple[int, str], tuple[Called, types.FunctionType]] = {}
        self._before: list[list[tuple[Called, Any]]] = []
        self._seen: set[types.CodeType] = set()
        self.tapped: dict[types.CodeType, Any] = {}
        self.owner = owner
        self.stores: dict[str, tuple[int, str]] = {}  # what is filled piece by piece: line, statement
        self.file = ""
        for function in functions:
            self._add(function)

    # ------------------------------------------------------------ what is tapped

    def _add(self, wrapped: Any) -> None:
        function = plain(wrapped)
        if not isinstance(function, types.FunctionType) or function.__code__ in self._seen:
            return
        self._seen.add(function.__code__)
        if not is_theirs(function):
            return
        tapped = self._tapped(function)
        if tapped is None:
            return
        self.tapped[function.__code__] = tapped
        for place in holders(function, self.owner, [], wrapped):
            self._replace(place, tapped)
        for called in calls(function, self.owner):
            if not isinstance(called.holder, type) or self.backward or not _is_backward(called.name):
                self._add(called.function)
                if called.function.__code__ in self.tapped:
                    self._replace(called, self.tapped[called.function.__code__])

    def _replace(self, place: Called, tapped: types.FunctionType) -> None:
        self._replacements[id(place.holder), place.name] = place, tapped

    def _tapped(self, function: types.FunctionType) -> Any:
        copy = _copy(function, function.__code__)
        if copy is None:
            return None
        self.sites |= copy.sites
        self.stores = {**copy.stores, **self.stores}  # those of the function itself come first
        self.file = self.file or function.__code__.co_filename
        return copy.function

    # ------------------------------------------------------------ running

    def begin(self, action: Action | None) -> None:
        """Before a run: what is done with each value. What passed in the run before is counted as work."""
        spend(PER_VALUE * sum(self.counts.values()))
        self.counts, self.action = {}, action

    def __enter__(self) -> Self:
        _CURRENT.append(self)
        before = []
        for place, tapped in self._replacements.values():
            before.append((place, current(place)))
            put(place, tapped)
        self._before.append(before)  # other taps may be in the same functions
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for place, before in self._before.pop():
            put(place, before)
        _CURRENT.pop()


_CURRENT: list[Taps] = []
_focus: frozenset[int] | None = None


@contextlib.contextmanager
def focused(sites: Iterable[int]) -> Iterator[None]:
    """Inside the block only these sites are seen; all others cost next to nothing."""
    global _focus
    before, _focus = _focus, frozenset(sites)
    try:
        yield
    finally:
        _focus = before


def _tap(key: int, value: Any) -> Any:
    if (_focus is not None and key not in _focus) or not _CURRENT:
        return value
    kind = type(value)
    if kind is not np.ndarray and kind is not float and kind is not np.float64:
        return value
    if kind is np.ndarray and value.dtype != np.float64:
        return value
    taps = next((t for t in reversed(_CURRENT) if key in t.sites), None)
    if taps is None or taps.action is None:
        return value
    execution = taps.counts.get(key, 0)
    taps.counts[key] = execution + 1
    return taps.action(taps.sites[key], execution, value)


class _Copy(NamedTuple):
    function: types.FunctionType
    sites: dict[int, Site]
    stores: dict[str, tuple[int, str]]


@lru_cache(maxsize=400)
def _copy(function: types.FunctionType, code: types.CodeType) -> _Copy | None:
    """A function with taps in it; None where it has no plain source."""
    node = source_tree(function)
    if node is None or any(
        not (isinstance(d, ast.Name) and d.id in ("staticmethod",)) for d in node.decorator_list
    ):
        return None
    without_ornaments(node)
    rewriter = Rewriter(function)
    rewriter.visit(node)
    for site in rewriter.sites.values():
        site.stored = rewriter.stores.get(site.text) if site.kind == "use" else None
    new = compiled(function, node)
    if new is None:
        return None
    setattr(builtins, TAP, _tap)  # found from any module, and no name of the user's is taken
    return _Copy(new, rewriter.sites, rewriter.stores)


def _is_backward(name: str) -> bool:
    return "backward" in name.lower() or name.startswith(("d_", "grad", "bwd", "bprop"))
