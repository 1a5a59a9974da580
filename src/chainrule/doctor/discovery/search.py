"""The search for arguments: the most plausible first, then from the try that came furthest one argument at a
time is exchanged, first those that stand on the line that failed.
"""

from __future__ import annotations

import ast
import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..source.read import source_tree
from .choices import Choice, Slot
from .limits import spent
from .trial import WORKS, Outcome

State = tuple[int, ...]
NOWHERE = (1,)
ENDLESS = 3
DETOUR = 2.0  # what a further exchange costs that brought nothing


@dataclass
class Result:
    """The best choices, what became of them, after how many tries, and the errors of those that failed."""

    state: State
    outcome: Outcome
    tries: int
    cost: float
    is_slow: bool = False

    def picks(self, slots: list[Slot]) -> list[Choice]:
        return [slot.choices[i] for slot, i in zip(slots, self.state, strict=True)]


def search(
    slots: list[Slot],
    run: Callable[[list[Choice]], Outcome],
    involved: Callable[[Outcome], set[str] | None],
    tries: int = 300,
    until: float = float("inf"),
) -> Result:
    """Looks for choices with which `run` works.

    involved: the arguments that an exception has to do with; None if that is not known. until: what may be
    `spent`. Code that three times did not end is not tried further.
    """
    start = tuple(0 for _ in slots)
    order = itertools.count()
    # two orders: what comes furthest, and (every third time) what is most plausible
    queues: tuple[list[Any], list[Any]] = ([], [])

    def push(state: State, rank: Any, cost: float, away: int) -> None:
        for queue, key in zip(queues, ((rank, cost + DETOUR * away), (cost,)), strict=True):
            heapq.heappush(queue, (key, next(order), state, rank, away))

    seen: dict[State, Any] = {}
    for state in (start, *_of_one_rank(slots)):
        if state not in seen:
            seen[state] = (0,)
            push(state, (0,), _cost(slots, state), 0)
    tried = set[State]()
    best: Result | None = None
    patience, slow = tries, 0
    while queues[0] and patience > 0 and (len(tried) < 3 or spent() < until):
        queue = queues[len(tried) % 3 == 2] or queues[0]
        _, _, state, before, away = heapq.heappop(queue)
        if state in tried:
            continue
        tried.add(state)
        patience -= 1
        outcome = run([slot.choices[i] for slot, i in zip(slots, state, strict=True)])
        slow += outcome.slow
        total = _cost(slots, state) + outcome.cost
        if best is None or (total, outcome.rank) < (best.cost, best.outcome.rank):
            best = Result(state, outcome, 0, total)
            if outcome.stage == WORKS and not outcome.penalty:
                break
            if outcome.stage >= WORKS - 1:
                patience = min(patience, 120 if outcome.stage == WORKS else 400)
        if slow == ENDLESS:
            break
        # how many exchanges ago something came closer
        away = 0 if outcome.rank < before else away
        names = involved(outcome)
        here = _cost(slots, state)
        data = _with_other_axes(slots[0], state[0]) if outcome.misfits else set[int]()
        for place, slot in enumerate(slots):
            if names is not None and slot.name not in names:
                continue
            for i in range(len(slot.choices)):
                neighbor = (*state[:place], i, *state[place + 1 :])
                own = here + slot.choices[i].cost - slot.choices[state[place]].cost
                # what costs more by itself than the best costs with all its faults cannot win
                if neighbor not in tried and own < best.cost and outcome.rank < seen.get(neighbor, NOWHERE):
                    seen[neighbor] = outcome.rank
                    push(neighbor, outcome.rank, here if not place and i in data else own, away + 1)
    assert best is not None
    best.tries, best.is_slow = len(tried), slow == ENDLESS
    return best


def _of_one_rank(slots: list[Slot]) -> Iterator[State]:
    """Ways in which all arrays have two axes, three, or four: a sequence among matrices leads astray."""
    for rank in (2, 3, 4):
        state = []
        for slot in slots:
            places = range(len(slot.choices))
            fits = next((i for i in places if slot.choices[i].rank == rank), 0)
            state.append(0 if slot.choices[0].rank is None else fits)
        yield tuple(state)


def _with_other_axes(slot: Slot, place: int) -> set[int]:
    """Gradients that do not fit may tell that the data have too many axes, or too few: for each number of
    axes, the first choice with the same last one.
    """
    shape = slot.choices[place].shape
    first: dict[int | None, int] = {}
    for i, choice in enumerate(slot.choices):
        if shape and choice.shape and choice.shape[-1] == shape[-1]:
            first.setdefault(choice.rank, i)
    return set(first.values())


def _cost(slots: list[Slot], state: State) -> float:
    return sum(slot.choices[i].cost for slot, i in zip(slots, state, strict=True))


class Involved:
    """Which arguments of a function have to do with one of its lines: those whose values flow there."""

    def __init__(self, function: Callable[..., Any], names: list[str]) -> None:
        self.tree = source_tree(function)
        self.names = names
        self.known: dict[tuple[int, ...], set[str] | None] = {}
        self.sources: dict[str, set[str]] = {}
        nodes = ast.walk(self.tree) if self.tree is not None else ()
        assigning = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For)
        self.flows = sorted((n for n in nodes if isinstance(n, assigning)), key=lambda n: n.lineno)

    def _flow(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            source: ast.AST = node.value
        elif isinstance(node, ast.For):
            targets, source = [node.target], node.iter
        else:
            return
        arguments = self._arguments(source)
        for target in targets:
            for inner in ast.walk(target):
                if isinstance(inner, (ast.Name, ast.Attribute)) and isinstance(inner.ctx, ast.Store):
                    self.sources.setdefault(ast.unparse(inner), set()).update(arguments)

    def _arguments(self, node: ast.AST) -> set[str]:
        inside = [n for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute, ast.Subscript))]
        return set().union(*(self.sources.get(ast.unparse(n), set()) for n in inside)) if inside else set()

    def __call__(self, outcome: Outcome) -> set[str] | None:
        """None where it is not known: then any may be at fault."""
        misfits = {name for name in self.names if _leaf(name) in outcome.misfits}
        if misfits:
            return {*misfits, *self.names[:1]}
        if outcome.lines not in self.known:
            self.known[outcome.lines] = self._involved(outcome)
        return self.known[outcome.lines]

    def _involved(self, outcome: Outcome) -> set[str] | None:
        if self.tree is None or not outcome.lines:
            return None
        end = self.tree.end_lineno or self.tree.lineno
        line = next((n for n in outcome.lines if self.tree.lineno <= n <= end), None)
        if line is None:
            return None
        there = [
            n
            for n in ast.walk(self.tree)
            if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno)
        ]
        if not there:
            return None
        self.sources = {name: {name} for name in self.names}
        for node in self.flows:
            if node.lineno < line:
                self._flow(node)
        statement = max(there, key=lambda n: (n.lineno, -(n.end_lineno or 0)))
        return self._arguments(statement) or None


def _leaf(name: str) -> str:
    """The name of an item's gradient: `p.W1` for p['W1']."""
    return name.replace("['", ".").removesuffix("']")
