"""Which of the user's own functions does a function call, and where does Python look them up?

Those of its module, of the other files of its project, the methods of its object, and those of the plain
objects that it keeps (a direction, a gate). A layer inside of a layer is a subject of its own: of its methods
there is nothing here.
"""

from __future__ import annotations

import inspect
import itertools
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from ..objects import is_layer, is_leaf, stored_attributes
from ..projects import is_foreign_module, project_of

MOST_HELPERS = 20  # of one list


class Called(NamedTuple):
    """A function, and the module, the class or the cell (of a function around it, of a wrapper) that holds it
    under a name.
    """

    function: Any  # a types.FunctionType
    holder: dict[str, Any] | type | types.CellType
    name: str
    value: Any  # what stands there: the function, or a static method of it


def calls(function: types.FunctionType, owner: Any, abroad: bool = True) -> Iterator[Called]:
    """What the names in a function's code may stand for. abroad: in other files, too."""
    lineages = _lineages(owner)
    around = dict(_around(function))
    modules = _modules(function, around) if abroad else []
    for name, cell in around.items():
        called = plain(cell.cell_contents)
        if called is not None and is_theirs(called):
            yield from _held(called, cell, name, cell.cell_contents)
    for name in function.__code__.co_names:
        for scope in (function.__globals__, *modules):
            value = scope.get(name)
            called = plain(value)
            if called is not None and (
                called.__module__ == function.__module__
                or (abroad and (_one_project(called, function) or scope is not function.__globals__))
            ):
                yield from _held(called, scope, name, value)
        for lineage in lineages:
            for kind in lineage:
                if name in vars(kind):
                    method = plain(vars(kind)[name])
                    if method is not None:
                        yield from _held(method, kind, name, vars(kind)[name])
                    break


def _around(function: types.FunctionType) -> Iterator[tuple[str, types.CellType]]:
    """What a function inside of another one finds around it."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not filled yet
            cell.cell_contents  # noqa: B018
            yield name, cell


def _modules(function: types.FunctionType, around: dict[str, types.CellType]) -> list[dict[str, Any]]:
    """The user's own modules that it names: net.forward(x)."""
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    named += [cell.cell_contents for cell in around.values()]
    return [vars(v) for v in named if isinstance(v, types.ModuleType) and is_foreign_module(v.__name__)]


def kinds(owner: Any) -> tuple[type, ...]:
    """The classes whose methods an object has; of one that speaks for another, also that one's."""
    other = getattr(type(owner), "speaks_for", None)
    return type(owner).__mro__ + (other.__mro__ if isinstance(other, type) else ())


def _lineages(owner: Any) -> list[tuple[type, ...]]:
    """The classes in which methods are looked up: its own, and those of the helpers that it keeps."""
    if owner is None:
        return []
    found = [kinds(owner)]
    known: set[type] = {type(owner)}
    for value in stored_attributes(owner).values():
        kind = type(value)
        items: Any = value.values() if kind is dict else value if kind in (list, tuple) else (value,)  # type: ignore[attr-defined]
        for item in itertools.islice(items, MOST_HELPERS):
            kind = type(item)
            if kind in known:
                continue
            known.add(kind)
            if is_foreign_module(kind.__module__) and not is_leaf(item) and not is_layer(item):
                found.append(kind.__mro__)
    return found


def reached(function: Any, owner: Any, abroad: bool = False) -> list[types.FunctionType]:
    """A function of the user's and those of theirs that it calls, directly or not."""
    found: list[types.FunctionType] = []
    waiting: list[types.FunctionType | None] = [plain(function)]
    while waiting:
        current = waiting.pop()
        if current is not None and current not in found and is_theirs(current):
            found.append(current)
            waiting += [c.function for c in calls(current, owner, abroad)]
    return found


