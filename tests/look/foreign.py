"""Models as people write them: caches on self, updates in backward, no base class."""

from __future__ import annotations

from typing import Any

import numpy as np


class Dense:
    """Moves its weights in backward."""

    def __init__(self, inputs: int, outputs: int, rng: Any) -> None:
        self.W = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        self.b = np.zeros(outputs)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Any, lr: float) -> Any:
        dx = dy @ self.W.T
        self.W -= lr * self.x.T @ dy
        self.b -= lr * dy.sum(0)
        return dx


class ReLU:
    def forward(self, x: Any) -> Any:
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy: Any, lr: float) -> Any:
        return dy * self.mask


class Net:
    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.layers = [Dense(5, 7, rng), ReLU(), Dense(7, 3, rng)]

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Any, lr: float) -> Any:
        for layer in reversed(self.layers):
            dy = layer.backward(dy, lr)
        return dy


class Perceptron:
    """All weights in one object, gradients beside them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.params = {"W1": rng.normal(size=(5, 7)), "W2": rng.normal(size=(7, 3))}
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        self.x, self.h = x, np.tanh(x @ self.params["W1"])
        return self.h @ self.params["W2"]

    def backward(self, dy: Any) -> Any:
        dz = dy @ self.params["W2"].T * (1 - self.h**2)
        self.grads = {"W1": self.x.T @ dz, "W2": self.h.T @ dy}
        return dz @ self.params["W1"].T


class Trainer:
    """Takes its steps by itself."""

    def __init__(self) -> None:
        self.net = Net()

    def step(self, x: Any, target: Any, learning_rate: float) -> float:
        y = self.net.forward(x)
        self.net.backward(squared_error_gradient(y, target), learning_rate)
        return squared_error(y, target)


def squared_error(y: Any, target: Any) -> float:
    return float(((y - target) ** 2).mean())


def squared_error_gradient(y: Any, target: Any) -> Any:
    return 2 * (y - target) / y.size
