"""Where the fault is said to stand, and some ways in which faults used to hide."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from findings import only, text

import chainrule


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class Early:
    def __init__(self) -> None:
        self.W, self.b = rng().normal(size=(4, 3)), np.zeros(3)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: np.ndarray, lr: float) -> np.ndarray:
        self.b -= lr * dy.sum(0)
        self.W -= lr * self.x.T @ dy
        dx: np.ndarray = dy @ self.W.T
        return dx


def test_of_two_updates_the_one_that_does_harm() -> None:
    finding = only(Early(), rng().normal(size=(5, 4)))
    assert finding.code == "updates-weights-early"
    assert text(finding) == "self.W -= lr * self.x.T @ dy"


class Adds:
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.y = np.tanh(x)
        return x + self.y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = dy
        through = dy * (1 - self.y**2)
        dx += through
        return dx


def test_the_line_that_writes_into_the_gradient_from_above() -> None:
    finding = only(Adds(), rng().normal(size=(3, 4)))
    assert finding.code == "mutates-upstream"
    assert text(finding) == "dx += through"


class Doubles:
    def __init__(self, inplace: bool) -> None:
        self.inplace = inplace

    def forward(self, x: np.ndarray) -> np.ndarray:
        x *= 2
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return 2 * dy


def test_forward_may_not_write_into_its_input_unless_it_says_so() -> None:
    finding = only(Doubles(inplace=False), rng().normal(size=(3, 4)))
    assert finding.code == "mutates-upstream"
    assert text(finding) == "x *= 2"
    assert chainrule.check(Doubles(inplace=True), rng().normal(size=(3, 4))).ok


def clipping(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    return x @ w, (x, w)


def clipping_backward(dy: np.ndarray, cache: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    x, w = cache
    dw = x.T @ dy
    return dy @ w.T, np.clip(dw, -0.1, 0.1)


def test_the_line_that_clips() -> None:
    finding = only((clipping, clipping_backward), rng().normal(size=(5, 4)), rng().normal(size=(4, 3)))
    assert finding.code == "clipped-in-backward"
    assert "np.clip" in text(finding)


class Windows:
    """Maxima of overlapping windows of 3, one step apart; the last window that looks at a number wins."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        windows = np.lib.stride_tricks.sliding_window_view(x, 3, axis=1)
        self.winner = windows.argmax(-1)
        y: np.ndarray = windows.max(-1)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(self.x)
        for i in range(dy.shape[1]):
            dx[:, i : i + 3] = dy[:, i, None] * (self.winner[:, i, None] == np.arange(3))
        return dx


def test_windows_that_overwrite_also_with_zeros() -> None:
    finding = only(Windows(), rng().normal(size=(2, 7)))
    assert finding.code == "overlap-overwritten"
    assert text(finding).startswith("dx[:, i : i + 3] =")


