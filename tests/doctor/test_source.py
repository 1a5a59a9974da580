"""Reading and rewriting the user's own source: taps, forgotten paths, the first wrong line, repairs."""

import importlib
from pathlib import Path

import numpy as np

import chainrule
from chainrule.doctor.source.taps import Taps


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Attention:
    """One head; `bent` is what backward does to the scores' gradient."""

    def __init__(self):
        rng = np.random.default_rng(5)
        self.wq, self.wk, self.wv = (rng.normal(size=(6, 4)) for _ in range(3))

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.wq, x @ self.wk, x @ self.wv
        scores = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(4)
        self.p = softmax(scores)
        return self.p @ self.v

    def backward(self, dy):
        dv = self.p.swapaxes(-1, -2) @ dy
        dp = dy @ self.v.swapaxes(-1, -2)
        dscores = self.p * (dp - (dp * self.p).sum(-1, keepdims=True))
        dq = dscores @ self.k
        dk = dscores.swapaxes(-1, -2) @ self.q
        self.dwq = np.einsum("bti,bto->io", self.x, dq)
        self.dwk = np.einsum("bti,bto->io", self.x, dk)
        self.dwv = np.einsum("bti,bto->io", self.x, dv)
        return dq @ self.wq.T + dk @ self.wk.T + dv @ self.wv.T


def test_the_first_wrong_line_may_stand_in_another_file(tmp_path, monkeypatch):
    (tmp_path / "their_functions.py").write_text(
        "import numpy as np\n"
        "def softmax(z):\n"
        "    e = np.exp(z - z.max(-1, keepdims=True))\n"
        "    return e / e.sum(-1, keepdims=True)\n"
        "def softmax_backward(dp, p):\n"
        "    dz = p * dp\n"
        "    return dz\n"
    )
    (tmp_path / "their_layer.py").write_text(
        "import numpy as np\n"
        "from their_functions import softmax, softmax_backward\n"
        "class Gate:\n"
        "    def __init__(self):\n"
        "        self.w = np.random.default_rng(0).normal(size=(3, 4))\n"
        "    def forward(self, x):\n"
        "        self.x, self.p = x, softmax(x @ self.w)\n"
        "        return self.p * 2\n"
        "    def backward(self, dy):\n"
        "        dz = softmax_backward(2 * dy, self.p)\n"
        "        self.dw = self.x.T @ dz\n"
        "        return dz @ self.w.T\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("their_layer")
    (finding,) = chainrule.check(module.Gate(), np.random.default_rng(1).normal(size=(5, 3))).findings
    assert finding.code == "softmax-diagonal-only"
    assert (Path(finding.file).name, finding.line) == ("their_functions.py", 6)


class Residual:
    def __init__(self):
        self.w = np.random.default_rng(5).normal(size=(4, 4))

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w)
        return x + self.h

    def backward(self, dy):
        dz = dy * (1 - self.h**2)
        self.dw = self.x.T @ dz
        return dz @ self.w.T


def lines_of(function):
    first = function.__code__.co_firstlineno
    return dict(enumerate(Path(__file__).read_text().splitlines()[first - 1 :], first))


def test_a_tapped_function_computes_the_same():
    taps = Taps([softmax])
    z = np.random.default_rng(0).normal(size=(3, 4))
    seen = []

    def note(site, execution, value):
        seen.append(site.text)
        return value

    before = softmax(z)
    with taps:
        taps.action = note
        assert np.array_equal(globals()["softmax"](z), before)
    assert {"z", "e", "e.sum(-1, keepdims=True)"} <= set(seen)
    count = len(seen)
    softmax(z)
    assert len(seen) == count  # outside of the block, the original is back


def test_the_missing_scale_is_named_and_placed():
    finding = chainrule.check(Attention(), np.random.default_rng(1).normal(size=(2, 3, 6))).findings[0]
    assert finding.code == "attention-scale-missing"
    assert finding.verified
    assert {"wq", "wk"} <= set(finding.targets)
    assert "wv" not in finding.targets
    assert any(word in lines_of(Attention.backward)[finding.line] for word in ("dp", "dscores", "dq", "dk"))


def test_a_forgotten_path_is_found_by_freezing_it():
    finding = chainrule.check(Residual(), np.random.default_rng(1).normal(size=(5, 4))).findings[0]
    assert finding.code == "residual-gradient-missing"
    assert finding.targets == ["x"]
    assert "`x`" in finding.detail
    assert "+ dy" in finding.fix  # the repair, found by trying


def test_functions_without_source_are_checked_all_the_same():
    space = {"np": np}
    exec("def forward(x):\n    return np.tanh(x), x\ndef backward(dy, x):\n    return dy\n", space)
    report = chainrule.check(
        (space["forward"], space["backward"]), np.random.default_rng(1).normal(size=(5, 4))
    )
    assert report.findings[0].code == "activation-derivative-missing"
