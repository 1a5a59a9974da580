"""Random-feature regression with its own step(); the test loop slices the training arrays.

Symptom: Training loss and test loss are nearly the same number, whatever the regularization.
Repair: Return the rows after n_train for the test.
"""
import numpy as np

CODES = ('evaluation-on-training-data',)
PLACES = ('evaluation', '')


class FourierFeatures:
    """Fixed random cosines, trained linear read-out."""

    def __init__(self, dim=4, features=30, outputs=1):
        rs = np.random.RandomState(5)
        self.omega, self.phase = rs.randn(dim, features) * 0.6, rs.rand(features) * 2 * np.pi
        self.weight = 0.2 * rs.randn(features, outputs)
        self.offset = np.zeros(outputs)

    def predict(self, x):
        self.phi = np.cos(x @ self.omega + self.phase)
        return self.phi @ self.weight + self.offset

    forward = predict

    def step(self, x, target, learning_rate):
        r = self.predict(x) - target
        self.weight -= learning_rate * 2 * self.phi.T @ r / r.size
        self.offset -= learning_rate * 2 * r.sum(0) / r.size
        return float((r ** 2).mean())


def housing(n_train=100, n_test=40):
    rs = np.random.RandomState(0)
    table = rs.randn(n_train + n_test, 4)
    price = np.sin(table[:, :1]) + 0.5 * table[:, 1:2] * table[:, 2:3] + 0.3 * rs.randn(len(table), 1)
    x_train, y_train = table[:n_train], price[:n_train]
    x_test, y_test = x_train[-n_test:], y_train[-n_test:]  # FAULT
    return x_train, y_train, x_test, y_test


class FourierFeaturesRepaired:
    """Fixed random cosines, trained linear read-out."""

    def __init__(self, dim=4, features=30, outputs=1):
        rs = np.random.RandomState(5)
        self.omega, self.phase = rs.randn(dim, features) * 0.6, rs.rand(features) * 2 * np.pi
        self.weight = 0.2 * rs.randn(features, outputs)
        self.offset = np.zeros(outputs)

    def predict(self, x):
        self.phi = np.cos(x @ self.omega + self.phase)
        return self.phi @ self.weight + self.offset

    forward = predict

    def step(self, x, target, learning_rate):
        r = self.predict(x) - target
        self.weight -= learning_rate * 2 * self.phi.T @ r / r.size
        self.offset -= learning_rate * 2 * r.sum(0) / r.size
        return float((r ** 2).mean())


def housing_repaired(n_train=100, n_test=40):
    rs = np.random.RandomState(0)
    table = rs.randn(n_train + n_test, 4)
    price = np.sin(table[:, :1]) + 0.5 * table[:, 1:2] * table[:, 2:3] + 0.3 * rs.randn(len(table), 1)
    x_train, y_train = table[:n_train], price[:n_train]
    x_test, y_test = table[n_train:], price[n_train:]
    return x_train, y_train, x_test, y_test


def faulty():
    x_train, y_train, x_test, y_test = housing()
    return {"training_check": True, "subject": FourierFeatures(), "x": x_train, "target": y_train,
            "optimizer": None, "evaluation": (x_test, y_test), "learning_rate": 0.004, "batch_size": 10, "steps": 800}


def correct():
    x_train, y_train, x_test, y_test = housing_repaired()
    return {"training_check": True, "subject": FourierFeaturesRepaired(), "x": x_train, "target": y_train,
            "optimizer": None, "evaluation": (x_test, y_test), "learning_rate": 0.004, "batch_size": 10, "steps": 800}
