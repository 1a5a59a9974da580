"""Starting a model whose constructor takes the data: features and labels are handed to it."""

from __future__ import annotations

from .arguments import assumed, maker
from .building import build, constructor_slots
from .candidates import Candidate
from .choices import Choice, array
from .data_inside import around_data, takes_data
from .found import Found, NotStarted
from .limits import spent
from .methods import constructor_of
from .nested import Workshop
from .search import Involved, search
from .trial import BACKWARD, WORKS, Outcome, attempt

SECONDS = 3.0
TRIES = 150


def start_with_data(candidate: Candidate, workshop: Workshop, file: str) -> Found | NotStarted:
    """Built with rows or columns of features, and labels beside them; then forward and backward are run."""
    cls, name = candidate.thing, candidate.name
    slots = constructor_slots(cls, workshop)
    data, labels = takes_data(cls) or ("", "")
    for slot in slots:
        if slot.name in (data, labels):
            slot.choices = _of_data() if slot.name == data else _of_labels()

    def run(picks: list[Choice]) -> Outcome:
        outcome = build(cls, slots, picks, file)
        if outcome.stage != WORKS:
            return outcome
        whole = around_data(maker(cls, slots, picks)())
        return attempt(lambda: whole, whole.held, {}, file)

    involved = Involved(constructor_of(cls), [s.name for s in slots])
    result = search(slots, run, involved, TRIES, spent() + SECONDS)
    picks = result.picks(slots)
    make = maker(cls, slots, picks)
    if result.outcome.stage < BACKWARD:
        why = ["it did not run with any data that was tried", result.outcome.error]
        add = f"    def check_{name}():\n        return {name}(...), ..., ...    # its data and labels again"
        return NotStarted(name, candidate.kind, why, add, candidate.line)
    held, told = around_data(make()).held, [assumed(slots, picks, "=")]
    return Found(name, candidate.kind, lambda: around_data(make()), held, {}, told, candidate.line)


def _of_data() -> list[Choice]:
    """A row for each sample, or a column."""
    return [array("normal", (4, 5), 0.0), array("normal", (5, 4), 1.0)]


def _of_labels() -> list[Choice]:
    """One number for each sample, or one for each class."""
    kinds = {(4, 1): "binary", (4, 3): "one_hot", (1, 4): "binary", (3, 4): "one_hot columns", (4,): "binary"}
    return [array(kind, shape, 0.5 * i) for i, (shape, kind) in enumerate(kinds.items())]