def holders(
    function: types.FunctionType, owner: Any, callers: list[types.FunctionType], wrapped: Any = None
) -> list[Called]:
    """Every place where a function has to be exchanged, so that its callers meet another one. wrapped: what
    the subject itself calls, which may be a wrapper of it.
    """
    found: dict[tuple[int, str], Called] = {}
    own = Called(function, function.__globals__, function.__name__, function)
    named = [own] if function.__globals__.get(function.__name__) is function else []
    for kind in kinds(owner) if owner is not None else ():
        for name, value in list(vars(kind).items()):
            if plain(value) is function:
                named += _held(function, kind, name, value)
    named += _in_wrapper(function, getattr(wrapped, "__func__", wrapped))
    for caller in callers:
        named += [c for c in calls(caller, owner) if c.function is function]
    for called in named:
        found.setdefault((id(called.holder), called.name), called)
    return list(found.values())


def _held(function: types.FunctionType, holder: Any, name: str, value: Any) -> list[Called]:
    """The place itself; where a wrapper stands in it, the place inside of that."""
    held = getattr(value, "__func__", value)
    return [Called(function, holder, name, value)] if held is function else _in_wrapper(function, held)


def _in_wrapper(function: types.FunctionType, wrapper: Any) -> list[Called]:
    """What a decorator of the user's, or an adapter of ours, has made of a function goes on doing what it
    does.
    """
    while isinstance(wrapper, types.FunctionType) and wrapper is not function:
        if not is_theirs(wrapper) and not hasattr(wrapper, "__wrapped__"):
            break
        for name, cell in zip(wrapper.__code__.co_freevars, wrapper.__closure__ or (), strict=True):
            if cell.cell_contents is function:
                return [Called(function, cell, name, function)]
        wrapper = getattr(wrapper, "__wrapped__", None)
    return []


def current(place: Called) -> Any:
    """What stands there now."""
    if isinstance(place.holder, types.CellType):
        return place.holder.cell_contents
    return place.holder[place.name] if isinstance(place.holder, dict) else vars(place.holder)[place.name]


def put(place: Called, function: Any) -> None:
    """Another function in its place, or the old one."""
    if isinstance(place.value, staticmethod) and not isinstance(function, staticmethod):
        function = staticmethod(function)
    if isinstance(place.holder, types.CellType):
        place.holder.cell_contents = function
    elif isinstance(place.holder, dict):
        place.holder[place.name] = function
    else:
        type.__setattr__(place.holder, place.name, function)


@contextmanager
def exchanged(places: list[Called], new: types.FunctionType) -> Iterator[None]:
    """Inside the block, another function stands in these places."""
    try:
        for place in places:
            put(place, new)
        yield
    finally:
        for place in places:
            put(place, place.value)


@contextmanager
def instead(
    subject: Any, which: str, function: types.FunctionType, new: types.FunctionType, places: list[Called]
) -> Iterator[None]:
    """The same, where the subject's own call may be of that function, too. which: "forward_function" or
    "backward_function".
    """
    kept = getattr(subject, which)
    with exchanged(places, new):
        try:
            if getattr(kept, "__func__", kept) is function:
                bound = isinstance(kept, types.MethodType)
                setattr(subject, which, types.MethodType(new, kept.__self__) if bound else new)
            yield
        finally:
            setattr(subject, which, kept)


def is_theirs(function: types.FunctionType) -> bool:
    """The user's, or one of chainrule's own."""
    return is_foreign_module(function.__module__) or _is_ours(function)


def _one_project(a: types.FunctionType, b: types.FunctionType) -> bool:
    ours = _is_ours(a) and _is_ours(b)
    return ours or project_of(a.__module__) == project_of(b.__module__) is not None


def _is_ours(function: types.FunctionType) -> bool:
    module = str(function.__module__)
    return module.startswith("chainrule.") and not module.startswith("chainrule.doctor")


def plain(value: Any) -> types.FunctionType | None:
    """The function itself, of a method or a static method, without wrappers."""
    held: Any = getattr(value, "__func__", value)
    found: Any = inspect.unwrap(held) if isinstance(held, types.FunctionType) else None
    return found if isinstance(found, types.FunctionType) else None
