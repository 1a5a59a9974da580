"""A loss that takes its targets from its own tokens: is the decoder given the token that it should predict?

    def forward(self, tokens):                 # -> the mean cross-entropy of the next token
        inputs, targets = tokens[:, :-1], tokens[:, 1:]

The probabilities inside are found by what they are. Which class the loss looks at, row by row, shows when
they are multiplied with known factors; where in the tokens these classes stand is then read off. The model
leaks if exchanging a token moves the probabilities of that very token, and no earlier ones: a model that
sees all of its input, an autoencoder, is meant otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...source.sites import Site
from ...structure import is_array
from .exchange import changed, varied
from .moments import Inside, Key, Moment, inside
from .scene import Scene
from .weights import sums_to_one

MOST_ROWS = 6  # of each sample
Layout = Callable[[np.ndarray], np.ndarray]


@dataclass
class Rows:
    """Probabilities of one site, as (samples, steps, classes). logs: their logarithms stand there."""

    moments: list[Moment]
    layout: Layout
    logs: bool

    @property
    def value(self) -> np.ndarray:
        return self.layout(np.stack([m.value for m in self.moments]))


def own_targets(scene: Scene, causal: bool) -> Iterator[tuple[int, list[int], Moment]]:
    """(which input, the steps that see their own target, the probabilities), where there is such a leak."""
    if scene.y.size != 1:
        return
    for index in scene.data():
        tokens = scene.inputs[index]
        if not is_array(tokens) or tokens.dtype.kind not in "iu" or tokens.ndim > 2 or max(tokens.shape) < 3:
            continue
        within = inside(scene, deep=True)
        for rows in _candidates(within, tokens) if within is not None else ():
            assert within is not None
            offset = _offset(scene, within, rows, np.atleast_2d(tokens))
            if offset is None or (offset == 0 and not causal and len(scene.inputs) < 2):
                continue
            own = _seen(scene, within, rows, index, offset)
            if own:
                yield index, own, rows.moments[0]
            return  # the loss is of these rows, and they are right


def _candidates(within: Inside, tokens: np.ndarray) -> Iterator[Rows]:
    samples = 1 if tokens.ndim == 1 else len(tokens)
    by_site: dict[int, list[Moment]] = {}
    for moment in within.base:
        by_site.setdefault(moment.site.id, []).append(moment)
    for moments in by_site.values():
        first = moments[0].value
        if any(m.value.shape != first.shape for m in moments) or not 4 <= first.size <= 20_000:
            continue
        for logs in (False, True):
            axes = sums_to_one(np.exp(first) if logs else first)
            if len(axes) == 1 and first.shape[axes[0]] > int(tokens.max()):
                for layout in _layouts(len(moments), first.shape, axes[0], samples):
                    yield Rows(moments, layout, logs)


def _layouts(count: int, shape: tuple[int, ...], axis: int, samples: int) -> Iterator[Layout]:
    """Ways to see what stands there as (samples, steps, classes)."""
    classes = shape[axis]
    rest = [n for i, n in enumerate(shape) if i != axis]
    size = int(np.prod(rest, initial=1)) * count
    if size % samples or size // samples < 2:
        return

    def last(value: np.ndarray) -> np.ndarray:
        return np.moveaxis(value, axis + 1, -1)

    if count == 1 and rest[:1] == [samples]:
        yield lambda v: last(v).reshape(samples, -1, classes)
    elif count == 1 or rest[-1:] == [samples] or samples == 1:
        yield lambda v: last(v).reshape(-1, samples, classes).swapaxes(0, 1)
        if count == 1:
            yield lambda v: last(v).reshape(samples, -1, classes)
    elif count == samples:
        yield lambda v: last(v).reshape(samples, -1, classes)


def _offset(scene: Scene, within: Inside, rows: Rows, tokens: np.ndarray) -> int | None:
    """How far behind its row the class stands that the loss looks at."""
    found = _classes(scene, within, rows)
    if len(found) < 3 or len(set(found.values())) < 2:
        return None
    steps = rows.value.shape[1]
    fits = [
        s
        for s in range(tokens.shape[1] - steps + 1)
        if all(tokens[b, t + s] == c for (b, t), c in found.items())
    ]
    return fits[0] if len(fits) == 1 else None


def _classes(scene: Scene, within: Inside, rows: Rows) -> dict[tuple[int, int], int]:
    """By sample and step: the one class whose probability moves the loss.

    The loss holds -log p: with p times exp(c), for each class another c, it moves in proportion to its c.
    """
    samples, steps, classes = rows.value.shape
    factors = scene.rng.uniform(0.5, 1.5, size=(2, classes))
    before = float(scene.y.ravel()[0])
    found = {}
    for b, t in itertools.product(range(min(samples, 2)), range(min(steps, MOST_ROWS))):
        moved = [_loss(within, rows, b, t, c) - before for c in factors]
        if abs(moved[1]) < 1e-9:
            continue  # a padded one
        fits = np.flatnonzero(np.abs(factors[0] / factors[1] - moved[0] / moved[1]) < 1e-6)
        if len(fits) != 1:
            return {}
        found[b, t] = int(fits[0])
    return found


def _loss(within: Inside, rows: Rows, b: int, t: int, c: np.ndarray) -> float:
    where = np.arange(rows.value.size).reshape(np.stack([m.value for m in rows.moments]).shape)
    stacked = np.stack([m.value for m in rows.moments]).ravel()
    place = rows.layout(where)[b, t]
    stacked[place] = stacked[place] + c if rows.logs else stacked[place] * np.exp(c)
    others = stacked.reshape(where.shape)
    by_key: dict[Key, np.ndarray] = {}
    for moment, other in zip(rows.moments, others, strict=True):
        by_key |= {m.key: other for m in within.base if np.array_equal(m.value, moment.value)}

    def exchange(site: Site, execution: int, value: np.ndarray) -> np.ndarray | None:
        other = by_key.get((site.id, execution))
        return other.copy() if other is not None and other.shape == value.shape else None

    result = within.watch(exchange=exchange)[1]
    return float(result.ravel()[0]) if result.size == 1 else float("nan")


def _seen(scene: Scene, within: Inside, rows: Rows, index: int, offset: int) -> list[int]:
    """The steps whose probabilities move with their own target; none where an earlier one moves too."""
    tokens = scene.inputs[index]
    own, steps = [], rows.value.shape[1]
    tried = list(range(min(steps, MOST_ROWS)))
    for t in tried:
        other = varied(tokens, tokens.ndim - 1, t + offset, scene.rng)
        if other is None:
            return []
        moments = {m.key: m.value for m in within.watch(scene.replaced(index, other))[0]}
        new = [moments.get(m.key) for m in rows.moments]
        if any(v is None or v.shape != m.value.shape for v, m in zip(new, rows.moments, strict=True)):
            return []
        now = rows.layout(np.stack([v for v in new if v is not None]))
        moved = np.asarray(changed(rows.value, now).any((0, 2)))
        if moved[:t].any():
            return []
        own += [t] if moved[t] else []
    return own if len(own) == len(tried) else []
