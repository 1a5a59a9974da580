"""Choices as arguments: what is handed over, what was assumed, and the code that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .candidates import Candidate
from .choices import Choice, Slot
from .search import Result
from .unbuilt import makers_of


@dataclass
class Try:
    """One way of building an object, and what the search for its inputs gave."""

    picks: list[Choice]  # for the constructor
    slots: list[Slot]  # of forward
    result: Result | None
    cost: float  # of the constructor's choices
    make: Callable[[], Any]

    @property
    def stage(self) -> int:
        """How far it came; -1 if it was never run."""
        return self.result.outcome.stage if self.result is not None else -1

    @property
    def is_slow(self) -> bool:
        """Whether the code did not come to an end."""
        return self.result is not None and self.result.is_slow


def best_of(tries: list[Try]) -> Try | None:
    """The one with the most plausible arguments among those that came furthest."""
    ran = [t for t in tries if t.result is not None]
    return min(ran, key=lambda t: t.cost + t.result.cost, default=None)  # type: ignore[union-attr]


def values(slots: list[Slot], picks: list[Choice]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments, made anew: by place, and by name. Two arrays of one shape hold other numbers: between
    equal ones a term that is lost looks like a factor of two.
    """
    drawn: Counter[str] = Counter()

    def made(pick: Choice) -> Any:
        if pick.shape is None:
            return pick.make()
        drawn[pick.said] += 1
        return pick.make(drawn[pick.said] - 1)

    inputs: list[Any] = []
    kwargs: dict[str, Any] = {}
    dicts: dict[str, dict[str, Any]] = {}
    for slot, pick in zip(slots, picks, strict=True):
        if pick.said == "its default" and slot.keyword:
            continue
        if slot.within:
            if slot.within not in dicts:
                inputs.append(dicts.setdefault(slot.within, {}))
            dicts[slot.within][slot.name.partition("'")[2][:-2]] = made(pick)
        elif slot.star:
            inputs += made(pick)
        elif slot.keyword:
            kwargs[slot.name] = made(pick)
        else:
            inputs.append(made(pick))
    return tuple(inputs), kwargs


def maker(cls: type, slots: list[Slot], picks: list[Choice]) -> Callable[[], Any]:
    """Builds an object of the class with these choices."""
    methods = makers_of(cls)

    def arguments(name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
        own = [(s, p) for s, p in zip(slots, picks, strict=True) if s.method == name]
        return values([s for s, _ in own], [p for _, p in own])

    def make() -> Any:
        inputs, kwargs = arguments("")
        made = cls(*inputs, **kwargs)
        for name in methods:
            inputs, kwargs = arguments(name)
            getattr(made, name)(*inputs, **kwargs)
        return made

    return make


def assumed(slots: list[Slot], picks: list[Choice], sign: str) -> str:
    """What was guessed, in plain words: `n_in=5, rng=default_rng(0)`, `x: (2, 5)`."""
    pairs = [(s, p) for s, p in zip(slots, picks, strict=True) if p.said != "its default"]
    said = [f"{s.name}{'=' if s.keyword else sign}{p.said}" for s, p in pairs]
    return ", ".join(f"{s.method}: {t}" if s.method else t for t, (s, _) in zip(said, pairs, strict=True))


def call(name: str, slots: list[Slot], picks: list[Choice]) -> str:
    """The call as one would write it."""
    parts = []
    by_name = False
    for slot, pick in zip(slots, picks, strict=True):
        if slot.method:
            continue
        by_name |= slot.keyword or pick.said == "its default"
        if pick.said != "its default":
            code = pick.code or "..."
            parts.append(f"*{code}" if slot.star else f"{slot.name}={code}" if by_name else code)
    return f"{name}({', '.join(parts)})"


def to_add(candidate: Candidate, slots: list[Slot], best: Try | None) -> str:
    """A check_ function to begin with, filled in with what came furthest."""
    if candidate.kind in ("class", "step", "whole class"):
        picks = best.picks if best and best.picks else [s.choices[0] for s in slots]
        subject = call(candidate.name, slots, picks)
    elif candidate.kind in ("instance", "whole", "closure"):
        subject = candidate.name
    else:
        subject = f"({candidate.thing[0].__name__}, {candidate.thing[1].__name__})"
    given = best.result.picks(best.slots) if best and best.result else []
    codes = [choice.code or "..." for choice in given if choice.said != "its default"] or [
        "np.random.default_rng(0).normal(size=(2, 5))"
    ]
    head = f"def check_{candidate.name}():"
    if candidate.kind == "step":
        target = codes[1] if len(codes) > 1 else "..."
        return f'{head}\n    return {{"subject": {subject}, "inputs": ({codes[0]},), "target": {target}}}'
    failed = best is not None and best.result is not None
    warning = "  # with other sizes: these did not run" if failed else ""
    return f"{head}{warning}\n    return {subject}, {', '.join(codes)}"
