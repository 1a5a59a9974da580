"""Every floating array inside a foreign object, with the place where it
is kept, so that it can be read and set there.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .objects import stored_attribute, stored_attributes
from .structure import is_array, is_real

_DEPTH = 12


@dataclass(frozen=True)
class Place:
    """Where a value is kept, as the way that leads there from a root: attributes, keys, indices.

    The way is walked anew at each use, because code rebinds what lies on it (`self.grads = {...}`).
    """

    root: Any
    keys: tuple[Any, ...]

    @property
    def path(self) -> str:
        return ".".join(map(str, self.keys))

    @property
    def key(self) -> Any:
        return self.keys[-1]

    @property
    def name(self) -> str:
        return str(self.keys[-1])

    @property
    def container(self) -> str:
        """The path of what holds it."""
        return ".".join(map(str, self.keys[:-1]))

    @property
    def owner(self) -> Any:
        owner = self.root
        for key in self.keys[:-1]:
            owner = step(owner, key)
        return owner

    def get(self) -> Any:
        return step(self.owner, self.key)

    def set(self, value: Any) -> None:
        """In place where an array of that shape stands, so that other names for it see the change."""
        current = self.get()
        if is_array(current) and np.shape(value) == current.shape and current.flags.writeable:
            current[...] = value
        else:
            self.rebind(value)

    def rebind(self, value: Any) -> None:
        owner = self.owner
        if isinstance(owner, (dict, list)):
            owner[self.key] = value
        elif not isinstance(owner, tuple) and owner is not None:
            object.__setattr__(owner, self.key, value)


@dataclass(frozen=True)
class Told:
    """A key that is no stored attribute but a property or a method without
    arguments: `params`, `gradients()`.
    """

    name: str

    def __str__(self) -> str:
        return self.name

    def of(self, owner: Any) -> Any:
        try:
            value = getattr(owner, self.name)
            return list(value()) if callable(value) else value
        except Exception:
            return None


def step(owner: Any, key: Any) -> Any:
    """One step on the way: an item or an attribute; None where there is none."""
    if isinstance(key, Told):
        return key.of(owner)
    if isinstance(owner, (dict, list, tuple)):
        try:
            return owner[key]
        except (KeyError, IndexError):
            return None
    return stored_attribute(owner, key) if owner is not None else None


def told(root: Any, names: tuple[str, ...]) -> list[Place]:
    """The arrays in the lists or dicts that root's properties or methods of these names give."""
    found: list[Place] = []
    for name in names:
        if name in stored_attributes(root) or not hasattr(type(root), name):
            continue
        value = Told(name).of(root)
        items = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, (list, tuple))
            else ()
        )
        found += [Place(root, (Told(name), key)) for key, item in items if is_array(item)]
    return found


def places(root: Any) -> list[Place]:
    """All places below root that hold a floating array or number,
    shallowest first, each object entered once.
    """
    found: list[Place] = []
    seen = {id(root)}
    level: list[tuple[tuple[Any, ...], Any]] = [((), root)]
    for _ in range(_DEPTH):
        below: list[tuple[tuple[Any, ...], Any]] = []
        for way, owner in level:
            for key, value in items_of(owner):
                where = (*way, key)
                if is_real(value):
                    found.append(Place(root, where))
                elif enterable(value) and id(value) not in seen:
                    seen.add(id(value))
                    below.append((where, value))
        level = below
    return found


def items_of(owner: Any) -> list[tuple[Any, Any]]:
    if isinstance(owner, dict):
        return list(dict.items(owner))
    if isinstance(owner, (list, tuple)):
        items: list[tuple[Any, Any]] = list(enumerate(owner))
        return items
    return list(stored_attributes(owner).items())


def enterable(value: Any) -> bool:
    if isinstance(value, (dict, list, tuple)):
        return len(value) < 10_000
    if isinstance(value, (str, bytes, int, float, bool, type, np.ndarray, np.generic, type(None), partial)):
        return False
    if inspect.isroutine(value):  # (an object with a __call__ is a layer like any other)
        return False
    module = type(value).__module__.partition(".")[0]
    return module not in ("numpy", "builtins", "random", "threading", "torch", "numba", "_thread")
