"""Walking through objects that we know nothing about: which layers are inside of a model, and where?

A layer is whatever has a forward and a backward, under one of their usual names. No code of the model runs
on the way (a property may compute, or raise): attributes are read where they are stored, methods where their
class defines them. The one exception is `named_children()`, the convention of those who name their children
otherwise than the attributes that hold them.
"""

from __future__ import annotations

import functools
import inspect
import random
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from .delegates import delegate_of


def _spellings(*names: str) -> tuple[str, ...]:
    """forward_pass, then forwardpass, forwardPass and ForwardPass."""
    found = dict.fromkeys(names)
    for name in names:
        first, *rest = name.split("_")
        tail = "".join(word.capitalize() for word in rest)
        found |= dict.fromkeys((name.replace("_", ""), first + tail, first.capitalize() + tail))
    return tuple(found)


def _private(names: tuple[str, ...]) -> tuple[str, ...]:
    """_forward, and __forward, as it is stored."""
    return tuple(f"{bar}{name}" for bar in ("_", "__") for name in names if name.islower())


PUBLIC_FORWARD_NAMES = (
    *_spellings(
        "forward",
        "fprop",
        "fwd",
        "forward_pass",
        "forward_prop",
        "forward_propagation",
        "forward_propagate",
        "feed_forward",
        "call",
    ),
    "__call__",
)
# where there are no public ones, as in a model with nothing but fit and predict
FORWARD_NAMES = (*PUBLIC_FORWARD_NAMES, *_private(PUBLIC_FORWARD_NAMES[:-1]))
NAMED_FORWARD = tuple(name for name in FORWARD_NAMES if name != "__call__")
PUBLIC_BACKWARD_NAMES = _spellings(
    "backward",
    "backwards",
    "bprop",
    "bwd",
    "backward_pass",
    "back_prop",
    "back_propagate",
    "back_propagation",
    "backward_prop",
    "backward_propagation",
    "backward_propagate",
    "compute_gradients",
)
BACKWARD_NAMES = (*PUBLIC_BACKWARD_NAMES, *_private(PUBLIC_BACKWARD_NAMES))

# in these, no layer is looked for: they are the numbers, or code, or endless
_LEAVES = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    range,
    np.ndarray,
    np.generic,
    np.dtype,
    np.random.Generator,
    np.random.RandomState,
    np.random.BitGenerator,
    random.Random,
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.GeneratorType,
    types.FrameType,
    types.TracebackType,
    types.CodeType,
    functools.partial,
    property,
)
# nor in what these packages make, but for torch's modules, which may hold anybody's layers
_OPAQUE = {
    "asyncio",
    "concurrent",
    "cupy",
    "io",
    "logging",
    "matplotlib",
    "multiprocessing",
    "numpy",
    "pandas",
    "pathlib",
    "rich",
    "scipy",
    "sklearn",
    "threading",
    "weakref",
    "_io",
    "_thread",
    "_weakref",
}


def layers_of(root: object) -> dict[str, object]:
    """Every object below root that has a forward and a backward of its own, by dotted path:
    `decoder.layers.1.cross_attention.norm`.

    Looks into attributes (in the order of their definition, __slots__ too, the class's own last), lists,
    tuples and dicts at any depth. A composite comes before what it holds. An object that is reachable in
    several ways stands under the shortest path, the first of several short ones. Root itself is not listed.
    """
    found: list[tuple[object, int, str]] = [(root, -1, "")]  # (object, place of its holder, name there)
    seen = {id(root)}
    held: dict[int, list[int]] = {}
    # level by level, so that `layers.1` wins over `layers.0.next`
    for place, (value, _, _) in enumerate(found):
        for name, child in children_of(value):
            if id(child) not in seen and not is_leaf(child):
                seen.add(id(child))
                held.setdefault(place, []).append(len(found))
                found.append((child, place, name))
    # named_children makes no objects that die on the way: `found` keeps all alive, so no id is used twice
    layers: dict[str, object] = {}
    todo = [(place, found[place][2]) for place in reversed(held.get(0, []))]
    while todo:
        place, path = todo.pop()
        value = found[place][0]
        if is_layer(value):
            while path in layers:  # {"a.b": ...} beside {"a": {"b": ...}}
                path += "'"
            layers[path] = value
        todo.extend((below, f"{path}.{found[below][2]}") for below in reversed(held.get(place, [])))
    return layers


def is_layer(value: object) -> bool:
    """Does it have a forward and a backward?"""
    return not is_leaf(value) and forward_of(value) is not None and backward_of(value) is not None


def forward_of(value: object) -> str | None:
    """The name of its forward method, None if there is none."""
    return _what_runs(value, _first_method(value, FORWARD_NAMES))


def backward_of(value: object) -> str | None:
    """The name of its backward method, None if there is none."""
    return _what_runs(value, _first_method(value, BACKWARD_NAMES))


def _what_runs(value: object, name: str | None) -> str | None:
    """The method itself, or the one that it does nothing but call."""
    seen: set[str] = set()
    while name is not None and name not in seen:
        seen.add(name)
        other = delegate_of(find_method(value, name))
        if other is None or find_method(value, other) is None:
            return name
        name = other
    return name


