"""`params=`: the parameters as the user names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arrays_inside import Place, places
from .errors import NotASubject
from .parameters import Parameter
from .structure import is_array

if TYPE_CHECKING:
    from .subject import Subject


def given_parameters(subject: Subject, given: Any, moved: set[str]) -> list[Parameter]:
    """`params=`: names, or {name: its array} or {name: the name of its gradient}; the gradients that were
    found for them are kept. One without a gradient is none that backward has computed: it is not tested.
    """
    everything = places(subject.owner)
    chosen: list[Parameter] = []
    wanted = given.items() if isinstance(given, dict) else [(name, None) for name in given]
    for name, array in wanted:
        matches = [p for p in everything if (is_array(array) and p.get() is array) or p.path == str(name)]
        matches = matches or [p for p in everything if p.path.endswith(f".{name}")]
        if not matches:
            raise NotASubject(_unknown(subject, f"params names {name!r}", everything))
        place = matches[0]
        known = next((p for p in subject.parameters if p.place.path in {m.path for m in matches}), None)
        gradient = known.gradient if known else None
        if isinstance(array, str):
            gradient = next((p for p in everything if p.path == array), None)
            if gradient is None:
                raise NotASubject(
                    _unknown(subject, f"params says that the gradient of {name} is {array!r}", everything)
                )
        if gradient is not None or place.path in moved:
            chosen.append(Parameter(place.path, place, gradient))
        else:
            subject.overlooked[place.path] = ""
    return chosen


def _unknown(subject: Subject, what: str, everything: list[Place]) -> str:
    there = ", ".join(p.path for p in everything if is_array(p.get()))
    return f"{what}, and {subject.name} has no floating array of that name: there is {there or 'none'}"
