"""Training and test rows drawn by two separate permutations.

Symptom: most test rows have been trained on; real data do worse than the test says.
Repair: one permutation, cut in two.
"""
import numpy as np

CODES = ("evaluation-on-training-data",)
PLACES = ("evaluation", "x", "")


class Dataset:
    def __init__(self, inputs, targets, n_train, seed):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(inputs))
        train = order[:n_train]
        test = rng.permutation(len(inputs))[n_train:]  # FAULT
        self.x_train, self.t_train = inputs[train], targets[train]
        self.x_test, self.t_test = inputs[test], targets[test]


class HousePrices:
    """Two layers, squared error."""

    def __init__(self, n_in, n_hidden, rng):
        self.theta1 = rng.normal(size=(n_hidden, n_in + 1)) / np.sqrt(n_in + 1)
        self.theta2 = rng.normal(size=(1, n_hidden + 1)) / np.sqrt(n_hidden + 1)

    def forward(self, x):
        self.a0 = np.hstack([np.ones((len(x), 1)), x])
        self.h = np.tanh(self.a0 @ self.theta1.T)
        self.a1 = np.hstack([np.ones((len(x), 1)), self.h])
        return self.a1 @ self.theta2.T

    def backward(self, delta):
        self.grad_theta2 = delta.T @ self.a1
        dh = (delta @ self.theta2)[:, 1:] * (1 - self.h ** 2)
        self.grad_theta1 = dh.T @ self.a0
        return (dh @ self.theta1)[:, 1:]

    def step(self, x, target, learning_rate):
        error = self.forward(x) - target
        self.backward(2 * error / len(x))
        self.theta1 -= learning_rate * self.grad_theta1
        self.theta2 -= learning_rate * self.grad_theta2
        return float(np.mean(error ** 2))


class DatasetRepaired:
    def __init__(self, inputs, targets, n_train, seed):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(inputs))
        train = order[:n_train]
        test = order[n_train:]
        self.x_train, self.t_train = inputs[train], targets[train]
        self.x_test, self.t_test = inputs[test], targets[test]


class HousePricesRepaired:
    """Two layers, squared error."""

    def __init__(self, n_in, n_hidden, rng):
        self.theta1 = rng.normal(size=(n_hidden, n_in + 1)) / np.sqrt(n_in + 1)
        self.theta2 = rng.normal(size=(1, n_hidden + 1)) / np.sqrt(n_hidden + 1)

    def forward(self, x):
        self.a0 = np.hstack([np.ones((len(x), 1)), x])
        self.h = np.tanh(self.a0 @ self.theta1.T)
        self.a1 = np.hstack([np.ones((len(x), 1)), self.h])
        return self.a1 @ self.theta2.T

    def backward(self, delta):
        self.grad_theta2 = delta.T @ self.a1
        dh = (delta @ self.theta2)[:, 1:] * (1 - self.h ** 2)
        self.grad_theta1 = dh.T @ self.a0
        return (dh @ self.theta1)[:, 1:]

    def step(self, x, target, learning_rate):
        error = self.forward(x) - target
        self.backward(2 * error / len(x))
        self.theta1 -= learning_rate * self.grad_theta1
        self.theta2 -= learning_rate * self.grad_theta2
        return float(np.mean(error ** 2))


def faulty():
    rng = np.random.default_rng(63)
    inputs = rng.normal(size=(180, 6))
    targets = inputs[:, :1] - 0.7 * inputs[:, 1:2] + np.sin(2 * inputs[:, 2:3])
    targets += 0.1 * rng.normal(size=(180, 1))
    data = Dataset(inputs, targets, 120, seed=64)
    model = HousePrices(6, 15, rng)
    return {"training_check": True, "subject": model, "x": data.x_train, "target": data.t_train,
            "evaluation": (data.x_test, data.t_test), "learning_rate": 0.05, "batch_size": 30, "steps": 80}


def correct():
    rng = np.random.default_rng(63)
    inputs = rng.normal(size=(180, 6))
    targets = inputs[:, :1] - 0.7 * inputs[:, 1:2] + np.sin(2 * inputs[:, 2:3])
    targets += 0.1 * rng.normal(size=(180, 1))
    data = DatasetRepaired(inputs, targets, 120, seed=64)
    model = HousePricesRepaired(6, 15, rng)
    return {"training_check": True, "subject": model, "x": data.x_train, "target": data.t_train,
            "evaluation": (data.x_test, data.t_test), "learning_rate": 0.05, "batch_size": 30, "steps": 80}
