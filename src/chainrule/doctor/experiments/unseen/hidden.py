"""What a mask, lengths, or a padding id say is padding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...naming import MASKS
from ...objects import stored_attributes
from .names import functions_of, identifiers, named_batch, named_time, own_names, says
from .scene import LENGTHS, Scene

PAD = re.compile(
    r"^(pad|padding|pad_?id|pad_?idx|padding_?idx|padding_?id|pad_?token|pad_?token_?id|pad_?index)$", re.I
)


@dataclass
class Hidden:
    """valid: (batch, time), or (time,): what is real. name: of the argument that says so."""

    name: str
    valid: np.ndarray
    either: bool  # whether the reverse may be meant
    kwargs: dict[str, Any]
    inputs: tuple[Any, ...]


def hides(scene: Scene) -> bool:
    """Whether something says what is padding."""
    return any(True for _ in hidden_by(scene, False)) or pad_id(scene) is not None


def hidden_by(scene: Scene, declared: bool) -> Iterator[Hidden]:
    given: list[tuple[str, Any]] = [*zip(scene.names, scene.inputs, strict=True), *scene.kwargs.items()]
    for name, value in given:
        array = np.asarray(value) if isinstance(value, (list, tuple)) and LENGTHS.search(name) else value
        if not isinstance(array, np.ndarray) or not (MASKS.search(name) or LENGTHS.search(name)):
            continue
        if LENGTHS.search(name) and array.ndim == 1 and array.dtype.kind in "iu":
            yield from _by_lengths(scene, name, array)
            continue
        sure = declared or bool(re.search(r"pad|valid|key", name, re.I))
        flags = _flags(array)
        if flags is not None:
            yield from _by_mask(scene, name, array, flags, sure)


def _flags(array: np.ndarray) -> np.ndarray | None:
    """A mask of two values as (batch, time) or (time,), True for one of them; None where it is no
    such mask.
    """
    values = np.unique(array)
    if array.dtype.kind == "f" and len(values) == 2 and values[0] < -100 and values[1] == 0:
        array = array == 0
    elif not set(values.tolist()) <= {0, 1}:
        return None
    keep = [n for n in array.shape if n != 1]
    if array.ndim <= 2:
        return array.astype(bool)
    return array.astype(bool).reshape(keep) if len(keep) in (1, 2) else None


def _by_mask(scene: Scene, name: str, array: np.ndarray, flags: np.ndarray, sure: bool) -> Iterator[Hidden]:
    if (flags.ndim == 2 and flags.shape[0] == flags.shape[1] and not sure) or flags.size < 2:
        return  # who may look at whom
    kwargs, inputs = dict(scene.kwargs), scene.inputs
    if flags.all() or not flags.any():  # nothing is hidden yet: the ends of all rows but the first
        if not set(np.unique(array).tolist()) <= {0, 1} or array.size != flags.size:
            return
        place = np.s_[1:, -1] if flags.ndim == 2 else np.s_[-1:]
        flags = flags.copy()
        flags[place] = ~flags[place]
        kwargs, inputs = _with(scene, name, flags.astype(array.dtype).reshape(array.shape))
    for lines in (np.atleast_2d(flags), np.atleast_2d(flags.T)):  # (batch, time), else (time, batch)
        rising, falling = (
            bool(np.all(lines[:, :-1] <= lines[:, 1:])),
            bool(np.all(lines[:, :-1] >= lines[:, 1:])),
        )
        if rising or falling:
            first = bool(lines[:, 0].mean() >= 0.5)
            yield Hidden(name, flags == first, True, kwargs, inputs)
            return
    if sure:
        yield Hidden(name, flags, True, kwargs, inputs)


def _by_lengths(scene: Scene, name: str, lengths: np.ndarray) -> Iterator[Hidden]:
    for index in sorted(scene.data(), key=lambda i: -len(words(name) & words(scene.names[i]))):
        x = scene.inputs[index]
        if x is lengths or x.ndim < 2 or name == scene.names[index]:
            continue
        batch = named_batch(scene, index)
        batch = next((a for a in (0, 1) if x.shape[a] == len(lengths)), -1) if batch is None else batch
        rest = [a for a in range(x.ndim) if a != batch and x.shape[a] >= lengths.max()]
        if batch < 0 or x.shape[batch] != len(lengths) or not rest:
            continue
        named = named_time(scene, index)
        time = named if named in rest else next((a for a in rest if x.shape[a] == lengths.max()), rest[0])
        kwargs, inputs, new = dict(scene.kwargs), scene.inputs, lengths
        if np.all(lengths == x.shape[time]) and x.shape[time] > 1:
            new = lengths.copy()
            new[1:] -= 1
            kwargs, inputs = _with(scene, name, new)
        valid = np.arange(x.shape[time]) < new[:, None]
        if not valid.all():
            yield Hidden(name, valid, False, kwargs, inputs)
        return


def words(name: str) -> set[str]:
    """What a name speaks of: target_lengths are those of target_in, tgt_key_padding_mask is that of tgt."""
    return set(name.lower().split("_")) - {"key", "mask", "padding", "lengths"}


def _with(scene: Scene, name: str, array: np.ndarray) -> tuple[dict[str, Any], tuple[Any, ...]]:
    if name in scene.kwargs:
        return scene.kwargs | {name: array}, scene.inputs
    return dict(scene.kwargs), scene.replaced(scene.names.index(name), array)


def pad_id(scene: Scene) -> int | None:
    """The padding id that the code knows: an attribute, an argument, a variable of its module."""
    if not says(identifiers(scene) | own_names(scene), r"^pad|_pad(_|$)|padding"):
        return None
    sources: list[dict[str, Any]] = [scene.kwargs]
    owner = scene.face.owner
    if owner is not None:
        sources += [stored_attributes(owner), *(dict(vars(kind)) for kind in type(owner).__mro__)]
    for function in functions_of(scene):
        sources.append({n: function.__globals__.get(n) for n in function.__code__.co_names})
    for source in sources:
        for name, value in source.items():
            if PAD.match(name) and isinstance(value, (int, np.integer)) and not isinstance(value, bool):
                return int(value)
    return None
