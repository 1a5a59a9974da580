"""The penalty of a model's own cost, beside the one in its gradients:

    def compute_cost(self, AL, Y): ... + self.lambd / (2 * m) * squares
    def backward(self, Y): ... dW = dZ @ A.T / m + self.lambd * W

A backward that starts at labels is compared with a usual loss, which has no penalty: one that is in the
gradients alone is no fault there. Where the model computes its cost itself, penalty and all, that decides.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import required
from ..check import check
from ..label_losses import readings
from ..naming import LABELS
from ..objects import BACKWARD_NAMES, FORWARD_NAMES
from ..quiet import quietly
from ..report import Report
from ..source.read import returned_names
from .found import Found
from .methods import method
from .model_arrays import arrays_of, matched
from .stepping import left_on
from .whole import Whole
from .whole_methods import LOSS_METHODS

PENALTY = "regularization-in-gradient"


def with_own_penalty(found: Found, report: Report, seed: int) -> Report | None:
    """A report that says that the two penalties differ; None where they do not, or there are no two."""
    if found.kind not in ("class", "instance") or len(found.inputs) != 1 or not costed(type(found.subject)):
        return None
    for labels in _labels(found):
        own = check(_whole(found.subject), *found.inputs, labels, seed=seed)
        codes = {f.code for f in own.findings}
        if own.ok and own.tested:
            return None
        if codes == {PENALTY}:
            own.assumed = [*own.assumed, "compared with the cost that the class computes itself"]
            return own
    return None


def costed(cls: Any) -> bool:
    """forward(X), compute_cost(AL, Y), backward(Y)"""
    found = [method(cls, names) for names in (FORWARD_NAMES, LOSS_METHODS, BACKWARD_NAMES)]
    if any(f is None for f in found):
        return False
    ahead, cost, back = ([p.name for p in required(f)[1:]] for f in found if f is not None)
    labels = [n for n in cost if LABELS.match(n)]
    return len(ahead) == 1 and len(back) == 1 and labels == back and len(cost) == 2


def _labels(found: Found) -> Iterator[np.ndarray]:
    """Kinds of labels with which the cost runs and depends on the weights, whatever the prediction."""
    with quietly():
        model = found.subject
        output = np.asarray(_run(model, FORWARD_NAMES)(*found.inputs), dtype=float)
        for labels, _ in readings(output, None):
            try:
                values = []
                for factor in (1.0, 1.1):
                    other = copy.deepcopy(model)
                    for _, array in arrays_of(other):
                        array *= factor
                    values.append(float(_cost(other, output, labels)))
            except Exception:  # other labels are wanted
                continue
            if np.isfinite(values[0]) and values[0] != values[1]:
                yield labels


def _run(model: Any, names: tuple[str, ...]) -> Any:
    function = method(type(model), names)
    assert function is not None
    return getattr(model, function.__name__)


def _cost(model: Any, output: Any, labels: Any) -> Any:
    cost = _run(model, LOSS_METHODS)
    first = required(cost)[0].name
    return cost(labels, output) if LABELS.match(first) else cost(output, labels)


def _whole(model: Any) -> Whole:
    """forward(X, Y) -> cost, and backward() with the gradients that backward(Y) gives or leaves."""
    ahead, back = _run(model, FORWARD_NAMES), _run(model, BACKWARD_NAMES)
    names = returned_names(back) or []

    def told(x: Any, y: Any) -> Any:
        return np.squeeze(_cost(model, ahead(x), y))

    def gradients(x: Any, y: Any) -> dict[str, Any]:
        own = copy.deepcopy(model)
        before = {p.path: np.array(p.get(), dtype=float) for p in places(own)}
        _run(own, FORWARD_NAMES)(x)
        returned = _run(own, BACKWARD_NAMES)(y)
        found = matched(model, returned if isinstance(returned, tuple) else (returned,), names)
        return found or left_on(own, before, None)

    def asks(x: Any, y: Any) -> None: ...

    return Whole((ahead, back), told, gradients, dict(arrays_of(model)), 2, asks)
