"""Of several edits that make a gradient right, the simplest is the fault; and what is said to be proved is
the edit's own name, not what the kind of layer suggests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from findings import only, text
from protocol import normal

import chainrule

X = normal(3, 4)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


# ------------------------------------------------------------ a number inside of a factor


def mixture(a: np.ndarray, z: np.ndarray) -> Any:
    n = np.tanh(a)
    return (1 - z) * n, (n, z)


def mixture_backward(dy: np.ndarray, cache: Any) -> Any:
    n, z = cache
    dn = dy * (2 - z)
    return dn * (1 - n**2), -dy * n


def test_a_wrong_number_is_no_missing_skip_connection() -> None:
    found = only((mixture, mixture_backward), X, normal(3, 4, seed=1))
    assert found.code.startswith("activation-derivative"), found.code
    assert text(found) == "dn = dy * (2 - z)"


# ------------------------------------------------------------ a softmax without its factor


def softmax(x: np.ndarray) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return p, p


def without_p(dp: np.ndarray, p: np.ndarray) -> np.ndarray:
    average = (dp * p).sum(-1, keepdims=True)
    return dp - average


def unweighted(dp: np.ndarray, p: np.ndarray) -> np.ndarray:
    average = dp.sum(-1, keepdims=True)
    return np.asarray(p * (dp - average))


@pytest.mark.parametrize("backward", [without_p, unweighted])
def test_a_missing_factor_of_a_softmax_is_not_called_its_diagonal(backward: Any) -> None:
    assert only((softmax, backward), X).code == "activation-derivative-missing"


# ------------------------------------------------------------ a norm


class Norm:
    def __init__(self, fault: str) -> None:
        self.fault, self.gamma, self.beta = fault, normal(6, seed=1) + 2, normal(6, seed=2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.std = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        self.normalized = (x - x.mean(-1, keepdims=True)) / self.std
        return self.gamma * self.normalized + self.beta

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dgamma, self.dbeta = (dy * self.normalized).sum(0), dy.sum(0)
        d = dy * self.gamma
        d = d - d.mean(-1, keepdims=True) - self.normalized * (d * self.normalized).mean(-1, keepdims=True)
        return d if self.fault else np.asarray(d / self.std)


def test_one_over_std_left_out_is_the_norms_scale() -> None:
    assert only(Norm("scale"), normal(4, 6) * 3).code == "norm-scale-dropped"
    assert chainrule.check(Norm(""), normal(4, 6) * 3).ok


# ------------------------------------------------------------ paths of a network, and terms of a formula


def swish_like(x: np.ndarray) -> Any:
    u = 0.8 * (x + 0.04 * (x * x * x))
    return x * sigmoid(u), (x, sigmoid(u))


def swish_like_backward(dy: np.ndarray, cache: Any) -> np.ndarray:
    x, gate = cache
    du = 0.8 * (3 * 0.04 * (x * x))
    return np.asarray(dy * (gate + x * gate * (1 - gate) * du))


def test_a_term_of_an_activations_slope_is_no_skip_connection() -> None:
    assert only((swish_like, swish_like_backward), X).code == "activation-derivative-misplaced"


class Around:
    """y = f(x) + x"""

    def __init__(self, lost: str, named: bool) -> None:
        self.lost, self.named, self.W = lost, named, normal(4, 4, seed=3)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        y = np.tanh(x @ self.W)
        self.y = y
        if self.named:
            skipped = x
            return np.asarray(y + skipped)
        return np.asarray(y + x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = dy * (1 - self.y**2)
        self.dW = self.x.T @ dz
        return dy if self.lost == "body" else dz @ self.W.T


@pytest.mark.parametrize("named", [True, False])
def test_the_body_is_not_taken_for_the_skip_connection(named: bool) -> None:
    assert only(Around("skip", named), X).code == "residual-gradient-missing"
    assert only(Around("body", named), X).code == "branch-overwritten"


class TwoWays:
    """Two recurrences over one input; the second loop of backward overwrites what the first has written."""

    def __init__(self) -> None:
        self.A, self.U, self.B, self.V = (normal(3, 3, seed=s) / 2 for s in range(4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        n, batch, _ = x.shape
        self.x, self.p, self.q = x, np.zeros((n + 1, batch, 3)), np.zeros((n + 1, batch, 3))
        for t in range(n):
            self.p[t + 1] = np.tanh(x[t] @ self.A + self.p[t] @ self.U)
        for t in reversed(range(n)):
            self.q[t] = np.tanh(x[t] @ self.B + self.q[t + 1] @ self.V)
        return np.concatenate([self.p[1:], self.q[:-1]], -1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dA, self.dU, self.dB, self.dV = (np.zeros((3, 3)) for _ in range(4))
        dx, dp, dq = np.zeros_like(self.x), 0.0, 0.0
        for t in reversed(range(len(dy))):
            da = (dy[t, :, :3] + dp) * (1 - self.p[t + 1] ** 2)
            self.dA += self.x[t].T @ da
            self.dU += self.p[t].T @ da
            dx[t] += da @ self.A.T
            dp = da @ self.U.T
        for t in range(len(dy)):
            da = (dy[t, :, 3:] + dq) * (1 - self.q[t] ** 2)
            self.dB += self.x[t].T @ da
            self.dV += self.q[t + 1].T @ da
            dx[t] = da @ self.B.T
            dq = da @ self.V.T
        return dx


def test_no_state_was_dropped_where_all_weights_are_right() -> None:
    found = only(TwoWays(), normal(4, 2, 3))
    assert (found.code, text(found)) == ("branch-overwritten", "dx[t] = da @ self.B.T")


# ------------------------------------------------------------ ids


def lookup(ids: np.ndarray, table: np.ndarray) -> Any:
    return table[ids], (ids, table)


def lookup_backward(dy: np.ndarray, cache: Any) -> Any:
    """Equal ids are subtracted from one another."""
    ids, table = cache
    dtable, sign = np.zeros_like(table), {}
    for i, row in zip(ids.ravel(), dy.reshape(-1, dy.shape[-1]), strict=True):
        dtable[i] += sign.get(i, 1) * row
        sign[i] = -1
    return None, dtable


def test_repeated_ids_are_told_from_different_ones() -> None:
    ids = np.array([[1, 2, 1, 4], [2, 3, 1, 1]])
    assert only((lookup, lookup_backward), ids, normal(6, 3)).code == "duplicate-index-lost"


# ------------------------------------------------------------ one scale for everything; a penalty


def attend(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> Any:
    p, _ = softmax(q @ k.T / np.sqrt(q.shape[-1]))
    return p @ v, (q, k, v, p)


def attend_backward(dy: np.ndarray, cache: Any) -> Any:
    q, k, v, p = cache
    dy = 2 * dy
    dp = dy @ v.T
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return ds @ k, ds.T @ q, p.T @ dy


def test_where_the_values_are_off_too_it_is_not_the_scale_of_the_scores() -> None:
    found = only((attend, attend_backward), normal(3, 4), normal(5, 4, seed=1), normal(5, 2, seed=2))
    assert found.code == "mean-sum-mismatch"


def penalized(W: np.ndarray, x: np.ndarray, target: np.ndarray) -> Any:
    reg = 0.3
    residual = x @ W - target
    return np.mean(residual**2) + 0.5 * reg * np.sum(W * W), (W, x, residual, reg)


def penalized_backward(dloss: float, cache: Any) -> Any:
    W, x, residual, reg = cache
    d = dloss * 2 * residual / residual.size
    return x.T @ d + dloss * 2 * reg * W, d @ W.T, -d


def test_a_penalty_with_another_factor() -> None:
    found = only((penalized, penalized_backward), normal(4, 2), normal(5, 4, seed=1), normal(5, 2, seed=2))
    assert found.code == "regularization-in-gradient"


# ------------------------------------------------------------ lists of layers


def slope(z: np.ndarray) -> np.ndarray:
    return sigmoid(z) * (1 - sigmoid(z))


class Chain:
    def __init__(self) -> None:
        self.weights = [normal(4, 6), normal(6, 5, seed=1), normal(5, 3, seed=2)]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.zs, self.outs = [], [x]
        for w in self.weights:
            self.zs.append(self.outs[-1] @ w)
            self.outs.append(sigmoid(self.zs[-1]))
        return self.outs[-1]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        delta = dy * slope(self.zs[-1])
        self.grad_weights = [np.zeros_like(w) for w in self.weights]
        self.grad_weights[-1] = self.outs[-2].T @ delta
        for k in range(2, len(self.weights) + 1):
            delta = delta @ self.weights[-k + 1].T * slope(self.outs[-k])
            self.grad_weights[-k] = self.outs[-k - 1].T @ delta
        return delta @ self.weights[0].T


def test_the_same_element_of_another_list() -> None:
    found = only(Chain(), normal(7, 4))
    assert found.code == "activation-derivative-misplaced"
    assert "slope(self.outs[-k])" in text(found)