def remembering(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    return x @ w, {"x": x, "w": w}


_before: list[dict[str, Any]] = []


def remembering_backward(dy: np.ndarray, cache: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    _before.append(cache)
    stale = _before[-2] if len(_before) > 1 else cache
    return dy @ stale["w"].T, stale["x"].T @ dy


def test_the_cache_of_the_call_before() -> None:
    report = chainrule.check((remembering, remembering_backward), rng().normal(size=(5, 4)), np.ones((4, 3)))
    assert report.findings[0].code == "cache-overwritten"


class Gate:
    """A softmax does not see a common shift of b, and all is done in one step."""

    def __init__(self) -> None:
        self.W, self.b = rng().normal(size=(4, 3)), np.zeros(3)

    def step(self, x: np.ndarray, target: np.ndarray, learning_rate: float) -> float:
        z = x @ self.W + self.b
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = 0.5 * np.sum((p - target) ** 2) / len(x)
        dp = (p - target) / len(x)
        dz = dp * p * (1 - p)
        self.W -= learning_rate * x.T @ dz
        self.b -= learning_rate * dz.sum(0)
        return float(loss)


def test_inside_of_a_step() -> None:
    target = rng().uniform(size=(6, 3))
    finding = only(Gate(), rng().normal(size=(6, 4)), target=target)
    assert finding.code == "softmax-diagonal-only"
    assert set(finding.targets) == {"W", "b"}
    assert text(finding) == "dz = dp * p * (1 - p)"


def test_small_slopes_are_no_rounding() -> None:
    """Outputs that barely change with the size of a weight are not taken for float32."""

    class Unit:
        def __init__(self) -> None:
            self.w = rng().normal(size=5)

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x, self.norm = x, float(np.sqrt((self.w**2).sum()))
            y: np.ndarray = x @ (self.w / self.norm)
            return y

        def backward(self, dy: np.ndarray) -> np.ndarray:
            u = self.w / self.norm
            g = self.x.T @ dy
            self.dw = 1.01 * (g - u * (u @ g)) / self.norm
            dx: np.ndarray = np.outer(dy, u)
            return dx

    report = chainrule.check(Unit(), rng().normal(size=(4, 5)))
    assert report.findings, "one per cent went unseen"
    assert report.findings[0].targets == ["w"]


def test_the_factor_is_the_activation_s_own_slope_elsewhere() -> None:
    def softplus(x: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        z = 1.5 * x
        y = np.log1p(np.exp(z))
        return y, (z, y)

    def softplus_backward(dy: np.ndarray, cache: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        _, y = cache
        dz = dy / (1 + np.exp(-y))
        return 1.5 * dz

    finding = only((softplus, softplus_backward), rng().normal(size=(3, 4)))
    assert finding.code == "activation-derivative-misplaced"
    assert finding.verified
    source = inspect.getsourcelines(softplus_backward)[1]
    assert finding.line == source + 2


class ThreeSigns:
    def forward(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        self.x, self.y, self.z = x, y, z
        return x * x * y - y * z

    def backward(self, dout: np.ndarray) -> tuple[np.ndarray, ...]:
        dx = -dout * 2 * self.x * self.y
        dz = dout * self.y
        dy = dout * (self.x**2 - self.z)
        return dx, dy, dz


def test_a_mistake_made_twice_is_put_right_twice() -> None:
    finding = only(ThreeSigns(), *rng().normal(size=(3, 4, 3)))
    assert finding.code == "sign-flipped"
    assert finding.verified
    assert {"x", "z"} <= set(finding.targets)


class ThreeHeads:
    """Heads are cut by a transpose, and put together by a bare reshape: three times."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.q, self.k, self.v = (self.cut(factor * x) for factor in (0.6, 0.7, 0.8))
        return self.q * self.k**2 * self.v

    def cut(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(*x.shape[:2], 2, -1).transpose(0, 2, 1, 3)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        batch, heads, time, size = dy.shape
        dq = dy * self.k**2 * self.v
        dk = dy * self.q * 2 * self.k * self.v
        dv = dy * self.q * self.k**2
        dq = dq.reshape(batch, time, heads * size)
        dk = dk.reshape(batch, time, heads * size)
        dv = dv.reshape(batch, time, heads * size)
        return 0.6 * dq + 0.7 * dk + 0.8 * dv


def test_one_mistake_in_all_summands_of_one_gradient() -> None:
    finding = only(ThreeHeads(), rng().normal(size=(2, 3, 4)))
    assert (finding.code, finding.verified) == ("reshape-for-transpose", True)
    assert text(finding) == "dq = dq.reshape(batch, time, heads * size)"
    assert finding.fix.count("+ d") == 3


class Product:
    """tanh(x @ W) * (x @ U)"""

    def __init__(self) -> None:
        self.W, self.U = rng().normal(size=(3, 4)), rng().normal(size=(3, 4)) + 1

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.a, self.b = x, np.tanh(x @ self.W), x @ self.U
        y: np.ndarray = self.a * self.b
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        da, db = dy * self.b * (1 - self.a**2), dy * self.a
        dW = self.x.T @ da
        dU = self.x.T @ db
        self.grads = {"W": dU, "U": dW}
        dx: np.ndarray = da @ self.W.T + db @ self.U.T
        return dx


def test_gradients_that_are_exchanged_where_they_are_handed_on() -> None:
    finding = only(Product(), rng().normal(size=(5, 3)))
    assert finding.code == "gradients-swapped"
    assert text(finding) == 'self.grads = {"W": dU, "U": dW}'
    assert finding.fix.endswith("+ self.grads = {'W': dW, 'U': dU}")
