"""The line that a finding points at is the one that its repair changes, and no line is right and wrong."""

import numpy as np
from findings import only, text

rng = np.random.default_rng(0)


def cross_entropy(y, target):
    e = np.exp(y - y.max(1, keepdims=True))
    return -np.log((e / e.sum(1, keepdims=True))[np.arange(len(target)), target]).mean()


def right_gradient(y, target):
    e = np.exp(y - y.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(target)), target] -= 1
    return p / len(target)


def summed_gradient(y, target):
    return right_gradient(y, target) * len(target)  # the mean is undone


class Linear:
    def __init__(self):
        self.W = rng.normal(size=(6, 4))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T


def test_a_loss_whose_gradient_calls_a_right_one():
    target = np.array([0, 1, 3, 2, 1])
    finding = only(Linear(), rng.normal(size=(5, 6)), loss=(cross_entropy, summed_gradient), target=target)
    assert text(finding) == "return right_gradient(y, target) * len(target)  # the mean is undone"
    assert finding.fix.startswith("- return right_gradient(y, target) * len(target)")


def step_forward(x, h, Wx, Wh):
    h_next = np.tanh(x @ Wx + h @ Wh)
    return h_next, (x, h, Wx, Wh, h_next)


def step_backward(dh, cache):
    x, h, Wx, Wh, h_next = cache
    dz = dh * (1 - h_next**2)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz


def rnn_forward(x, h0, Wx, Wh):
    h, hs, caches = h0, [], []
    for t in range(x.shape[1]):
        h, cache = step_forward(x[:, t], h, Wx, Wh)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, 1), caches


def rnn_backward(dh, caches):
    x0, h0, Wx, Wh, _ = caches[0]
    dx, dWx, dWh = np.zeros((*x0.shape[:1], len(caches), x0.shape[1])), np.zeros_like(Wx), np.zeros_like(Wh)
    dprev = np.zeros_like(h0)
    for t in reversed(range(len(caches))):
        dx[:, t], dprev, a, b = step_backward(dh[:, t], caches[t])  # without + dprev
        dWx += a
        dWh += b
    return dx, dprev, dWx, dWh


def test_a_step_that_is_handed_too_little():
    shapes = (2, 4, 5), (2, 6), (5, 6), (6, 6)
    finding = only((rnn_forward, rnn_backward), *(rng.normal(size=shape) for shape in shapes))
    assert finding.code == "hidden-gradient-dropped"
    assert text(finding).endswith("# without + dprev")


class Unchained:
    def __init__(self):
        self.layers = [Square(), Square()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dx = layer.backward(dy)
        return dx


class Square(Linear):
    def __init__(self):
        self.W = rng.normal(size=(4, 4))


def test_a_line_in_a_loop_is_not_right_and_wrong():
    finding = only(Unchained(), rng.normal(size=(5, 4)))
    assert finding.code == "unchained-upstream"
    said = [line for line in finding.trail if "`dx`" in line]
    assert not (any("right" in line for line in said) and any("wrong" in line for line in said))


SINE = """
class Sine:
    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        return np.sin(x) * self.w

    def backward(self, dy):
        self.dw = (dy * np.sin(self.x)).sum(0)
        return dy * self.w
"""


def test_a_known_derivative_that_is_missing():
    scope = {"np": np}
    exec(SINE, scope)  # without source, what is missing is told by numbers alone
    finding = only(scope["Sine"](rng.normal(size=4)), rng.normal(size=(5, 4)))
    assert finding.code == "activation-derivative-missing"
    assert finding.verified
    assert "times cos(x) is right" in finding.detail


def dense_back(W, x, g):
    return x.T @ g, g @ W.T


class OneHelper:
    """All layers go back through one helper, and `g` has another shape each time: a sigmoid is forgotten."""

    def __init__(self):
        self.W1, self.W2, self.W3 = (rng.normal(size=s) for s in ((5, 4), (4, 6), (6, 3)))

    def forward(self, x):
        self.x, self.h = x, 1 / (1 + np.exp(-(x @ self.W1)))
        self.code = self.h @ self.W2
        return self.code @ self.W3

    def backward(self, g):
        self.dW3, g = dense_back(self.W3, self.code, g)
        self.dW2, g = dense_back(self.W2, self.h, g)
        self.dW1, g = dense_back(self.W1, self.x, g)
        return g


def test_a_helper_of_several_layers_is_not_edited_for_one_of_them():
    finding = only(OneHelper(), rng.normal(size=(7, 5)))
    assert (finding.code, finding.verified) == ("activation-derivative-missing", True)
    assert text(finding) == "self.dW1, g = dense_back(self.W1, self.x, g)"
    assert finding.fix.endswith("dense_back(self.W1, self.x, g * (self.h * (1 - self.h)))")
