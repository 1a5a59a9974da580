"""What the pieces, the constants and the initializers of a file say of the arguments that are guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_files import Checked

HALVES = """
class Swap:
    def __init__(self, d):
        self.W = np.random.default_rng(0).normal(size=(d, d))
    def forward(self, x):
        self.a, self.b = np.split(x, 2, axis=1)
        return np.hstack([self.b, self.a + self.b @ self.W])
    def backward(self, dy):
        db, da = np.split(dy, 2, axis=1)
        self.dW = self.b.T @ da
        return np.hstack([da, db + da @ self.W.T])
"""
SEVERAL = '''
def scored(q, k):
    """q, k: (B, heads, T, d)"""
    return q @ k.swapaxes(-1, -2) + np.arange(q.shape[2])[:, None], (q, k)
def scored_backward(ds, cache):
    q, k = cache
    return ds @ k, ds.swapaxes(-1, -2) @ q
'''
NAMED_AXIS = '''
class Votes:
    """u: (B, I, p) -> (B, q)"""
    def __init__(self, n_in, p, q):
        self.W = np.random.default_rng(0).normal(size=(n_in, p, q))
    def forward(self, u):
        self.u = u
        return np.einsum("bip,ipq->bq", u, self.W)
    def backward(self, dy):
        self.dW = np.einsum("bip,bq->ipq", self.u, dy)
        return np.einsum("bq,ipq->bip", dy, self.W)
'''
ONE_COLUMN = """
def brier(p, clicked):
    return np.mean((p[:, 0] - clicked) ** 2)
def brier_grad(p, clicked):
    return 2 * (p - clicked[:, None]) / len(p)
"""
OF_ALL = """
def divergence(mu, logvar):
    return 0.5 * np.sum(np.exp(logvar) + mu ** 2 - 1.0 - logvar)
def divergence_backward(mu, logvar):
    return mu, 0.5 * (np.exp(logvar) - 1.0)
"""


@pytest.mark.parametrize("text", [HALVES, SEVERAL, NAMED_AXIS, ONE_COLUMN, OF_ALL])
def test_code_that_is_right_with_what_its_author_means_is_not_accused(tmp_path: Path, text: str) -> None:
    checked = Checked(tmp_path, text)
    assert not checked.not_started
    assert not any(checked.findings.values())


SLIPS = {
    "halves": (HALVES, "db + da @ self.W.T", "db - da @ self.W.T"),
    "one column": (ONE_COLUMN, "2 * (p", "4 * (p"),
    "of all": (OF_ALL, "return mu, 0.5 * (np.exp(logvar) - 1.0)", "return mu, np.exp(logvar) - 1.0"),
    "a named axis": (NAMED_AXIS, '"bq,ipq->bip", dy, self.W', '"bq,ipq->bip", 2 * dy, self.W'),
}


@pytest.mark.parametrize("name", SLIPS)
def test_its_slips_are_found(tmp_path: Path, name: str) -> None:
    text, right, wrong = SLIPS[name]
    assert any(Checked(tmp_path, text.replace(right, wrong)).findings.values())


METRIC = """
class Alike:
    def __init__(self, d, rank):
        self.L = np.random.default_rng(0).normal(size=(d, rank))
    def forward(self, a, b):
        self.a, self.b = a, b
        self.pa, self.pb = a @ self.L, b @ self.L
        return np.sum(self.pa * self.pb, axis=1)
    def backward(self, ds):
        g = ds[:, None]
        self.dL = self.a.T @ (g * self.pb)
        self.dL += self.b.T @ (g * self.pa)
        return (g * self.pb) @ self.L.T, (g * self.pa) @ self.L.T
"""


def test_two_arguments_of_one_shape_hold_other_numbers(tmp_path: Path) -> None:
    """With a = b the lost half of the gradient would be a factor of two."""
    assert not any(Checked(tmp_path, METRIC).findings.values())
    lost = METRIC.replace("        self.dL += self.b.T @ (g * self.pa)\n", "")
    ((code, _),) = Checked(tmp_path, lost).findings["Alike"]
    assert code == "tied-weight-lost"


GRAPH = """
class Gather:
    def __init__(self, edges, edge_weight, n_in, n_out):
        self.src, self.dst = np.asarray(edges).T
        self.w = np.asarray(edge_weight)[:, None]
        self.W = np.random.default_rng(0).normal(size=(n_in, n_out))
    def forward(self, x):
        self.x = x
        out = np.zeros((len(x), self.W.shape[1]))
        np.add.at(out, self.dst, self.w * (x[self.src] @ self.W))
        return out
    def backward(self, dout):
        dm = self.w * dout[self.dst]
        self.dW = self.x[self.src].T @ dm
        dx = np.zeros_like(self.x)
        np.add.at(dx, self.src, dm @ self.W.T)
        return dx

EDGES = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 0), (0, 3)]
"""
SQUARE = """
class Mixed:
    def __init__(self, A, n_in, n_out):
        self.S = A + np.eye(len(A))
        self.W = np.random.default_rng(0).normal(size=(n_in, n_out))
    def forward(self, x):
        self.mixed = np.einsum("nm,bmf->bnf", self.S, x)
        return self.mixed @ self.W
    def backward(self, dy):
        self.dW = np.einsum("bnf,bng->fg", self.mixed, dy)
        return np.einsum("nm,bnf->bmf", self.S, dy @ self.W.T)
