"""`params=`: the parameters, told and not found."""

from __future__ import annotations

from typing import Any

from .arrays_inside import places
from .parameters import Parameter


def given_parameters(owner: Any, given: Any, found: list[Parameter]) -> list[Parameter]:
    """`params=`: a dict of arrays, or a list of names; keeps the gradients that were found for them."""
    everything = places(owner)
    chosen: list[Parameter] = []
    wanted = given.items() if isinstance(given, dict) else [(name, None) for name in given]
    for name, array in wanted:
        matches = [p for p in everything if (array is not None and p.get() is array) or p.path == str(name)]
        if not matches:
            matches = [p for p in everything if p.path.endswith(f".{name}")]
        if not matches:
            continue
        known = next((p for p in found if p.place.path in {m.path for m in matches}), None)
        gradient = known.gradient if known else None
        if isinstance(array, str):
            gradient = next((p for p in everything if p.path == array), gradient)
        chosen.append(Parameter(matches[0].path, matches[0], gradient))
    return chosen
