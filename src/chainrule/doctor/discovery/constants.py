"""Arguments of a constructor for which the file has a value: the graph EDGES for `edges`.

Beside such a list stands often one number for each of its items: `edge_weight`.
"""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

import numpy as np

from .choices import Choice, Slot, array


def from_constants(slots: list[Slot], module: ModuleType) -> None:
    """Puts the constants of the module first that are called like an argument, but for their capitals."""
    lengths = []
    for slot in slots:
        value = vars(module).get(slot.name.upper())
        if isinstance(value, (list, tuple, np.ndarray)) and len(value) and slot.name.islower():
            slot.choices.insert(0, _constant(slot.name.upper(), value))
            lengths.append(len(value))
    for slot in slots:
        if any(choice.shape for choice in slot.choices):
            slot.choices += [array("positive", (n,), 1.0) for n in lengths]


def _constant(name: str, value: Any) -> Choice:
    return Choice(lambda: copy.deepcopy(value), name, -3.0, name)
