"""Which forward a backward belongs to, and which calls are the time steps of one cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.doctor.recorder import Call

from .statistics import arrays_in

STEPS_OF_A_CELL = 3  # so many calls of a layer without sequences are taken for time steps


@dataclass(frozen=True)
class Use:
    """One use of one layer: one call of its backward; of a cell, one per time step, the last step first."""

    path: str  # "norm", and "norm #2" where it is used again
    layer_path: str
    layer: object
    forward: Call | None  # of a single call; None if it was not seen
    backward: tuple[Call, ...]


def uses_of(calls: Sequence[Call], holders: set[str]) -> list[Use]:
    """Of the innermost layers, in the order of forward.

    holders: the paths of layers with weights of their own. Where such a layer is handed a state's gradient
    beside its output's, as recurrent layers are, it counts as a whole, and not the dropout inside of it.
    """
    whole = {call.path for call in calls if call.path in holders and _is_handed_a_state(call)}
    parents, inside, inner = {call.parent for call in calls}, set(), []
    for call in calls:
        around = call.parent
        if around is not None and (around in inside or calls[around].path in whole):
            inside.add(call.index)
        elif call.path in whole or call.index not in parents:
            inner.append(call)
    found: list[tuple[int, Use]] = []
    for path in dict.fromkeys(call.path for call in inner):
        forward, backward = (
            [call for call in inner if (call.path, call.phase) == (path, phase)]
            for phase in ("forward", "backward")
        )
        if not backward:
            continue
        if len(backward) >= STEPS_OF_A_CELL and not any(map(_is_sequence, backward)):
            found.append((-backward[0].index, Use(path, path, backward[0].layer, None, tuple(backward))))
            continue
        # what was used last goes backward first
        paired = len(forward) == len(backward)
        for number, call in enumerate(reversed(backward), start=1):
            name = path if number == 1 else f"{path} #{number}"
            own = forward[number - 1] if paired else None
            found.append((-call.index, Use(name, path, call.layer, own, (call,))))
    return [use for _, use in sorted(found, key=lambda item: item[0])]


def _is_handed_a_state(call: Call) -> bool:
    return call.phase == "backward" and any(isinstance(value, tuple | list) for value in call.inputs[:1])


def _is_sequence(call: Call) -> bool:
    return any(array.ndim > 2 for array in arrays_in([*call.inputs]))
