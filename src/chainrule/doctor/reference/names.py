"""How well the name of one of the subject's arrays fits the name of a parameter of the reference."""

from __future__ import annotations

import re

from ..naming import abbreviations, plain
from .sources import Source


def is_bias(name: str) -> bool:
    return bool(re.search(r"bias|(^|[._])b\d*([._]|$)", name, re.I))


def score_of(theirs: str, place: int, source: Source, ours: list[str]) -> float:
    """How well names (and, weakly, the order) fit."""
    names = [_score_of_name(theirs, n) for n in source.of]
    order = abs(place - ours.index(source.of[0])) / (1 + max(place, len(ours)))
    return (
        sum(names) / len(names)
        + _of_side(theirs, source)
        + (0.5 if len(source.of) > 1 else 0.0)
        + 1.0
        - order
    )


def _score_of_name(theirs: str, ours: str) -> float:
    their_path, our_path = theirs.split("."), ours.split(".")
    last, our_last = their_path[-1], our_path[-1]
    shared = set(map(plain, their_path[:-1])) & set(map(plain, our_path[:-1]))
    score = 0.5 * len(shared)
    if plain(last) == plain(our_last):
        return score + 4.0
    if plain(our_last) in abbreviations(last) or plain(last) in abbreviations(our_last):
        return score + 3.0
    if (
        last in ("weight", "bias", "w", "W", "b", "data")
        and len(their_path) > 1
        and plain(their_path[-2])[:1] == plain(our_last)[-1:]
    ):
        score += 1.0  # out_proj.weight beside Wo
    return score + (1.0 if is_bias(last) == is_bias(our_last) else -1.0)


def _of_side(theirs: str, source: Source) -> float:
    """weight_ih belongs to the input's side, weight_hh to the hidden state's."""
    last = theirs.rpartition(".")[2].lower()
    if "_ih" not in last and "_hh" not in last:
        return 0.0
    hidden = "_hh" in last
    if source.part:
        return 0.5 if source.part.startswith("last") == hidden else 0.0
    label = source.of[0].rpartition(".")[2]
    says_hidden = bool(re.search(r"hh|[_WwbBU](h|rec)|^U|^R|recurrent|hidden", label)) and not re.search(
        r"xh|ih", label
    )
    says_input = bool(re.search(r"xh|ih|x|inp|_i\b", label))
    return (
        1.5
        if (says_hidden and hidden) or (says_input and not hidden)
        else -1.5
        if says_hidden or says_input
        else 0.0
    )
