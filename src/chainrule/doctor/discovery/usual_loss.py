"""The loss of a model that does not tell it: its backprop(x, y) begins at one of the usual ones.

    def backprop(self, x, y):
        delta = (activations[-1] - y) * sigmoid_prime(zs[-1])

It is the one of which backprop gives the gradient, for one parameter at least; the others are compared with
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import NotASubject
from ..fitting_loss import best_fit, factors_to
from ..label_losses import (
    BINARY,
    CROSS_ENTROPY,
    OF_A_SIGMOID,
    OF_A_SOFTMAX,
    SQUARED,
    LabelLoss,
    class_axis,
    spread,
)
from ..structure import is_array

# beside the objects: what they hold themselves is put back between two experiments
_chosen: WeakKeyDictionary[UsualLoss, dict[tuple[int, ...], tuple[LabelLoss, str]]] = WeakKeyDictionary()


class UsualLoss:
    """loss(x, y), chosen at the first call with a prediction of this shape.

    predict: the prediction for x. gradients: those that the model gives for (x, y), by name. arrays: the
    model's own, by name; they are moved in place. stepped: whether backprop itself changes them.
    Raises NotASubject where it is the gradient of none of the usual losses.
    """

    def __init__(
        self,
        predict: Callable[[Any], Any],
        gradients: Callable[[Any, Any], Mapping[str, Any]],
        arrays: Mapping[str, np.ndarray],
        stepped: bool,
    ) -> None:
        self.predict, self.gradients, self.arrays, self.stepped = predict, gradients, arrays, stepped
        self._x: Any = None

    @property
    def said(self) -> str:
        """Which one was chosen, in a sentence."""
        return next(reversed(_chosen[self].values()))[1] if self in _chosen else ""

    def __call__(self, x: Any, y: Any) -> float:
        prediction = np.asarray(self.predict(x), dtype=float)
        chosen = _chosen.setdefault(self, {})
        if prediction.shape not in chosen:  # one half, or the mean of two samples? With four it is clear
            loss = self._choose(x, prediction, np.asarray(y))
            chosen[prediction.shape] = loss, f"it tells no loss: compared with {loss.says(prediction)}"
        return chosen[prediction.shape][0].loss(prediction, np.asarray(y))

    def _choose(self, x: Any, prediction: np.ndarray, labels: np.ndarray) -> LabelLoss:
        losses = list(_losses(prediction))
        if spread(labels, prediction, losses[0].axis).shape != prediction.shape:
            raise NotASubject(f"labels of shape {labels.shape} beside a prediction of {prediction.shape}")
        given = self.gradients(x, labels)
        found = {
            n: np.asarray(g, dtype=float)
            for n, g in given.items()
            if is_array(g) and n in self.arrays and g.shape == self.arrays[n].shape and np.any(g)
        }
        self._x = x
        factors = factors_to(self, list(found), found, losses, labels)
        fit = best_fit(prediction, losses, factors, found, upward=not self.stepped)
        if fit.loss is None:
            raise NotASubject(
                "what it gives is the gradient of none of the usual losses, not even for one parameter: give "
                "the class a method loss(x, y) that says which is meant"
            )
        return fit.loss

    def value(self, name: str) -> np.ndarray:
        return np.array(self.arrays[name], dtype=float)

    def outputs(self, changes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The prediction with other parameters."""
        before = {name: self.arrays[name].copy() for name in changes}
        try:
            for name, value in changes.items():
                self.arrays[name][...] = value
            return {"y": np.array(self.predict(self._x), dtype=float)}
        finally:
            for name, value in before.items():
                self.arrays[name][...] = value


def _losses(prediction: np.ndarray) -> list[LabelLoss]:
    """The simplest first: it wins where several fit."""
    axis = class_axis(prediction)
    bits = BINARY if np.all((prediction > 0) & (prediction < 1)) else OF_A_SIGMOID
    axes = (
        [axis]
        if axis is not None
        else [a for a in (-1, 0) if prediction.ndim > 1 and prediction.shape[a] > 1]
    )
    kind = OF_A_SOFTMAX if axis is None else CROSS_ENTROPY
    return [LabelLoss(SQUARED), *(LabelLoss(kind, a) for a in axes), LabelLoss(bits)]
