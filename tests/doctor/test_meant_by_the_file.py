"""What the rest of a file, and the words of its names, tell `chainrule check FILE` of one function."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_files import Checked

GRAPH = """
class GraphConv:
    def __init__(self, n_in, n_out):
        self.W = np.random.default_rng(0).normal(size=(n_in, n_out))
    def forward(self, x, a_hat):
        self.x, self.a_hat = x, a_hat
        return a_hat @ (x @ self.W)
    def backward(self, dy):
        ds = self.a_hat.T @ dy
        self.dW = self.x.T @ ds
        return ds @ self.W.T
"""


def test_a_convolution_over_a_graph_takes_a_square_matrix(tmp_path: Path) -> None:
    said = Checked(tmp_path, GRAPH)
    assert said.findings == {}
    assert said.tested["GraphConv"] == ["x", "W"]
    wrong = Checked(tmp_path, GRAPH.replace("self.dW = self.x.T @ ds", "self.dW = self.x.T @ dy"))
    assert wrong.targets["GraphConv"] == [["W"]]


BAG = """
class Bag:
    def __init__(self, v, d):
        self.table = np.random.default_rng(0).normal(size=(v, d))
    def __call__(self, ids, weights):
        self.ids, self.weights = ids, weights
        return np.einsum("bl,bld->bd", weights, self.table[ids])
    def backward(self, dy):
        self.dtable = np.zeros_like(self.table)
        np.add.at(self.dtable, self.ids, self.weights[:, :, None] * dy[:, None, :])
        return np.einsum("bd,bld->bl", dy, self.table[self.ids])

class Model:
    def __init__(self, v=9, d=4):
        self.bag = Bag(v, d)
    def forward(self, ids, weights):
        return np.tanh(self.bag(ids, weights))
    def backward(self, dy):
        return None, self.bag.backward(dy)
"""


def test_what_a_layer_says_of_its_arguments_holds_for_the_model_that_calls_it(tmp_path: Path) -> None:
    """`self.bag(ids, weights)` is followed like `self.bag.forward(ids, weights)`."""
    keeps = BAG.replace("return np.tanh(self.bag(", "self.y = np.tanh(self.bag(")
    keeps = keeps.replace("(ids, weights))", "(ids, weights))\n        return self.y")
    right = keeps.replace("backward(dy)\n", "backward(dy * (1 - self.y ** 2))\n")
    said = Checked(tmp_path, right)
    assert said.findings == {}
    assert said.tested["Model"][0] == "weights"
    assert "activation-derivative-missing" in {code for code, _ in Checked(tmp_path, keeps).findings["Model"]}


RESIDUALS = """
def rms_norm(x, gain):
    inv = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
    return x * inv * gain, (x * inv, inv, gain)

def rms_norm_vjp(res, ct):
    xn, inv, gain = res
    dgain = np.sum(ct * xn, axis=tuple(range(ct.ndim - 1)))
    ct = ct * gain
    return inv * (ct - xn * np.mean(ct * xn, axis=-1, keepdims=True)), dgain
"""


def test_a_vjp_of_residuals_and_cotangent(tmp_path: Path) -> None:
    said = Checked(tmp_path, RESIDUALS)
    assert said.findings == {}
    assert said.tested == {"rms_norm": ["x", "gain"]}
    wrong = Checked(tmp_path, RESIDUALS.replace("    ct = ct * gain\n", ""))
    assert [code for code, _ in wrong.findings["rms_norm"]] == ["norm-scale-dropped"]


STATE = """
def rhs(y, p):
    h = np.tanh(p["A"] @ y + p["a"])
    return p["B"] @ h, (y, h)

def rhs_vjp(lam, saved, p, g):
    y, h = saved
    g["B"] += lam @ h.T
    dz = (p["B"].T @ lam) * (1 - h ** 2)
    g["A"] += dz @ y.T
    g["a"] += dz.sum(axis=1, keepdims=True)
    return p["A"].T @ dz
"""


def test_a_state_beside_a_dict_of_matrices(tmp_path: Path) -> None:
    """With nothing that it could be the label of, y is a state; what multiplies it is a weight, what is added
    a bias.
    """
    said = Checked(tmp_path, STATE)
    assert said.findings == {}
    assert said.tested == {"rhs": ["y", "p.A", "p.a", "p.B"]}
    wrong = Checked(tmp_path, STATE.replace(" * (1 - h ** 2)", ""))
    assert [code for code, _ in wrong.findings["rhs"]] == ["activation-derivative-missing"]


LOSS = """
def error(y, LABEL):
    return ((y - LABEL) ** 2).mean()

def d_error(y, LABEL):
    return 2 * (y - LABEL) / y.size