"""
VOLUMES = """
from numpy.lib.stride_tricks import sliding_window_view
class Conv3d:
    def __init__(self, c_in, c_out, kernel):
        self.k = tuple(kernel)
        self.W = np.random.default_rng(0).normal(size=(c_out, c_in) + self.k)
    def forward(self, x):
        self.win = sliding_window_view(x, self.k, axis=(2, 3, 4))
        return np.einsum("ncdhwijk,fcijk->nfdhw", self.win, self.W)
    def backward(self, dy):
        self.db = dy.sum(axis=(0, 2, 3, 4))
        self.dW = np.einsum("ncdhwijk,nfdhw->fcijk", self.win, dy)
        full = np.pad(dy, [(0, 0), (0, 0)] + [(k - 1, k - 1) for k in self.k])
        full = sliding_window_view(full, self.k, axis=(2, 3, 4))
        return np.einsum("nfdhwijk,fcijk->ncdhw", full, self.W[:, :, ::-1, ::-1, ::-1])
"""
ROW_OF_MATRICES = """
def score(left, right, W):
    out = np.empty((len(left), len(W)))
    for b in range(len(left)):
        for k in range(len(W)):
            out[b, k] = left[b] @ W[k] @ right[b]
    return out, (left, right, W)
def score_backward(dout, cache):
    left, right, W = cache
    return (
        np.einsum("bk,kij,bj->bi", dout, W, right),
        np.einsum("bk,kij,bi->bj", dout, W, left),
        np.einsum("bk,bi,bj->kij", dout, left, right),
    )
"""
WINDOWS = '''
class Local:
    """x: (B, length)"""
    def __init__(self, length, width=4, hop=2):
        self.width, self.hop = width, hop
        self.n = (length - width) // hop + 1
        self.K = np.random.default_rng(0).normal(size=(self.n, width))
    def forward(self, x):
        self.x = x
        cut = [x[:, i * self.hop:i * self.hop + self.width] @ self.K[i] for i in range(self.n)]
        return np.stack(cut, axis=1)
    def backward(self, dy):
        self.dK, dx = np.zeros_like(self.K), np.zeros_like(self.x)
        for i in range(self.n):
            part = slice(i * self.hop, i * self.hop + self.width)
            self.dK[i] = dy[:, i] @ self.x[:, part]
            dx[:, part] += dy[:, i:i + 1] * self.K[i]
        return dx
'''
INITIALIZED = """
from typing import NamedTuple
class Weights(NamedTuple):
    We: np.ndarray
    S: np.ndarray
    theta: np.ndarray
def init(m, k):
    g = np.random.default_rng(0)
    return Weights(g.normal(size=(m, k)), g.normal(size=(k, k)), np.full(k, 0.05))
def unroll(x, We, S, theta):
    z = np.tanh(x @ We - theta)
    return z @ S, (x, We, S, z)
def unroll_backward(dy, cache):
    x, We, S, z = cache
    dz = (dy @ S.T) * (1 - z ** 2)
    return dz @ We.T, x.T @ dz, z.T @ dy, -dz.sum(axis=0)
"""
STARTED = {
    "a graph that the file holds": (
        GRAPH,
        "np.add.at(dx, self.src, dm @ self.W.T)",
        "dx[self.src] += dm @ self.W.T",
    ),
    "a square matrix": (SQUARE, "self.S, dy @", "self.S, 2 * dy @"),
    "volumes": (VOLUMES, "self.W[:, :, ::-1, ::-1, ::-1]", "self.W"),
    "a row of matrices": (ROW_OF_MATRICES, '"bk,bi,bj->kij", dout', '"bk,bi,bj->kij", 0.5 * dout'),
    "several windows": (WINDOWS, "dx[:, part] +=", "dx[:, part] ="),
    "what the file initializes": (INITIALIZED, "-dz.sum", "dz.sum"),
}


@pytest.mark.parametrize("name", STARTED)
def test_what_a_reader_would_hand_in_is_handed_in(tmp_path: Path, name: str) -> None:
    text, right, wrong = STARTED[name]
    checked = Checked(tmp_path, text)
    assert not checked.not_started
    assert not any(checked.findings.values())
    assert right in text
    assert any(Checked(tmp_path, text.replace(right, wrong)).findings.values())


STEP = """
class Two:
    def __init__(self, n_in, n_hidden):
        g = np.random.default_rng(0)
        self.U, self.V = g.normal(size=(n_in, n_hidden)), g.normal(size=(n_hidden, 1))
        self.moved = ["U", "V"]
    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.U)
        return self.h @ self.V
    def backward(self, dy):
        dz = (dy @ self.V.T) * (1 - self.h ** 2)
        self.dU, self.dV = self.x.T @ dz, self.h.T @ dy
        return dz @ self.U.T
    def step(self, x, t, learning_rate):
        r = self.forward(x) - t
        self.backward(r / r.size)
        for name in self.moved:
            getattr(self, name)[...] -= learning_rate * getattr(self, "d" + name)
        return 0.5 * np.mean(r ** 2)
"""


def test_a_step_beside_backward_is_run(tmp_path: Path) -> None:
    assert not any(Checked(tmp_path, STEP).findings.values())
    ((code, _),) = Checked(tmp_path, STEP.replace('["U", "V"]', '["V"]')).findings["Two"]
    assert code == "parameter-not-updated"
