"""What an object holds: the methods of its parts that its forward may reach."""

from __future__ import annotations

import types
from collections.abc import Iterator

from ...objects import children_of, is_leaf
from ...projects import is_foreign_module
from .names import functions_of
from .scene import Scene


def methods_below(scene: Scene) -> list[tuple[types.FunctionType, object]]:
    """The methods of the objects that this one holds, layers and others, which its forward may reach."""
    owner = scene.face.owner
    below = list({type(part): part for _, part in _parts(owner)}.values()) if owner is not None else []
    names = {"forward", "__call__"}
    found: dict[types.FunctionType, object] = {}
    waiting = functions_of(scene)
    while waiting and len(found) < 40:
        names |= {name for function in waiting for name in function.__code__.co_names}
        waiting = []
        for part in below:
            for kind in type(part).__mro__:
                for name, method in vars(kind).items():
                    if (
                        name in names
                        and isinstance(method, types.FunctionType)
                        and method not in found
                        and is_foreign_module(method.__module__)
                        and "backward" not in name
                    ):
                        found[method] = part
                        waiting.append(method)
    return list(found.items())


def _parts(root: object, most: int = 200) -> Iterator[tuple[str, object]]:
    """Every object below root, layer or not, with its path; lists, tuples and dicts are looked through."""
    waiting: list[tuple[str, object]] = [("", root)]
    seen = {id(root)}
    while waiting and len(seen) < most:
        path, value = waiting.pop(0)
        for name, child in children_of(value):
            if id(child) in seen or is_leaf(child):
                continue
            seen.add(id(child))
            below = f"{path}.{name}" if path else name
            waiting.append((below, child))
            if not isinstance(child, (list, tuple, dict)):
                yield below, child
