"""Starting a candidate: arguments for its constructor and its forward are looked for by trying."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

from .advice import can_start, has_loss, without_loss
from .arguments import Try, assumed, best_of, call, maker, to_add, values
from .building import build, constructor_slots, numbers_of, ways
from .candidates import Candidate
from .choices import Choice, Slot, plain
from .closures import closing_class, closing_method, with_backward
from .found import Found, NotStarted
from .inputs import search_inputs
from .limits import TRIES, muted, restart, spent
from .loss_of_input import loss_of_input, whole_of_input
from .methods import constructor_of
from .nested import Built, Workshop
from .search import Involved, search
from .start_by_check import started_by_check
from .start_factory import start_factory
from .start_pair import begins_at_labels, try_pair
from .start_whole import try_whole
from .start_with_data import start_with_data
from .trial import BACKWARD, FORWARD, WORKS, Outcome
from .whole import whole_function
from .whole_methods import is_whole, whole_model

SECONDS = 3.0  # for each subject
FIRST_TRIES = 120
WAYS = 14  # how many ways of building an object are tried


class Starter:
    """Starts the candidates of one file; what runs may become an argument of what comes later."""

    def __init__(self, workshop: Workshop, file: str) -> None:
        self.workshop, self.file = workshop, file
        self.refused: Outcome | None = None  # by the doctor, whatever the arguments

    def start(self, candidate: Candidate) -> Found | NotStarted:
        """Finds arguments with which it runs."""
        restart()
        with muted():
            match candidate.kind:
                case "check":
                    return started_by_check(candidate, self.file)
                case "class" | "step" | "whole class":
                    if candidate.kind == "whole class" and not can_start(candidate.thing):
                        return without_loss(candidate, candidate.thing)
                    return self._class(candidate)
                case "whole":
                    return self._whole(candidate)
                case "factory":
                    return start_factory(candidate, self.workshop, self.file)
                case "class with data":
                    return start_with_data(candidate, self.workshop, self.file)
                case "optimizer":
                    cls = candidate.thing
                    return Found(candidate.name, "optimizer", lambda: cls, (), {}, [], candidate.line)
                case "instance":
                    return self._instance(candidate)
                case "empty":
                    why = ["nothing is written in its forward and its backward yet"]
                    return NotStarted(candidate.name, candidate.kind, why, "", candidate.line)
                case "forward":
                    why = ["it has a forward, but no backward yet"]
                    add = "    def backward(self, dy): ..."
                    return NotStarted(candidate.name, candidate.kind, why, add, candidate.line)
            return self._pair(candidate)

    def _instance(self, candidate: Candidate) -> Found | NotStarted:
        thing, kind = candidate.thing, type(candidate.thing)
        if is_whole(kind) and not can_start(kind):
            return without_loss(candidate, kind)

        def make() -> Any:
            try:
                return copy.deepcopy(thing)
            except Exception:
                return thing

        until = spent() + SECONDS
        if is_whole(kind):
            tried = self._of_whole(lambda: whole_model(make()), kind, {}, until, TRIES)
        else:
            tried = search_inputs(self.workshop, self.file, make, kind, {}, until, TRIES)
        return self._verdict(candidate, [tried], [], [])

    # ------------------------------------------------------------ classes

    def _class(self, candidate: Candidate) -> Found | NotStarted:
        cls, self.refused = candidate.thing, None
        until = spent() + SECONDS
        slots = constructor_slots(cls, self.workshop)
        reasons: list[Outcome] = []

        def run(picks: list[Choice]) -> Outcome:
            outcome = build(cls, slots, picks, self.file)
            if outcome.stage != WORKS:
                reasons.append(outcome)
            return outcome

        first = search(slots, run, Involved(constructor_of(cls), [s.name for s in slots]), 150, until)
        tries: list[Try] = []
        if first.outcome.stage == WORKS:
            for i, picks in enumerate(itertools.islice(ways(slots, first.state), WAYS)):
                if i and run(picks).stage != WORKS:
                    continue
                tries.append(self._way(cls, slots, picks, until, FIRST_TRIES))
                if _is_enough(tries) or spent() > until or tries[-1].is_slow:
                    break
            best = best_of(tries)
            if best is not None and best.stage < WORKS and not tries[-1].is_slow:
                # none runs through: once more, with patience, for the one that came furthest
                picks = best.picks if best.stage == BACKWARD else tries[0].picks
                tries.append(self._way(cls, slots, picks, until + SECONDS / 2, TRIES))
        if self.refused is not None:
            return NotStarted(candidate.name, candidate.kind, [self.refused.error], "", candidate.line)
        outcome = self._verdict(candidate, tries, reasons[-2:], slots)
        if isinstance(outcome, Found):
            self._remember(candidate, tries, slots)
        return outcome

    def _way(self, cls: type, slots: list[Slot], picks: list[Choice], until: float, tries: int) -> Try:
        """Inputs for an object that is built in this way."""
        make, named = maker(cls, slots, picks), numbers_of(cls, slots, picks)
        of_whole = whole_of_input if loss_of_input(cls) is not None else whole_model
        if of_whole is whole_of_input or is_whole(cls):
            tried = self._of_whole(lambda: of_whole(make()), cls, named, until, tries)
            tried.picks, tried.cost = picks, sum(p.cost for p in picks)
            return tried
        if closing_method(cls) is not None:
            build, cls = make, closing_class(cls)
            make = lambda: with_backward(build())  # noqa: E731
        tried = search_inputs(self.workshop, self.file, make, cls, named, until, tries)
        tried.picks, tried.cost = picks, sum(p.cost for p in picks)
        return tried

    def _remember(self, candidate: Candidate, tries: list[Try], slots: list[Slot]) -> None:
        """From now on it may be an argument of other classes."""
        best = best_of(tries)
        if best is None or best.result is None or best.result.outcome.output is None:
            return
        cls, picks, output = candidate.thing, best.picks, best.result.outcome.output
        fixed = {s.name: p.value for s, p in zip(slots, picks, strict=True) if p.value is not None}

        def rebuild(changed: dict[str, Any]) -> Any:
            pairs = zip(slots, picks, strict=True)
            return maker(cls, slots, [plain(changed[s.name]) if s.name in changed else p for s, p in pairs])()

        shapes = tuple(getattr(c.make(), "shape", ()) for c in best.result.picks(best.slots))
        code, names = call(candidate.name, slots, picks), [s.name for s in slots]
        self.workshop.built.append(Built(candidate.name, cls, names, fixed, rebuild, shapes, output, code))

    # ------------------------------------------------------------ loss and gradients in one call

    def _whole(self, candidate: Candidate) -> Found | NotStarted:
        until = spent() + SECONDS
        tried = self._of_whole(lambda: whole_function(candidate.thing), None, {}, until, TRIES)
        return self._verdict(candidate, [tried], [], [])

    def _of_whole(
        self, make: Callable[[], Any], cls: type | None, named: dict[str, Any], until: float, tries: int
    ) -> Try:
        tried, self.refused = try_whole(
            make, cls, named, until, tries, self.workshop, self.file, self.refused
        )
        return tried

    # ------------------------------------------------------------ pairs of functions

    def _pair(self, candidate: Candidate) -> Found | NotStarted:
        if begins_at_labels(candidate):
            backward = candidate.thing[1].__name__
            why = [f"{backward} begins at the labels, with a loss of its own: hand in both as one function"]
            add = "def loss_and_gradients(X, Y, parameters): ...    # return loss, gradients"
            return NotStarted(candidate.name, candidate.kind, why, add, candidate.line)
        tried, inputs, sense = try_pair(candidate, self.workshop, self.file, spent() + SECONDS)
        found = self._verdict(candidate, [tried], [], [])
        if isinstance(found, Found):
            found.everything, found.inputs = found.inputs, inputs
            found.assumed += [sense] if sense else []
        return found

    # ------------------------------------------------------------ what came of it

    def _verdict(
        self, candidate: Candidate, tries: list[Try], reasons: list[Outcome], slots: list[Slot]
    ) -> Found | NotStarted:
        best = best_of(tries)
        if best is not None and best.result is not None and best.stage >= BACKWARD:
            picks = best.result.picks(best.slots)
            inputs, kwargs = values(best.slots, picks)
            count = sum(t.result.tries for t in tries if t.result)
            told = [assumed(slots, best.picks, "="), assumed(best.slots, picks, ": ")]
            told = [line for line in told if line]
            if told and count > 1:
                told[-1] += f" (tried {count} ways)"
            if candidate.kind == "step":
                kwargs |= {"target": inputs[1]}
                inputs = inputs[:1]
            doubt = best.result.outcome.penalty
            name, kind, line = candidate.name, candidate.kind, candidate.line
            return Found(name, kind, best.make, inputs, kwargs, told, line, count, doubt)
        cls = candidate.thing if isinstance(candidate.thing, type) else type(candidate.thing)
        if is_whole(cls) and not has_loss(cls) and any(t.stage >= FORWARD for t in tries):
            return without_loss(candidate, cls)
        outcomes = sorted((t.result.outcome for t in tries if t.result), key=lambda o: o.cost)
        errors = dict.fromkeys(o.error for o in [*outcomes[:2], *reasons[-1:]] if o.error)
        stage = "forward" if outcomes and outcomes[0].stage >= FORWARD else "the constructor"
        why = [f"{stage} did not run with anything that was tried", *errors]
        slow = any(t.is_slow for t in tries)
        add = to_add(candidate, slots, best)
        return NotStarted(candidate.name, candidate.kind, why, add, candidate.line, slow)


def _is_enough(tries: list[Try]) -> bool:
    """Whether the last one runs through; ones that stop in backward are enough when several do so."""
    last = tries[-1].result
    works = last is not None and last.outcome.stage == WORKS and not last.outcome.penalty
    return works or sum(t.stage >= BACKWARD for t in tries) >= 2
