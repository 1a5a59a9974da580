"""What backward returned, assigned to the inputs; what belongs to parameters is in `of_parameters`.

By name where there are names (`{"dx": ..., "dW": ...}`, `return dx, dw, db`), by order else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .naming import belongs
from .of_parameters import of_parameter
from .structure import is_array, leaves

if TYPE_CHECKING:
    from .subject import Subject


def input_gradients(
    subject: Subject, returned: Any, inputs: Sequence[Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Assigns what backward returned to the leaves of the inputs; what is left belongs to parameters."""
    differentiable = [i for i, value in enumerate(inputs) if subject.differentiable(i, value)]
    if dataclasses.is_dataclass(returned) and not isinstance(returned, type):
        returned = {f.name: getattr(returned, f.name) for f in dataclasses.fields(returned)}
    if returned is None or (not differentiable and not isinstance(returned, (tuple, list, dict))):
        return {}, []
    if isinstance(returned, dict):
        return _by_name(subject, returned, inputs, differentiable)
    if isinstance(returned, (tuple, list)) and not (
        len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) and len(returned) == len(inputs[0])
    ):
        return _by_order(subject, list(returned), inputs, differentiable)
    return _of_input(subject, differentiable[0], returned, inputs), []


def _of_input(subject: Subject, index: int, gradient: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    name = subject.input_names[index]
    if isinstance(inputs[index], (list, tuple, dict)):
        wanted = [n for n, _ in leaves(inputs[index], name)]
        if isinstance(gradient, dict) and isinstance(inputs[index], dict):
            return _dict_gradients(gradient, inputs[index], name)
        got = [g for _, g in leaves(gradient)] if not isinstance(gradient, np.ndarray) else list(gradient)
        return dict(zip(wanted, got, strict=False))
    return {name: float(gradient) if type(gradient) is int else gradient}  # a sum that began with 0


def _by_name(
    subject: Subject, returned: dict[Any, Any], inputs: Sequence[Any], indices: list[int]
) -> tuple[dict[str, Any], list[Any]]:
    found: dict[str, Any] = {}
    rest: list[Any] = []
    for key, gradient in returned.items():
        owner = next((i for i in indices if subject.input_names[i] == key), None)
        if owner is None:
            fits = [(belongs(str(key), subject.input_names[i]), i) for i in indices]
            fits = [fit for fit in fits if fit[0]]
            owner = max(fits, key=lambda f: f[0])[1] if fits else None
        if owner is not None:
            found.update(_of_input(subject, owner, gradient, inputs))
        else:
            inside = [
                (i, value) for i, value in enumerate(inputs) if isinstance(value, dict) and i in indices
            ]
            part: dict[str, Any] = {}
            for i, value in inside:
                part |= _dict_gradients({key: gradient}, value, subject.input_names[i])
            found.update(part)
            if not part:
                rest.append((str(key), gradient))
    return found, rest


def _by_order(
    subject: Subject, returned: list[Any], inputs: Sequence[Any], indices: list[int]
) -> tuple[dict[str, Any], list[Any]]:
    names = (
        subject.return_names
        if subject.return_names and len(subject.return_names) == len(returned)
        else [""] * len(returned)
    )
    apart: list[Any] = []
    if subject.owner is not None:
        named = list(zip(names, returned, strict=True))
        apart = [(name, g) for name, g in named if of_parameter(subject, g, name, inputs)]
        named = [(name, g) for name, g in named if not of_parameter(subject, g, name, inputs)]
        names, returned = [name for name, _ in named], [g for _, g in named]
    surplus = returned[len(inputs) :]
    if subject.is_pair and all(gradient is None for gradient in surplus):
        returned = returned[: len(inputs)]  # None for the arguments that were left at their defaults
        names = names[: len(inputs)]
    if len(returned) == len(inputs):
        order: list[int | None] = _by_kind(returned, inputs)
    elif len(returned) == len(indices) or subject.owner is not None:
        order = [*indices, *[None] * max(0, len(returned) - len(indices))]
    else:
        order = _by_return_names(subject, names, indices)
    if len(returned) < len(indices) and any(names):
        order = _by_return_names(subject, names, indices)
    first: Any = next(iter(returned), None)
    assigned = any(i is not None for i in order)
    if indices and order and not assigned and is_array(first) and _fits(first, inputs[indices[0]]):
        order = [indices[0], *order[1:]]  # its name tells nothing: dy, g
    found: dict[str, Any] = {}
    rest: list[Any] = apart
    for gradient, index, name in zip(returned, order, names, strict=False):
        if index is None:
            rest.append((name, gradient))
        elif index in indices:
            found.update(_of_input(subject, index, gradient, inputs))
    return found, rest


def _fits(gradient: np.ndarray, value: Any) -> bool:
    return is_array(value) and gradient.shape == value.shape


def _by_kind(returned: list[Any], inputs: Sequence[Any]) -> list[int | None]:
    """In the order of the inputs; where a dict stands beside an array, the dicts beside the dicts."""
    dicts = [isinstance(g, dict) for g in returned]
    wanted = [isinstance(v, dict) for v in inputs]
    if dicts == wanted or sum(dicts) != sum(wanted) or any(g is None for g in returned):
        return list(range(len(inputs)))
    of_dicts = iter([i for i, is_dict in enumerate(wanted) if is_dict])
    others = iter([i for i, is_dict in enumerate(wanted) if not is_dict])
    return [next(of_dicts if is_dict else others) for is_dict in dicts]


def _by_return_names(subject: Subject, names: list[str], indices: list[int]) -> list[int | None]:
    free = list(indices)
    order: list[int | None] = []
    for name in names:
        fits = [i for i in free if belongs(name, subject.input_names[i])]
        match = fits[0] if fits else (free[0] if free and not any(names) else None)
        if match is not None:
            free.remove(match)
        order.append(match)
    return order


def _dict_gradients(gradients: dict[Any, Any], values: dict[Any, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, gradient in gradients.items():
        match = key if key in values else next((k for k in values if belongs(str(key), str(k))), None)
        if match is not None:
            path = f"{name}.{match}" if name else str(match)
            nested = isinstance(gradient, dict) and isinstance(values[match], dict)
            found |= _dict_gradients(gradient, values[match], path) if nested else {path: gradient}
    return found
