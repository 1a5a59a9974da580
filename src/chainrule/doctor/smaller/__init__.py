"""The same code at smaller sizes: what a user hands in is a hint.

A layer of 784 features over a batch of 64 has the faults that it has with 5 features and 3 samples, and there
every number can be asked for its gradient. So inputs, weights and the sizes that an object remembers are cut
in a copy of it; if the code runs there as it does at its own size (see `settle`), that is what is examined.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..step_model import StepModel
from ..subject import Subject
from .cut import Cut, arrays_in, held_in
from .lengths import Mapping, mappings

ENOUGH = 1_500  # numbers in inputs and weights: with so few, every one can be asked


@dataclass
class Smaller:
    """A subject of the same code, and the lengths that were exchanged."""

    face: Subject
    given: Any  # params=, of the smaller one
    mapping: Mapping

    def __str__(self) -> str:
        return ", ".join(f"{n} → {small}" for n, small in sorted(self.mapping.items(), reverse=True))


def is_large(face: Subject) -> bool:
    """Whether there are more numbers than can be asked one by one."""
    if type(face) not in (Subject, StepModel):
        return False
    return sum(v.size for v in arrays_in([face.inputs, face.target, face.kwargs, *_owners(face)])) > ENOUGH


def smaller(face: Subject, given: Any = None) -> Iterator[Smaller]:
    """The subject at smaller sizes, the smallest first; whether it runs there is still to be seen."""
    inputs = [v for v in arrays_in([*face.inputs[::-1], face.target, face.kwargs]) if v.ndim][::-1]
    inputs.sort(key=lambda v: not any(v is first for first in face.inputs[:1]))
    for mapping in mappings(inputs, held_in([_owners(face), face.kwargs])):
        try:
            yield _cut(face, given, mapping)
        except Exception:  # foreign objects: what cannot be copied stays as it is
            continue


def _owners(face: Subject) -> list[Any]:
    """What holds the weights: the object, or those whose methods the two functions are."""
    if face.owner is not None:
        return [face.owner]
    functions = (face.forward_function, face.backward_function)
    return [f.__self__ for f in functions if getattr(f, "__self__", None) is not None]


def _cut(face: Subject, given: Any, mapping: Mapping) -> Smaller:
    whole: Any = face.owner
    if whole is None:
        whole = (face.forward_function, face.backward_function)
    whole, inputs, target, kwargs, loss, given = copy.deepcopy(
        (whole, list(face.inputs), face.target, face.kwargs, face.loss, given)
    )
    cut = Cut(mapping)
    for owner in [f.__self__ for f in whole if hasattr(f, "__self__")] if face.owner is None else [whole]:
        cut(owner)
    inputs = [cut(v, given=True) if not isinstance(v, int) else v for v in inputs]
    target, kwargs, given = cut(target, given=True), cut(kwargs, given=True), cut(given)
    if isinstance(face, StepModel):
        made: Subject = StepModel(whole, inputs[:-1] if target is not None else inputs, target)
    else:
        made = Subject(whole, inputs, kwargs, name=face.name, loss=loss, target=target)
    return Smaller(made, given, mapping)


__all__ = ["Smaller", "is_large", "smaller"]
