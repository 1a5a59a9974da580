"""Gates, and query, key and value: the parts of stacked weights in another order, or in one another's
place.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .arrays import changed, weights_first
from .explanation import Explanation, factored, taking
from .meeting import Meeting
from .sights import text_of
from .sources import orders, without

Index = tuple[str, str, np.ndarray]  # words, code, the order of the elements along an axis


_LETTERS = (("q", "k", "v"), ("i", "f", "g", "o"), ("i", "f", "c", "o"), ("r", "z", "n"), ("r", "z", "h"))


def of_blocks(meeting: Meeting) -> Iterator[Explanation]:
    """Changes of all arrays that share an axis, or that stand for the parts of one: gates, query, key,
    value.
    """
    for family in (_blocks, _exchanged):
        yield from family(meeting)


def _indices(meeting: Meeting, length: int) -> Iterator[Index]:
    """Orders in which the elements along an axis of this length may stand."""
    attends = "exp" in text_of(meeting.case) or "softmax" in text_of(meeting.case)
    for blocks in (4, 3, 2):
        if length % blocks == 0 and length // blocks > 1:
            numbered = np.arange(length).reshape(blocks, -1)
            for order in orders(blocks):
                yield (
                    f"the {blocks} equal blocks in the order {order}",
                    "gate-order-permuted",
                    numbered[list(order)].ravel(),
                )
    lengths = {n for v in meeting.case.probe.inputs if isinstance(v, np.ndarray) for n in v.shape} | {2, 3, 4}
    for shape in dict.fromkeys(factored((length,), 0, lengths)):
        for moved in itertools.permutations(range(len(shape))):
            if moved != tuple(range(len(shape))):
                index = np.arange(length).reshape(shape).transpose(moved).ravel()
                gates = len(shape) == 2 and shape[0] in (3, 4) and not attends
                code = (
                    "head-merge-scrambled"
                    if attends
                    else "gate-order-permuted"
                    if gates
                    else "patch-order-permuted"
                )
                yield f"its {length} elements, as {shape}, in the order of axes {moved}", code, index


def _blocks(meeting: Meeting) -> Iterator[Explanation]:
    """The elements along one axis in another order, in one array or in all that have that axis."""
    names = [n for n in weights_first(meeting) if n not in meeting.case.probe.subject.input_names[:1]]
    shapes = {n: meeting.value(n, 0).shape for n in names}
    for length in sorted({k for s in shapes.values() for k in s if k > 3}, reverse=True):
        having = [n for n in names if length in shapes[n]]
        places = [[i for i, k in enumerate(shapes[n]) if k == length] for n in having]
        together = [
            dict(zip(having, chosen, strict=True))
            for chosen in itertools.islice(itertools.product(*places), 4)
        ]
        alone = (
            [{n: i} for n, axes in zip(having, places, strict=True) for i in axes] if len(having) > 1 else []
        )
        for words, code, index in _indices(meeting, length):
            for axes in [*together, *alone]:
                if changed(meeting, {n: taking(index, i) for n, i in axes.items()}):
                    listed = ", ".join(f"`{n}` (axis {i})" for n, i in axes.items())
                    yield Explanation(
                        code,
                        f"with {words} along {listed}, the output equals the reference's",
                        {"parameters": list(axes), "order": words},
                        fix=f"{words}: the reference's order",
                    )
                    return


def _exchanged(meeting: Meeting) -> Iterator[Explanation]:
    """Arrays of one shape in one another's place: gates, or query, key and value; then any two."""
    names = list(meeting.case.probe.names)
    for letters in _LETTERS:
        groups = _by_letter(meeting, names, letters)
        for order in orders(len(letters)) if groups else ():
            swap = {g[a]: g[letters[b]] for g in groups for a, b in zip(letters, order, strict=True)}
            if _swapped(meeting, swap):
                renamed = ", ".join(letters[b] for b in order)
                roles = letters == ("q", "k", "v")
                yield Explanation(
                    "attention-roles-swapped" if roles else "gate-order-permuted",
                    f"with {renamed} in the places of {', '.join(letters)}, the output equals the "
                    "reference's",
                    {"places": letters, "hold": renamed},
                    fix=f"{', '.join(letters)}: exchange them so",
                )
                return
    for a, b in itertools.combinations(names, 2):
        if meeting.value(a, 0).shape == meeting.value(b, 0).shape and _swapped(meeting, {a: b, b: a}):
            yield Explanation(
                "reference-mismatch",
                f"with `{a}` and `{b}` exchanged, the output equals the reference's",
                {"exchanged": (a, b)},
                fix=f"exchange {a} and {b} in forward",
            )
            return


def _by_letter(meeting: Meeting, names: list[str], letters: tuple[str, ...]) -> list[dict[str, str]]:
    groups: dict[tuple[str, tuple[int, ...]], dict[str, str]] = {}
    for name, letter in itertools.product(names, letters):
        rest = without(name, letter)
        if rest is not None:
            groups.setdefault((rest, meeting.value(name, 0).shape), {}).setdefault(letter, name)
    return [g for g in groups.values() if len(g) == len(letters) and len(set(g.values())) == len(letters)]


def _swapped(meeting: Meeting, swap: dict[str, str]) -> bool:
    return meeting.holds(
        lambda point: meeting.ours({n: meeting.value(m, point) for n, m in swap.items()}, point)
    )
