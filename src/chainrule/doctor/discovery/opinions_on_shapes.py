"""Arguments of functions whose guessed shape only broadcasts: the gradient's own shape may be the one meant.

def scaled(x, w): return w * x, (x, w)
def scaled_grad(dy, cache): ... (dy * x).reshape(-1, x.shape[-1]).sum(0)        w has one axis, not two
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..check import check
from ..probe import Probe
from ..quiet import quietly
from ..report import Report
from ..subject import Subject
from .choices import make_array
from .found import Found
from .guess import DOUBT

_OF_SHAPES = {"gradient-shape-wrong", "bias-axes-wrong", "weight-index-collapsed"}


def of_the_gradients_shape(found: Found, report: Report, seed: int) -> Report | None:
    """Right as soon as each argument has the axes that its gradient has. A single number is no such shape: to
    sum over everything is what a faulty gradient of a bias does.
    """
    if found.kind not in ("pair", "closure") or found.doubt < DOUBT:
        return None
    if any(f.code not in _OF_SHAPES for f in report.findings):
        return None
    given = _of_fewer_axes(found, seed)
    if given is None:
        return None
    other = check(found.subject, *given, seed=seed, **found.kwargs)
    if not (other.ok and other.tested):
        return None
    shapes = ", ".join(str(np.shape(value)) for value in given if isinstance(value, np.ndarray))
    other.assumed = [*report.assumed, f"the shapes that the gradients have: {shapes}"]
    return other


def _of_fewer_axes(found: Found, seed: int) -> tuple[Any, ...] | None:
    """The inputs, those in the shape of their gradient that have too many axes; None where there are none."""
    with quietly():
        face = Subject(found.subject, found.inputs, dict(found.kwargs))
        probe = Probe(face, seed=seed)
        try:
            gradients = probe.run().gradients
        finally:
            probe.close()
    given = list(found.inputs)
    for i, name in enumerate(face.input_names):
        gradient: Any = gradients.get(name)
        shape, own = np.shape(gradient), np.shape(given[i])
        if isinstance(given[i], np.ndarray) and 0 < len(shape) < len(own):
            given[i] = make_array("normal", shape)
    changed = any(new is not old for new, old in zip(given, found.inputs, strict=True))
    return tuple(given) if changed else None