"""


@pytest.mark.parametrize("label", ["alvo", "ziel", "soll", "cible", "objetivo", "target"])
def test_labels_in_other_languages(tmp_path: Path, label: str) -> None:
    code = LOSS.replace("LABEL", label)
    said = Checked(tmp_path, code)
    assert said.findings == {}
    assert said.tested == {"error": ["prediction"]}
    wrong = Checked(tmp_path, code.replace("return 2 * (", "return -2 * ("))
    assert [code for code, _ in wrong.findings["error"]] == ["sign-flipped"]


ENERGY = """
class Readout:
    def __init__(self, n_in=4):
        self.v = np.random.default_rng(0).normal(size=(n_in, OUT))
    def forward(self, x):
        self.x = x
        return x @ self.v
    def backward(self, dy):
        self.dv = self.x.T @ dy
        return dy @ self.v.T

def chi2(pred, truth):
    return 0.5 * np.mean((pred - truth) ** 2)

def chi2_grad(pred, truth):
    return (pred - truth) / len(pred)
"""


def test_a_loss_is_tried_with_what_the_models_of_the_file_give(tmp_path: Path) -> None:
    """The mean over samples is the mean over all where each sample has one number."""
    assert Checked(tmp_path, ENERGY.replace("OUT", "1")).findings == {}
    several = Checked(tmp_path, ENERGY.replace("OUT", "3"))
    assert [code for code, _ in several.findings["chi2"]] == ["mean-sum-mismatch"]
    wrong = Checked(tmp_path, ENERGY.replace("OUT", "1").replace("(pred - truth) /", "2 * (pred - truth) /"))
    assert [code for code, _ in wrong.findings["chi2"]] == ["mean-sum-mismatch"]


SCAN = """
def make_scan(n_in=3, n=5):
    rng = np.random.default_rng(0)
    P = {"nu": rng.normal(size=n), "B": rng.normal(size=(n, n_in)), "C": rng.normal(size=(n_in, n))}

    def forward(u, nu, B, C):
        a, drive = np.exp(-np.exp(nu)), u @ B.T
        S, s = np.zeros_like(drive), np.zeros(drive.shape[1:])
        for t in range(len(u)):
            s = a * s + drive[t]
            S[t] = s
        return S @ C.T, (u, nu, B, C, a, S)

    def backward(dy, cache):
        u, nu, B, C, a, S = cache
        dS = dy @ C
        lam, run = np.zeros_like(S), np.zeros(S.shape[1:])
        for t in reversed(range(len(u))):
            run = dS[t] + a * run
            lam[t] = run
        da = (lam[1:] * S[:-1]).sum((0, 1))
        dB, dC = np.einsum("tbn,tbi->ni", lam, u), np.einsum("tbi,tbn->in", dy, S)
        return {"u": lam @ B, "nu": -da * a * np.exp(nu), "B": dB, "C": dC}

    return P, forward, backward

P, scan_forward, scan_backward = make_scan()
"""


def test_functions_that_another_makes_with_their_parameters(tmp_path: Path) -> None:
    """They go by the names that they have in the file. Parameters lie in a dict of the file, and the backward
    tells how many axes that has which it takes out of the cache.
    """
    said = Checked(tmp_path, SCAN)
    assert said.findings == {}
    assert said.tested == {"scan_forward": ["u", "nu", "B", "C"]}
    wrong = Checked(tmp_path, SCAN.replace("run = dS[t] + a * run", "run = dS[t]"))
    assert wrong.targets["scan_forward"] == [["u", "nu", "B"]]


def test_what_a_decorator_wraps_is_not_checked_twice(tmp_path: Path) -> None:
    decorated = """
def counted(function):
    def wrapper(*given):
        return function(*given)
    return wrapper

@counted
def double_forward(x):
    return 2 * x, x

@counted
def double_backward(dy, cache):
    return 2 * dy
"""
    said = Checked(tmp_path, decorated)
    assert said.tested == said.not_started == {}


GAPS = """
class Squared:
    def __call__(self, pred, truth):
        there = ~np.isnan(truth)
        self.error = np.where(there, pred - np.where(there, truth, 0.0), 0.0)
        self.count = there.sum()
        return (self.error ** 2).sum() / self.count
    def grad(self):
        return 2 * self.error / self.count

def loss(pred, truth):
    return Squared()(pred, truth)

def loss_grad(pred, truth):
    criterion = Squared()
    criterion(pred, truth)
    return criterion.grad()
"""


def test_labels_that_may_be_missing(tmp_path: Path) -> None:
    """A loss that asks where its labels are NaN is tried with one that is."""
    assert Checked(tmp_path, GAPS).findings == {}
    wrong = Checked(tmp_path, GAPS.replace("self.error / self.count", "self.error / self.error.size"))
    assert [code for code, _ in wrong.findings["loss"]] == ["mean-sum-mismatch"]
