"""The gradients of an object's parameters: left in places of their own, returned by backward, or the step
that it has made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays_inside import Place, places
from .naming import belongs, gradient_stems
from .parameters import Parameter
from .structure import is_array, is_real

if TYPE_CHECKING:
    from .subject import Subject


def parameter_gradients(
    subject: Subject, rest: list[Any], before: dict[str, np.ndarray], rate: float
) -> dict[str, Any]:
    """Each parameter's gradient after a backward: from its place, from what
    was returned, or from the step.
    """
    found: dict[str, Any] = {}
    for parameter in subject.parameters:
        if parameter.gradient is not None:
            value = parameter.gradient.get()
            others = [p.get() for p in parameter.also]
            if is_array(value) and all(np.shape(o) == value.shape for o in others):
                value = sum(others, value)
            if is_real(value) or value is None or is_array(value):
                found[parameter.name] = value
        elif not parameter.returned:
            now = np.asarray(parameter.place.get(), dtype=float)
            found[parameter.name] = (before[parameter.name] - now) / rate
    for name, gradient in rest:
        if isinstance(gradient, (list, tuple)):
            found |= _listed(subject, name, gradient, found)
            continue
        for said, one in _items(name, gradient):
            match = _parameter_called(subject, said, one, found)
            if match is not None:
                found[match] = one
    return found


def of_parameter(subject: Subject, gradient: Any, name: str, inputs: Sequence[Any]) -> bool:
    """Whether something that was returned can only belong to a parameter: a list or a dict, where the inputs
    are arrays, or by its name and shape.
    """
    if isinstance(gradient, (list, tuple, dict)):
        return not any(isinstance(value, (list, tuple, dict)) for value in inputs)
    if not is_array(gradient) or not gradient_stems(name):
        return False
    if any(belongs(name, n) for n in subject.input_names) or gradient.shape in map(np.shape, inputs):
        return False
    return any(belongs(name, p.name) and np.shape(p.get()) == gradient.shape for p in places(subject.owner))


def _items(name: str, gradient: Any) -> Iterator[tuple[str, Any]]:
    """Itself, or what stands in a dict, under the name of a gradient."""
    if isinstance(gradient, dict):
        for key, value in gradient.items():
            yield from _items(str(key), value)
            yield from _items(f"d{key}", value)
    elif is_real(gradient):
        yield name, gradient


def _listed(subject: Subject, name: str, gradients: Sequence[Any], taken: dict[str, Any]) -> dict[str, Any]:
    """One gradient for each array of a list that the object keeps."""
    if subject.owner is None or not gradients or not all(map(is_real, gradients)):
        return {}
    steady = subject.steady
    lists: dict[str, list[Place]] = {}
    for place in places(subject.owner):
        if isinstance(place.key, int) and (steady is None or place.path in steady):
            lists.setdefault(place.container, []).append(place)
    shapes = [np.shape(g) for g in gradients]
    known = {p.place.path for p in subject.parameters if p.name in taken}
    fits = [
        held
        for held in lists.values()
        if [np.shape(p.get()) for p in held] == shapes and not known & {p.path for p in held}
    ]
    best = max(fits, key=lambda held: belongs(name, held[0].container.rpartition(".")[2]), default=[])
    there = {p.place.path for p in subject.parameters}
    subject.parameters += [Parameter(p.path, p, None, returned=True) for p in best if p.path not in there]
    return {p.path: g for p, g in zip(best, gradients, strict=True)} if best else {}


def _parameter_called(subject: Subject, name: str, gradient: Any, taken: dict[str, Any]) -> str | None:
    if subject.owner is None:
        return None
    known = {p.place.path for p in subject.parameters if p.name in taken}
    steady = subject.steady
    candidates = [
        p for p in places(subject.owner) if p.path not in known and (steady is None or p.path in steady)
    ]
    fits = [(belongs(name, p.name), p) for p in candidates]
    fits = [fit for fit in fits if fit[0]]
    if not fits:
        return None
    place = max(fits, key=lambda fit: (fit[0], np.shape(fit[1].get()) == np.shape(gradient)))[1]
    if place.path not in {p.name for p in subject.parameters}:
        subject.parameters.append(Parameter(place.path, place, None, returned=True))
    return place.path
