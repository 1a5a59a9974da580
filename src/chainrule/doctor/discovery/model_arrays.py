"""The arrays of a model that is no layer, and the gradients that belong to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..naming import belongs
from ..objects import layers_of, stored_attributes
from ..structure import is_array, is_real
from .results import HOLDERS
from .whole import owner_of


def arrays_of(model: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Its own, or, where it has none, those of its layers."""
    own = [
        (_path(name, key), item)
        for name, value in stored_attributes(model).items()
        for key, item in _items(value)
        if is_array(item) and is_real(item)
    ]
    if layers_of(model):
        own = [(p.path, p.get()) for p in places(model) if is_array(p.get())]
    yield from ((name, array) for name, array in own if not _is_gradient(name, array, own))


def _is_gradient(name: str, array: np.ndarray, others: list[tuple[str, np.ndarray]]) -> bool:
    """dW beside a W of its shape."""
    return any(belongs(name, other) == 3 and np.shape(value) == np.shape(array) for other, value in others)


def _path(name: str, key: Any) -> str:
    """`W1`, `weights.0`, and `W1` for params["W1"]."""
    if key is None:
        return name
    return key if isinstance(key, str) and HOLDERS.match(name) else f"{name}.{key}"


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else [(None, value)]


def matched(model: Any, parts: tuple[Any, ...], names: list[str]) -> dict[str, Any]:
    """Each returned list, dict or array beside the attribute that has its shapes, or else its name."""
    left = dict(stored_attributes(model))
    found: dict[str, Any] = {}
    for part, said in zip(parts, [*names, *[""] * len(parts)], strict=False):
        if isinstance(part, dict):
            found |= _matched_keys(left, part)
            continue
        if not _items(part):
            continue
        keys, shapes = zip(*((k, np.shape(v)) for k, v in _items(part)), strict=True)
        alike = {n: v for n, v in left.items() if [k for k, _ in _items(v)] == list(keys)}
        same = [n for n, v in alike.items() if [np.shape(w) for _, w in _items(v)] == list(shapes)]
        fitting = [n for n in alike if belongs(said, n)]
        name = next(iter([n for n in same if n in fitting] or same or fitting), None)
        if name is None:
            continue
        del left[name]
        found |= {_path(name, key): item for key, item in _items(part)}
    return found


def _matched_keys(stored: dict[str, Any], gradients: dict[Any, Any]) -> dict[str, Any]:
    """grads["W1"] beside params["W1"], or grads["dW1"] beside self.W1."""
    found: dict[str, Any] = {}
    for key, gradient in gradients.items():
        inside = [
            (owner_of(key, value), name)
            for name, value in stored.items()
            if isinstance(value, dict) and any(is_array(v) for v in value.values())
        ]
        held = [(own, name) for own, name in inside if own is not None]
        alike = [(o, n) for o, n in held if np.shape(stored[n][o]) == np.shape(gradient)]
        if held:
            own, name = (alike or held)[0]
            found[_path(name, own)] = gradient
        elif (own := owner_of(key, [n for n, v in stored.items() if is_array(v)])) is not None:
            found[own] = gradient
    return found
