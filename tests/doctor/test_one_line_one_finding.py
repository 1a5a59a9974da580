"""One faulty line is one finding, however many layers run it; its repair uses the code's own quantities."""

import numpy as np
from findings import only
from stacked import Model
from typer.testing import CliRunner

import chainrule
from chainrule.cli import app

rng = np.random.default_rng(0)
x = rng.normal(size=(5, 4))


class Doubled:
    """Its gradient is twice too large."""

    def __init__(self, n_in, n_out):
        self.W = rng.normal(size=(n_in, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T * 2


class Negated(Doubled):
    def backward(self, dy):
        self.dW = -self.x.T @ dy
        return dy @ self.W.T


def test_the_layers_of_one_class_are_one_finding():
    finding = only(Model(Doubled(4, 3), Doubled(3, 4), Doubled(4, 2)), x)
    assert finding.where == "layers.0"
    assert finding.also == ["layers.1", "layers.2"]
    assert finding.place == "layers.0, layers.1, layers.2 (Doubled), gradient of x"


def test_in_models_inside_of_a_model_too():
    finding = only(Model(Model(Doubled(4, 3)), Doubled(3, 3), Model(Doubled(3, 3))), x)
    assert {finding.where, *finding.also} == {"layers.0.layers.0", "layers.1", "layers.2.layers.0"}


def test_other_faults_are_other_findings():
    report = chainrule.check(Model(Doubled(4, 3), Negated(3, 4)), x)
    assert [f.where for f in report.findings] == ["layers.0", "layers.1"]


def test_the_terminal_shows_the_line_once(tmp_path):
    file = tmp_path / "model.py"
    file.write_text(
        "import numpy as np\n"
        "class Linear:\n"
        "    def __init__(self, n_in, n_out):\n"
        "        self.W = np.random.randn(n_in, n_out)\n"
        "    def forward(self, x):\n"
        "        self.x = x\n"
        "        return x @ self.W\n"
        "    def backward(self, dy):\n"
        "        self.dW = self.x.T @ dy\n"
        "        return dy @ self.W.T * 2\n"
        "first = Linear(4, 3)\n"
    )
    said = CliRunner().invoke(app, ["check", str(file)]).output
    assert said.count("+ return dy @ self.W.T") == 1
    assert "the fault that Linear has, line 10: Linear, gradient of x" in said
    assert "2 checked: 2 wrong (1 fault)" in said


class Attention:
    """One head; backward forgets the scale."""

    def __init__(self, size):
        self.dk = size
        self.Wq, self.Wk, self.Wv = (rng.normal(size=(size, size)) for _ in range(3))

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = self.q @ self.k.T / np.sqrt(self.dk)
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        return self.a @ self.v

    def backward(self, dy):
        da = dy @ self.v.T
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True))
        dq, dk, dv = ds @ self.k, ds.T @ self.q, self.a.T @ dy
        self.dWq, self.dWk, self.dWv = self.x.T @ dq, self.x.T @ dk, self.x.T @ dv
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def test_the_repair_uses_the_codes_own_root():
    finding = only(Attention(4), x)  # whose root is 2: a factor of 0.5 would do
    assert finding.code == "attention-scale-missing"
    assert "/ np.sqrt(self.dk)" in finding.fix
    assert "0.5" not in finding.fix
