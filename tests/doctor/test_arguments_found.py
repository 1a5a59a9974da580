"""Arguments that the code tells of: tuples that are unpacked, generators under any name, ids that a helper
looks up.
"""

from __future__ import annotations

from pathlib import Path

from whole_files import Checked

LAYERS = """
class Linear:
    def __init__(self, din, dout, g):
        self.W = g.standard_normal((din, dout))
    def __call__(self, x):
        self.x = x
        return x @ self.W
    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T

class Mlp:
    def __init__(self, d, hidden, g):
        self.first, self.second = Linear(d, hidden, g), Linear(hidden, d, g)
    def __call__(self, x):
        return self.second(self.first(x))
    def backward(self, dy):
        return self.first.backward(self.second.backward(dy))

class Conv:
    '''inputs [batch, height, width, in_c], kernel [k_h, k_w, in_c, out_c]'''
    def __init__(self, kernel, stride=(1, 1)):
        k_h, k_w, in_c, out_c = kernel
        self.kernel, self.stride = kernel, stride
        self.W = np.random.default_rng(0).normal(size=(k_h, k_w, in_c, out_c))
    def forward(self, inputs):
        self.x = inputs
        k_h, k_w, _, n = self.kernel
        s, t = self.stride
        H, W = (inputs.shape[1] - k_h) // s + 1, (inputs.shape[2] - k_w) // t + 1
        out = np.zeros((len(inputs), H, W, n))
        for i in range(k_h):
            for j in range(k_w):
                out += inputs[:, i : i + s * H : s, j : j + t * W : t] @ self.W[i, j]
        return out
    def backward(self, dy):
        k_h, k_w, _, _ = self.kernel
        s, t = self.stride
        _, H, W, _ = dy.shape
        dx, self.dW = np.zeros_like(self.x), np.zeros_like(self.W)
        for i in range(k_h):
            for j in range(k_w):
                part = np.s_[:, i : i + s * H : s, j : j + t * W : t]
                self.dW[i, j] = np.einsum("bhwi,bhwo->io", self.x[part], dy)
                dx[part] += dy @ self.W[i, j].T
        return dx
"""

RECURRENT = """
vocab, hidden = 9, 6
rng = np.random.default_rng(0)
Wxh, Whh = rng.normal(size=(hidden, vocab)), rng.normal(size=(hidden, hidden))
Why = rng.normal(size=(vocab, hidden))

def one_hot(i):
    v = np.zeros((vocab, 1))
    v[i] = 1
    return v

def loss_fun(inputs, targets, hprev):
    xs, hs, ps, loss = {}, {-1: hprev}, {}, 0
    for t in range(len(inputs)):
        xs[t] = one_hot(inputs[t])
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1])
        e = np.exp(Why @ hs[t])
        ps[t] = e / e.sum()
        loss -= np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = ps[t].copy()
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        draw = (1 - hs[t] ** 2) * (Why.T @ dy + dhnext)
        dWxh += draw @ xs[t].T
        dWhh += draw @ hs[t - 1].T
        dhnext = Whh.T @ draw
    return loss, dWxh, dWhh, dWhy, hs[len(inputs) - 1]
"""


def test_constructors_that_take_a_tuple_or_a_generator(tmp_path: Path) -> None:
    said = Checked(tmp_path, LAYERS)
    assert said.findings == {}
    assert said.tested == {
        "Linear": ["x", "W"],
        "Mlp": ["x", "first.W", "second.W"],
        "Conv": ["inputs", "W"],
    }
    wrong = Checked(tmp_path, LAYERS.replace("dx[part] += dy", "dx[part] = dy"))
    assert [code for code, _ in wrong.findings["Conv"]] == ["overlap-overwritten"]


def test_ids_that_a_helper_looks_up_one_by_one(tmp_path: Path) -> None:
    said = Checked(tmp_path, RECURRENT)
    assert said.findings == {}
    assert said.tested == {"loss_fun": ["params.Wxh", "params.Whh", "params.Why"]}
    wrong = Checked(tmp_path, RECURRENT.replace("Why.T @ dy + dhnext", "Why.T @ dy"))
    assert [code for code, _ in wrong.findings["loss_fun"]] == ["hidden-gradient-dropped"]
