"""Shapes that `chainrule check FILE` guesses: what runs only because NumPy broadcasts is not meant."""

from __future__ import annotations

from pathlib import Path

from whole_files import Checked

NORMS = """
def rms_norm(x, w):
    r = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
    def back(dy):
        dw = np.sum(dy * x * r, axis=(0, 1))
        u = dy * w
        return r * u - x * r**3 * np.mean(u * x, axis=-1, keepdims=True), dw
    return x * r * w, back

def dense_norm_forward(x, w, b, gamma, beta):
    z = x @ w + b
    xc = z - z.mean(axis=0)
    std = np.sqrt(np.mean(xc**2, axis=0) + 1e-5)
    return gamma * xc / std + beta, (x, w, xc / std, std, gamma)

def dense_norm_backward(dout, cache):
    x, w, xn, std, gamma = cache
    dxn = dout * gamma
    dz = (dxn - dxn.mean(axis=0) - xn * np.mean(dxn * xn, axis=0)) / std
    return dz @ w.T, x.T @ dz, dz.sum(axis=0), np.sum(dout * xn, axis=0), dout.sum(axis=0)
"""


def test_the_scale_of_a_norm_is_as_long_as_the_last_axis(tmp_path: Path) -> None:
    said = Checked(tmp_path, NORMS)
    assert said.findings == {}
    assert said.tested == {"rms_norm": ["x", "w"], "dense_norm_forward": ["x", "w", "b", "gamma", "beta"]}
    wrong = Checked(tmp_path, NORMS.replace("dy * x * r,", "dy * x,"))
    assert wrong.targets["rms_norm"] == [["w"]]
    constant = Checked(tmp_path, NORMS.replace("dxn - dxn.mean(axis=0) - xn", "dxn - xn"))
    assert [code for code, _ in constant.findings["dense_norm_forward"]] == ["statistics-treated-constant"]


SIGNAL = """
class Filter:
    '''Of signals.'''
    def __init__(self, n_in=1, n_out=4):
        self.w = np.random.default_rng(0).normal(size=(n_out, n_in, 3))
    def forward(self, x):
        self.x, n = x, x.shape[2] - 2
        return sum(np.einsum('oc,bcl->bol', self.w[:, :, i], x[:, :, i:i + n]) for i in range(3))
    def backward(self, dy):
        n, dx = dy.shape[2], np.zeros(self.x.shape)
        parts = [np.einsum('bol,bcl->oc', dy, self.x[:, :, i:i + n]) for i in range(3)]
        self.dw = np.stack(parts, axis=2)
        for i in range(3):
            dx[:, :, i:i + n] += np.einsum('oc,bol->bcl', self.w[:, :, i], dy)
        return dx

class Net:
    def __init__(self, n_in=1, base=4):
        self.first, self.second = Filter(n_in, base), Filter(base, 2)
    def forward(self, x):
        return self.second.forward(self.first.forward(x))
    def backward(self, dy):
        return self.first.backward(self.second.backward(dy))
"""


def test_channels_stand_before_the_length_of_a_signal(tmp_path: Path) -> None:
    said = Checked(tmp_path, SIGNAL)
    assert said.findings == {}
    assert said.tested["Net"] == ["x", "first", "second"]
    wrong = Checked(tmp_path, SIGNAL.replace("dx[:, :, i:i + n] +=", "dx[:, :, i:i + n] ="))
    assert {code for found in wrong.findings.values() for code, _ in found} == {"overlap-overwritten"}


LOSSES = """
def value_loss(value, returns):
    return 0.5 * np.mean((value - returns) ** 2)

def value_loss_grad(value, returns):
    return (value - returns) / len(returns)

def policy_loss(logits, actions, advantage):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.sum(np.log(p)[np.arange(len(actions)), actions] * advantage) / len(actions)

def policy_loss_grad(logits, actions, advantage):
    d = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    d[np.arange(len(actions)), actions] -= 1
    return d * advantage[:, None] / len(actions)
"""


def test_what_was_earned_is_a_number_for_each_sample(tmp_path: Path) -> None:
    assert Checked(tmp_path, LOSSES).findings == {}
    wrong = Checked(tmp_path, LOSSES.replace("return (value - returns) /", "return 2 * (value - returns) /"))
    assert [code for code, _ in wrong.findings["value_loss"]] == ["mean-sum-mismatch"]
    wrong = Checked(tmp_path, LOSSES.replace("d * advantage", "-d * advantage"))
    assert [code for code, _ in wrong.findings["policy_loss"]] == ["sign-flipped"]


STRETCHED = """
def stretched_forward(x, w):
    return np.tanh(x) * w, (x, w)

def stretched_backward(dy, cache):
    x, w = cache
    dw = (dy * np.tanh(x)).reshape(-1, x.shape[-1]).sum(0)
    return dy * w * (1 - np.tanh(x) ** 2), dw
"""


def test_an_argument_may_have_the_shape_that_its_gradient_has(tmp_path: Path) -> None:
    assert Checked(tmp_path, STRETCHED).findings == {}
    wrong = Checked(tmp_path, STRETCHED.replace("(dy * np.tanh(x)).", "(dy * x)."))
    assert wrong.targets["stretched_forward"] == [["w"]]


CONTRAST = """
def contrast(energy, same):
    return np.where(same > 0, energy, np.maximum(1 - energy, 0)).mean()

def contrast_grad(energy, same):
    return np.where(same > 0, 1.0, -1.0 * (energy < 1.0)) / len(energy)
"""


def test_the_mean_of_a_loss_function_may_be_one_over_samples(tmp_path: Path) -> None:
    assert Checked(tmp_path, CONTRAST).findings == {}
    wrong = Checked(tmp_path, CONTRAST.replace("1.0, -1.0", "2.0, -2.0"))
    assert [code for code, _ in wrong.findings["contrast"]] == ["mean-sum-mismatch"]
    predicted = CONTRAST.replace("energy", "y_pred")  # that may be several numbers
    assert [code for code, _ in Checked(tmp_path, predicted).findings["contrast"]] == ["mean-sum-mismatch"]


COLUMNS = """
def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)

def compute_cost(z, y):
    return -np.sum(y * np.log(softmax(z))) / z.shape[1]

def compute_cost_backward(z, y):
    return (softmax(z) - y) / z.shape[1]
"""


def test_classes_in_columns_want_labels_in_columns(tmp_path: Path) -> None:
    said = Checked(tmp_path, COLUMNS)
    assert said.findings == {}
    assert said.tested == {"compute_cost": ["prediction"]}
    wrong = Checked(tmp_path, COLUMNS.replace("y) / z.shape[1]", "y) / z.shape[0]"))
    assert [code for code, _ in wrong.findings["compute_cost"]] == ["mean-sum-mismatch"]
