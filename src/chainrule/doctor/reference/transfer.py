"""Which of the subject's parameters is which of the reference's?

Names decide where they can, shapes must fit: as they are, transposed (in, out) against (out, in), stacked
(q, k and v into one in_proj), or cut apart (one weight for the input and the hidden state). What stays
ambiguous is tried in every way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kinds import Arrays
from .names import is_bias, score_of
from .sources import Shape, Source, fitted, sources_of

MOST = 96  # assignments that are tried


@dataclass
class Transfer:
    """What the reference's parameters are set to."""

    links: dict[str, Source]
    empty: list[str]  # the reference's parameters without a partner, set to 0
    unused: list[str]  # the subject's, which the reference does not have
    score: float

    def apply(self, ours: Arrays, shapes: dict[str, Shape | None]) -> Arrays:
        values = {name: source.take(ours) for name, source in self.links.items()}
        for name in self.empty:
            shape = shapes[name]
            if shape is not None:
                values[name] = np.zeros(shape)
        return values


def transfers(ours: Arrays, theirs: dict[str, Shape | None], optional: set[str]) -> list[Transfer]:
    """All sensible assignments, the most plausible first."""
    if not theirs:
        return [Transfer({}, [], list(ours), 0.0)]
    sources = list(sources_of(ours, theirs))
    options: list[list[tuple[float, Source | None]]] = []
    for place, (name, shape) in enumerate(theirs.items()):
        fits = [
            (score_of(name, place, made, list(ours)) - cost, made)
            for source in sources
            for cost, made in fitted(source, shape)
        ]
        fits.sort(key=lambda f: -f[0])
        options.append([*fits[:5], (-0.5, None)])
    return _combined(options, list(ours), theirs, optional)


def _combined(
    options: list[list[tuple[float, Source | None]]],
    ours: list[str],
    theirs: dict[str, Shape | None],
    optional: set[str],
) -> list[Transfer]:
    """The best combinations in which no array is used twice."""
    beam: list[tuple[float, list[Source | None]]] = [(0.0, [])]
    for fits in options:
        wider = [
            (score + s - _inconsistent(source, chosen), [*chosen, source])
            for score, chosen in beam
            for s, source in fits
            if _free(source, chosen)
        ]
        beam = sorted(wider, key=lambda b: -b[0])[:MOST]
    found = []
    for score, chosen in beam:
        links = {n: s for n, s in zip(theirs, chosen, strict=True) if s is not None}
        used = {o for s in links.values() for o in s.of}
        empty = [n for n, s in theirs.items() if n not in links and _is_lacking(n, s, links)]
        if any(n not in links and n not in empty and n not in optional for n in theirs):
            continue
        found.append(Transfer(links, empty, [n for n in ours if n not in used], score))
    return found


def _is_lacking(name: str, shape: Shape | None, links: dict[str, Source]) -> bool:
    """A bias beside a weight that has a partner: the subject has no such bias."""
    beside = [n for n in links if n.rpartition(".")[0] == name.rpartition(".")[0]]
    return is_bias(name) and shape is not None and len(shape) == 1 and bool(beside)


def _inconsistent(source: Source | None, chosen: list[Source | None]) -> float:
    """Whoever keeps one matrix as (in, out) keeps the others so."""
    if source is None or len(source.shape) != 2:
        return 0.0
    others = [s for s in chosen if s is not None and len(s.shape) == 2]
    return 0.6 * any(s.turned != source.turned for s in others)


def _free(source: Source | None, chosen: list[Source | None]) -> bool:
    if source is None:
        return True
    taken = [s for s in chosen if s is not None and set(s.of) & set(source.of)]
    return all(s.part and source.part and s.part != source.part and s.of == source.of for s in taken)


# ---------------------------------------------------------------- names
