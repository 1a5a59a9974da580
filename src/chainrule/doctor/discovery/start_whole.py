"""Starting what is forward, loss and backward in one: inputs and labels for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import Try, values
from .choices import Choice, Slot, array
from .dims import Dims
from .documented import documented_shapes
from .inputs import asked, input_slots
from .layouts import columns_of, number_bias
from .limits import reseed, spent
from .nested import Workshop
from .roles import hints_of, roles_of
from .search import Involved, search
from .trial import WORKS, Outcome, attempt

SINGLE = re.compile(r"(single|one|an?) (training )?(example|sample|image)\b(?! batch)|column vector", re.I)
MISFIT = 2.0  # what a gradient of another shape than its parameter costs


def try_whole(
    make: Callable[[], Any],
    cls: type | None,
    named: dict[str, Any],
    until: float,
    tries: int,
    workshop: Workshop,
    file: str,
    refused: Outcome | None,
) -> tuple[Try, Outcome | None]:
    """The inputs; and, where the doctor refuses the subject whatever they are, why. refused: known before."""
    reseed()
    whole = make()
    function = whole.forward
    parameters = asked(function)
    names = [p.name for p in parameters]
    hints = hints_of(function.__name__, (function.__doc__ or "").split("\n")[0], *names)
    hints |= columns_of(function.__wrapped__) | number_bias(function.__wrapped__) | workshop.layout
    sides = sorted({n for value in whole.params.values() for n in np.shape(value) if n > 1})
    one_column = any(np.shape(value)[1:] == (1,) for value in whole.params.values())
    single = bool(SINGLE.search(" ".join(filter(None, (cls.__doc__ if cls else "", *whole.docs)))))
    batches = [1] if single else [2, 1] if one_column else [2]
    tried: list[Try] = []
    for batch in batches:
        dims = Dims.of_object(whole, named)
        dims.of["B"] = [batch]
        dims.prefer("V", *sides[:1])  # ids that are valid everywhere
        slots = input_slots(workshop, parameters, function, cls, None, [], dims, hints)
        for slot in slots if one_column else ():
            told = documented_shapes(slot.name, function, cls)
            if "labels" in roles_of(slot.name) and not told:  # beside a prediction (batch, 1)
                slot.choices.insert(0, array("binary", (batch, 1), slot.choices[0].cost - 0.1))

        def run(picks: list[Choice], slots: list[Slot] = slots) -> Outcome:
            nonlocal refused
            if refused is not None:
                return refused
            inputs, kwargs = values(slots, picks)
            outcome = attempt(make, inputs, kwargs, file, misfit=MISFIT if cls else 3 * MISFIT)
            refused = outcome if outcome.refused else None
            # a sequence of one id shows nothing
            ids = [v for v in inputs if isinstance(v, np.ndarray) and v.dtype.kind in "iu"]
            outcome.penalty += 4.0 * any(1 in v.shape for v in ids)
            return outcome

        limit = until if batch == batches[-1] else (spent() + until) / 2
        result = search(slots, run, Involved(function, [s.name for s in slots]), tries, limit)
        tried.append(Try([], slots, result, 0.0, make))
        if result.outcome.stage == WORKS and result.outcome.penalty < MISFIT:
            break
    best = min(tried, key=lambda t: (-t.stage, t.result.outcome.penalty if t.result else 0.0))
    return best, refused
