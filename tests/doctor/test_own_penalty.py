"""A cost with a penalty that the class computes itself: the penalty in the gradients is to be the same."""

from __future__ import annotations

from pathlib import Path

from whole_files import Checked

NETWORK = """
class Network:
    '''X has shape (n_x, m), Y has shape (1, m).'''
    def __init__(self, sizes=(5, 4, 1), lambd=0.7):
        rng = np.random.default_rng(0)
        self.parameters, self.grads, self.lambd = {}, {}, lambd
        for l in (1, 2):
            self.parameters["W" + str(l)] = rng.normal(size=(sizes[l], sizes[l - 1]))
            self.parameters["b" + str(l)] = np.zeros((sizes[l], 1))
    def forward(self, X):
        p, self.X = self.parameters, X
        self.A = np.tanh(p["W1"] @ X + p["b1"])
        self.AL = 1 / (1 + np.exp(-(p["W2"] @ self.A + p["b2"])))
        return self.AL
    def compute_cost(self, AL, Y):
        m = Y.shape[1]
        squares = sum(np.sum(self.parameters[k] ** 2) for k in ("W1", "W2"))
        return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m + self.lambd / (2 * m) * squares
    def backward(self, Y):
        p, g, m = self.parameters, self.grads, Y.shape[1]
        dZ = self.AL - Y
        g["dW2"] = (dZ @ self.A.T + self.lambd * p["W2"]) / m
        g["db2"] = dZ.sum(axis=1, keepdims=True) / m
        dZ = p["W2"].T @ dZ * (1 - self.A**2)
        g["dW1"] = (dZ @ self.X.T + self.lambd * p["W1"]) / m
        g["db1"] = dZ.sum(axis=1, keepdims=True) / m
        return g
"""


def test_the_penalty_of_the_gradients_is_that_of_the_cost(tmp_path: Path) -> None:
    assert Checked(tmp_path, NETWORK).findings == {}
    other = NETWORK.replace('+ self.lambd * p["W1"]) / m', ') / m + self.lambd * p["W1"]')
    (found,) = Checked(tmp_path, other).findings["Network"]
    assert found[0] == "regularization-in-gradient"
