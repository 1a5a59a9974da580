"""A mean squared error between predictions (B, 1) and targets (B,).

Symptom: the model learns the mean of the targets and nothing more.
Repair: bring the targets to the shape of the predictions.
"""
import numpy as np

CODES = ("broadcast-collapsed",)
PLACES = ("", "target", "targets", "prediction")


class MeanSquaredError:
    """Mean of the squared differences over all entries.

    forward returns the loss, backward its gradient with respect to the prediction.
    """

    def __init__(self):
        self.prediction = None
        self.difference = None

    def forward(self, prediction, target):
        self.prediction = prediction
        self.difference = prediction - target  # FAULT
        return np.mean(self.difference ** 2)

    def backward(self):
        gradient = 2.0 * self.difference / self.difference.size
        # undo the broadcast so that the gradient has the shape of the prediction
        for axis in range(gradient.ndim):
            if self.prediction.shape[axis] == 1:
                gradient = gradient.sum(axis=axis, keepdims=True)
        return gradient


class MeanSquaredErrorRepaired:
    """Mean of the squared differences over all entries.

    forward returns the loss, backward its gradient with respect to the prediction.
    """

    def __init__(self):
        self.prediction = None
        self.difference = None

    def forward(self, prediction, target):
        self.prediction = prediction
        self.difference = prediction - target.reshape(prediction.shape)
        return np.mean(self.difference ** 2)

    def backward(self):
        gradient = 2.0 * self.difference / self.difference.size
        # undo the broadcast so that the gradient has the shape of the prediction
        for axis in range(gradient.ndim):
            if self.prediction.shape[axis] == 1:
                gradient = gradient.sum(axis=axis, keepdims=True)
        return gradient


def faulty():
    rng = np.random.default_rng(37)
    return {"subject": MeanSquaredError(), "inputs": (rng.normal(size=(6, 1)), rng.normal(size=6))}


def correct():
    rng = np.random.default_rng(37)
    return {"subject": MeanSquaredErrorRepaired(), "inputs": (rng.normal(size=(6, 1)), rng.normal(size=6))}
