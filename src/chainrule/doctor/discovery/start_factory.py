"""Starting a function that builds a model, as a whole with the loss that the file has for it, if any."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..calling import required
from ..objects import forward_of, is_layer
from .adapters import Pair
from .arguments import assumed, values
from .building import BUILD_SECONDS, argument_slots
from .candidates import Candidate
from .choices import Choice, array
from .factories_in_file import loss_beside
from .found import Found, NotStarted
from .inputs import search_inputs
from .limits import reseed, spent, time_limit
from .nested import Workshop
from .search import Involved, search
from .trial import BUILT, WORKS, Outcome, failure

SECONDS = 2.0
TRIES = 150


def start_factory(candidate: Candidate, workshop: Workshop, file: str) -> Found | NotStarted:
    """Sizes for the function, inputs for what it builds, and labels for its loss."""
    function, cls = candidate.thing
    until = spent() + SECONDS
    slots = argument_slots(cls, function, required(function), workshop)
    nothing = NotStarted(candidate.name, candidate.kind, [], "", candidate.line)

    def made(picks: list[Choice]) -> Any:
        inputs, kwargs = values(slots, picks)
        return function(*inputs, **kwargs)

    def run(picks: list[Choice]) -> Outcome:
        try:
            reseed()
            with time_limit(BUILD_SECONDS):
                return Outcome(WORKS if is_layer(made(picks)) else BUILT)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            return failure(BUILT, error, file)

    first = search(slots, run, Involved(function, [s.name for s in slots]), TRIES, until)
    parts = loss_beside(workshop.module, cls)
    if first.outcome.stage != WORKS:
        return nothing
    picks = first.picks(slots)
    named = {s.name: p.value for s, p in zip(slots, picks, strict=True) if p.value is not None}
    tried = search_inputs(workshop, file, lambda: made(picks), cls, named, until, TRIES)
    if tried.result is None or tried.stage != WORKS:
        return nothing
    inputs, kwargs = values(tried.slots, tried.result.picks(tried.slots))
    told = [assumed(slots, picks, "="), assumed(tried.slots, tried.result.picks(tried.slots), ": ")]
    if parts is None:
        told = [line for line in told if line]
        return Found(candidate.name, "instance", lambda: made(picks), inputs, kwargs, told, candidate.line)
    target = _labels(made(picks), inputs, kwargs, parts)
    if target is None:
        return nothing
    told.append(f"with the file's own loss, and {target.said.strip()} as labels")
    kwargs |= {"loss": parts, "target": target.make()}
    return Found(candidate.name, "factory", lambda: made(picks), inputs, kwargs, told, candidate.line)


def _labels(model: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any], parts: Pair) -> Choice | None:
    """The first kind of labels with which the loss runs, and gives a gradient for what comes out."""
    try:
        output = np.asarray(getattr(model, str(forward_of(model)))(*inputs, **kwargs))
    except Exception:
        return None
    if output.ndim < 1 or output.dtype.kind != "f":
        return None
    rows, last = output.shape[:-1], output.shape[-1]
    kinds = itertools.chain(
        [("labels", rows, last), ("one_hot", output.shape, 0)] if last > 1 else [("binary", output.shape, 0)],
        [("normal", output.shape, 0)],
    )
    for kind, shape, upper in kinds:
        choice = array(kind, shape, 0.0, upper)
        try:
            value, gradient = (part(output.copy(), choice.make()) for part in parts)
        except Exception:
            continue
        if np.ndim(value) == 0 and np.shape(gradient) == output.shape and np.isfinite(value):
            return choice
    return None
