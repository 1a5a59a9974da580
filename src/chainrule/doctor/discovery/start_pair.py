"""Starting a pair of functions: inputs for its forward."""

from __future__ import annotations

from typing import Any

from ..calling import read_backward, required
from ..naming import UPSTREAMS
from ..source.read import returned_names
from .adapters import Pair, derivative_pairs, loss_of_all, loss_pairs, meant
from .arguments import Try, values
from .candidates import Candidate
from .choices import Choice
from .closures import closure_pair
from .dims import Dims
from .inputs import asked, input_slots
from .layouts import classes_in_columns, columns_of
from .limits import TRIES
from .nested import Workshop
from .roles import gates_of, hints_of, roles_of
from .search import Involved, search
from .trial import WORKS, Outcome, attempt, unequal
from .upstreams_by_name import in_order_of_outputs


def begins_at_labels(candidate: Candidate) -> bool:
    """Whether a loss of its own comes first, and backward asks for things that forward neither takes nor
    returns: they cannot be handed in.
    """
    if candidate.kind != "pair":
        return False
    forward, backward = candidate.thing
    inputs = [p.name for p in required(forward)]
    names = [p.name for p in required(backward)]
    labels = [name for name in names if "labels" in roles_of(name) and not UPSTREAMS.match(name)]
    if len(labels) != 1 or labels[0] in inputs or len(names) < 3:
        return False
    call = read_backward(backward, inputs, True, True, (returned_names(forward) or [])[:1])
    return [name for role, name in call.roles if role == "upstream"] != labels


def try_pair(
    candidate: Candidate, workshop: Workshop, file: str, until: float
) -> tuple[Try, tuple[Any, ...], str]:
    """What the search gave, the inputs, and in which sense the pair is meant, if not as it stands."""
    thing = candidate.thing
    forward, backward = closure_pair(thing) if candidate.kind == "closure" else thing
    if candidate.kind == "pair":
        forward, backward = in_order_of_outputs(forward, backward)
    parameters = asked(forward)
    names = [p.name for p in parameters]
    hints = hints_of(forward.__name__, (forward.__doc__ or "").split("\n")[0], *names) | gates_of(
        forward, names
    )
    is_loss = candidate.kind == "loss"
    hints |= columns_of(forward) | (classes_in_columns(forward) if is_loss else set())
    for_all = is_loss and len(returned_names(backward) or []) == len(names) > 1
    told = is_loss and (for_all or any("labels" in roles_of(name) for name in names))
    target = names[1] if is_loss and not told and len(names) == 2 else ""
    slots = input_slots(workshop, parameters, forward, None, None, [backward], Dims(1.5), hints, target)
    place = next((i for i, name in enumerate(names) if "labels" not in roles_of(name)), 0)

    def pairs(picks: list[Choice]) -> tuple[dict[str, Pair], tuple[Any, ...]]:
        inputs = values(slots, picks)[0]
        if candidate.kind == "derivative":
            return derivative_pairs(forward, backward), inputs
        if for_all:
            return {"": loss_of_all(forward, backward)}, inputs
        if is_loss:
            others = (*inputs[:place], *inputs[place + 1 :])
            return loss_pairs(forward, backward, place, others), (inputs[place],)
        return {"": (forward, backward)}, inputs

    def run(picks: list[Choice]) -> Outcome:
        meanings, inputs = pairs(picks)
        everything, kwargs = values(slots, picks)
        outcome = attempt(lambda: meanings[""], inputs, kwargs, file, misfit=4.0)
        if is_loss:
            outcome.penalty += unequal(everything)
        return outcome

    involved = Involved(forward, [slot.name for slot in slots])
    result = search(slots, run, involved, TRIES, until)
    meanings, inputs = pairs(result.picks(slots))
    several = candidate.kind in ("derivative", "loss") and result.outcome.stage == WORKS
    sense = meant(meanings, inputs) if several else ""
    return Try([], slots, result, 0.0, lambda: meanings[sense]), inputs, sense