def find_method(value: object, name: str) -> Any:
    """What `value.name(...)` would call, unbound as its class stores it, or from the instance; None if there
    is nothing to call. Properties are not evaluated.
    """
    return _find_method(value, name, stored_attributes(value))


def children_of(value: object) -> Iterator[tuple[str, object]]:
    """What it holds directly, by name: items of lists, tuples and dicts, attributes of all else."""
    yield from _named_children(value)
    kind = type(value)
    # the built-in type's own way through the items: a subclass's may be anything
    if issubclass(kind, dict):
        items: list[tuple[object, object]] = list(dict.items(value))  # type: ignore[arg-type]
        yield from ((_name(key), item) for key, item in items)
    sequence: Any
    for sequence in (list, tuple, deque):
        if issubclass(kind, sequence):
            yield from ((str(i), item) for i, item in enumerate(list(sequence.__iter__(value))))
    yield from stored_attributes(value).items()
    for cls in kind.__mro__:
        if _package(cls) != "builtins":
            yield from ((n, v) for n, v in list(vars(cls).items()) if not n.startswith("__"))


def stored_attributes(value: object) -> dict[str, object]:
    """The attributes of an instance as they are stored, in the order of their definition: __dict__, then
    __slots__. A new dict.
    """
    stored: dict[str, object] = {}
    try:
        attributes = object.__getattribute__(value, "__dict__")
        if isinstance(attributes, dict):
            stored.update((key, item) for key, item in list(attributes.items()) if isinstance(key, str))
    except Exception:  # none, or a property of that name
        pass
    for kind in reversed(type(value).__mro__):
        for name, slot in list(vars(kind).items()):
            if inspect.ismemberdescriptor(slot) and _package(kind) != "builtins":
                try:
                    stored[name] = slot.__get__(value, kind)
                except AttributeError:  # a slot that was never filled
                    continue
    return stored


def stored_attribute(value: object, name: str) -> object:
    """One of `stored_attributes`, None if there is none of that name."""
    kind: Any = type(value)
    for base, slot in _slots(kind, name):
        try:
            return slot.__get__(value, base)
        except AttributeError:  # a slot that was never filled
            continue
    try:
        attributes = object.__getattribute__(value, "__dict__")
        return attributes.get(name) if isinstance(attributes, dict) else None
    except Exception:  # none, or a property of that name
        return None


@functools.lru_cache(maxsize=4000)
def _slots(kind: Any, name: str) -> list[tuple[type, Any]]:
    """The slots of that name in a class and in its bases."""
    found = [(base, vars(base).get(name)) for base in kind.__mro__]
    return [(b, s) for b, s in found if inspect.ismemberdescriptor(s) and _package(b) != "builtins"]


def _first_method(value: object, names: tuple[str, ...]) -> str | None:
    if type(value) in (list, tuple, dict) or is_leaf(value):
        return None
    stored = stored_attributes(value)
    for name in names:
        for spelled in stored_as(type(value), name):
            if _find_method(value, spelled, stored) is not None:
                return spelled
    return None


def stored_as(kind: type, name: str) -> list[str]:
    """The names under which a class may store a method of this name: `__forward` as `_Net__forward`."""
    if not name.startswith("__") or name.endswith("__"):
        return [name]
    return [f"_{cls.__name__.lstrip('_')}{name}" for cls in kind.__mro__[:-1]]


def _find_method(value: object, name: str, stored: dict[str, object]) -> Any:
    if name in stored and not name.startswith("__"):  # Python looks for __call__ in the class only
        own = stored[name]
        # of two directions, `forward` and `backward` may be names of layers: these are parts, no methods
        part = any(n in vars(kind) for kind in type(own).__mro__ for n in BACKWARD_NAMES)
        return own if callable(own) and not part else None
    for kind in type(value).__mro__:
        if name in vars(kind):
            method = vars(kind)[name]
            binds = isinstance(method, staticmethod | classmethod | functools.partialmethod)
            return method if binds or callable(method) else None
    return None


def _named_children(value: object) -> list[tuple[str, object]]:
    """What `named_children()` says, if there is such a method and it says pairs of a name and an object."""
    method = find_method(value, "named_children")
    if not inspect.isfunction(method):
        return []
    try:
        pairs = list(method(value))
    except Exception:  # somebody's method of that name, meant otherwise
        return []
    return [(p[0], p[1]) for p in pairs if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str)]


def is_leaf(value: object) -> bool:
    """Is it an array, code, or another thing that no layer is looked for in?"""
    # issubclass of the type, because isinstance may ask a property named __class__
    kind = type(value)
    if issubclass(kind, _LEAVES) or _package(kind) in _OPAQUE:
        return True
    return any(c.__name__ in ("Tensor", "Generator") and _package(c) == "torch" for c in kind.__mro__)


def _package(kind: type) -> str:
    module = vars(kind).get("__module__")  # of the type of functions, this is a descriptor
    return module.partition(".")[0] if isinstance(module, str) else "builtins"


def _name(key: object) -> str:
    try:
        return str(key)
    except Exception:
        return f"<{type(key).__name__}>"
