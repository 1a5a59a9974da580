"""`check(..., like=reference)`: equal code in any convention is passed, a difference is explained."""

import numpy as np
import pytest
from protocol.against_torch import torch_or_skip

import chainrule
from chainrule import functions, layers
from chainrule.doctor.case import Case
from chainrule.doctor.probe import Probe
from chainrule.doctor.quiet import quietly
from chainrule.doctor.reference import NotComparable, compare_with
from chainrule.doctor.subject import Subject

RNG = np.random.default_rng(11)


def normal(*shape):
    return RNG.normal(size=shape)


def compared(subject, *inputs, like):
    """The findings of the comparison alone; what the gradients are like does not matter here."""
    with quietly():
        probe = Probe(Subject(subject, inputs))
        try:
            return compare_with(Case(probe), like)
        finally:
            probe.close()


def explained(subject, *inputs, like, code, words="", verified=True):
    findings = compared(subject, *inputs, like=like)
    assert [f.code for f in findings] == [code], [f.detail for f in findings]
    assert findings[0].verified == verified
    assert words in findings[0].detail
    assert findings[0].file == __file__ or not words
    return findings[0]


def softmax(s, axis=-1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# ---------------------------------------------------------------- subjects


class Dense:
    """W is (in, out)."""

    def __init__(self, n_in, n_out, sign=1.0):
        self.W, self.b, self.sign = normal(n_in, n_out), normal(n_out), sign

    def forward(self, x):
        self.x = x
        return self.sign * (x @ self.W + self.b)

    def backward(self, dy):
        dy = self.sign * dy
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class Unbiased(Dense):
    def __init__(self, n_in, n_out):
        self.W = normal(n_in, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T


class Convolution:
    def __init__(self, flip=False, stride=1, pad=0, channels_last=False):
        self.weight, self.bias = normal(4, 3, 3, 2), normal(4)
        self.flip, self.stride, self.pad, self.channels_last = flip, stride, pad, channels_last

    def forward(self, x):
        p, s = self.pad, self.stride
        x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        w = self.weight[:, :, ::-1, ::-1] if self.flip else self.weight
        f, _, kh, kw = w.shape
        rows, cols = (x.shape[2] - kh) // s + 1, (x.shape[3] - kw) // s + 1
        y = np.zeros((len(x), f, rows, cols))
        for i in range(rows):
            for j in range(cols):
                patch = x[:, :, i * s : i * s + kh, j * s : j * s + kw]
                if self.channels_last:
                    patch = patch.transpose(0, 2, 3, 1)
                y[:, :, i, j] = patch.reshape(len(x), -1) @ w.reshape(f, -1).T
        self.shape = x.shape
        return y + self.bias[:, None, None]

    def backward(self, dy):
        self.dweight, self.dbias = np.zeros_like(self.weight), dy.sum((0, 2, 3))
        p = self.pad
        return np.zeros(self.shape)[:, :, p : self.shape[2] - p, p : self.shape[3] - p]


class Recurrent:
    """An LSTM on (batch, time, features); `order` is that of the stacked gates."""

    def __init__(self, n_in, n, order="ifgo"):
        self.Wx, self.Wh, self.b = normal(n_in, 4 * n) / 2, normal(n, 4 * n) / 2, normal(4 * n) / 2
        self.n, self.order = n, order

    def forward(self, x):
        h = c = np.zeros((len(x), self.n))
        states = []
        for t in range(x.shape[1]):
            z = x[:, t] @ self.Wx + h @ self.Wh + self.b
            gates = dict(zip(self.order, np.split(z, 4, axis=1), strict=True))
            i, f, o = (1 / (1 + np.exp(-gates[k])) for k in "ifo")
            c = f * c + i * np.tanh(gates["g"])
            h = o * np.tanh(c)
            states.append(h)
        self.shape = x.shape
        return np.stack(states, 1)

    def backward(self, dy):
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        return np.zeros(self.shape)


class Gated:
    """A GRU with a weight per gate."""

    def __init__(self, n_in, n, keep="z"):
        for gate in "rzn":
            setattr(self, f"W_{gate}", normal(n_in, n))
            setattr(self, f"U_{gate}", normal(n, n))
            setattr(self, f"b_{gate}", normal(n))
        self.n, self.keep = n, keep

    def forward(self, x):
        h, states = np.zeros((len(x), self.n)), []
        for t in range(x.shape[1]):
            r = 1 / (1 + np.exp(-(x[:, t] @ self.W_r + h @ self.U_r + self.b_r)))
            z = 1 / (1 + np.exp(-(x[:, t] @ self.W_z + h @ self.U_z + self.b_z)))
            new = np.tanh(x[:, t] @ self.W_n + self.b_n + r * (h @ self.U_n))
            h = z * h + (1 - z) * new if self.keep == "z" else (1 - z) * h + z * new
            states.append(h)
        self.shape = x.shape
        return np.stack(states, 1)

    def backward(self, dy):
        for name in [n for n in vars(self) if n[:2] in ("W_", "U_", "b_")]:
            setattr(self, f"d{name}", np.zeros_like(getattr(self, name)))
        return np.zeros(self.shape)


class Attention:
    """Multi-head self-attention with four separate matrices; `fault` is what is wrong with it."""

    def __init__(self, features, heads, fault=""):
        for name in "qkvo":
            setattr(self, f"W{name}", normal(features, features) / 2)
            setattr(self, f"b{name}", normal(features))
        self.heads, self.fault = heads, fault

    def split(self, x):
        batch, time, features = x.shape
        return x.reshape(batch, time, self.heads, features // self.heads).transpose(0, 2, 1, 3)

    def forward(self, x):
        q, k = self.split(x @ self.Wq + self.bq), self.split(x @ self.Wk + self.bk)
        v = self.split(x @ self.Wv + self.bv)
        scores = q @ k.transpose(0, 1, 3, 2)
        if self.fault != "scale":
            scores = scores / np.sqrt(q.shape[-1])
        weights = softmax(scores, axis=-2) if self.fault == "axis" else softmax(scores, axis=-1)
        merged = weights @ v
        if self.fault != "merge":
            merged = merged.transpose(0, 2, 1, 3)
        return merged.reshape(x.shape) @ self.Wo + self.bo

    def backward(self, dy):
        for name in "qkvo":
            setattr(self, f"dW{name}", np.zeros_like(self.Wq))
            setattr(self, f"db{name}", np.zeros_like(self.bq))
        return np.zeros_like(dy)


class Normalization:
    def __init__(self, n, eps=1e-5, unbiased=False):
        self.gamma, self.beta, self.eps, self.unbiased = normal(n), normal(n), eps, unbiased

    def forward(self, x):
        centered = x - x.mean(-1, keepdims=True)
        variance = (centered**2).sum(-1, keepdims=True) / (x.shape[-1] - 1 if self.unbiased else x.shape[-1])
        self.normalized = centered / np.sqrt(variance + self.eps)
        return self.gamma * self.normalized + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.normalized).sum(0), dy.sum(0)
        return np.zeros_like(dy)


class Standardized:
    """A batch norm that always uses its running statistics."""

    def __init__(self, n):
        self.gamma, self.beta = normal(n), normal(n)
        self.running_mean, self.running_var = normal(n), np.exp(normal(n))

    def forward(self, x):
        self.normalized = (x - self.running_mean) / np.sqrt(self.running_var + 1e-5)
        return self.gamma * self.normalized + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.normalized).sum(0), dy.sum(0)
        return dy * self.gamma / np.sqrt(self.running_var + 1e-5)


class Dropping:
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        self.mask = (self.rng.random(x.shape) > 0.5) / 0.5
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# ---------------------------------------------------------------- without torch


def test_a_layer_of_chainrule_with_the_weight_the_other_way_round_is_the_same() -> None:
    x = normal(5, 3)
    assert chainrule.check(Dense(3, 4), x, like=layers.Linear(3, 4)).ok
    assert chainrule.check(Dense(3, 3), x, like=layers.Linear(3, 3)).ok
    assert chainrule.check(Dense(3, 4), x, like=functions.linear).ok
    assert chainrule.check(
        layers.Conv2d(3, 4, 3, stride=2), normal(2, 3, 7, 6), like=layers.Conv2d(3, 4, 3, 2)
    ).ok


def test_another_sign() -> None:
    finding = explained(Dense(3, 4, sign=-1.0), normal(5, 3), like=layers.Linear(3, 4), code="sign-flipped")
    assert finding.file == __file__


def test_a_bias_too_few() -> None:
    words = "bias at 0"
    explained(Unbiased(3, 4), normal(5, 3), like=layers.Linear(3, 4), code="reference-mismatch", words=words)


def test_a_bias_too_many() -> None:
    like = layers.Linear(3, 4, bias=False)
    words = "does not add b"
    explained(Dense(3, 4), normal(5, 3), like=like, code="reference-mismatch", words=words)


def test_a_kernel_that_is_flipped() -> None:
    x = normal(2, 3, 7, 6)
    assert not compared(Convolution(), x, like=layers.Conv2d(3, 4, (3, 2)))
    words = "flipped along axis 2 and 3"
    explained(Convolution(flip=True), x, like=functions.conv2d, code="kernel-not-flipped", words=words)


def test_patches_in_another_order() -> None:
    like = layers.Conv2d(3, 4, (3, 2))
    subject = Convolution(channels_last=True)
    explained(subject, normal(2, 3, 7, 6), like=like, code="patch-order-permuted", words="`weight`")


@pytest.mark.parametrize(
    ("mine", "theirs", "words"),
    [({}, {"stride": 2}, "stride"), ({}, {"padding": 1}, "padding"), ({"pad": 1}, {}, "padding")],
)
def test_another_stride_or_padding(mine, theirs, words) -> None:
    like = layers.Conv2d(3, 4, (3, 2), **theirs)
    assert not compared(Convolution(), normal(2, 3, 7, 6), like=layers.Conv2d(3, 4, (3, 2)))
    code = "stride-or-padding-misaligned"
    explained(Convolution(**mine), normal(2, 3, 7, 6), like=like, code=code)


def test_a_softmax_over_another_axis() -> None:
    def forward(x):
        y = softmax(x, axis=0)
        return y, y

    def backward(dy, y):
        return y * (dy - (dy * y).sum(0, keepdims=True))

    report = chainrule.check((forward, backward), normal(4, 3), like=functions.softmax)
    assert [f.code for f in report.findings] == ["softmax-axis-wrong"]
    assert chainrule.check((forward, backward), normal(4, 3), like=lambda x: softmax(x, 0)).ok


def test_a_loss_that_averages_over_another_count() -> None:
    def forward(p, target):
        return ((p - target) ** 2).sum() / len(p), (p, target)

    def backward(dout, cache):
        p, target = cache
        return 2 * dout * (p - target) / len(p), -2 * dout * (p - target) / len(p)

    p, target = normal(4, 3), normal(4, 3)
    report = chainrule.check((forward, backward), p, target, like=functions.mse_loss)
    assert [f.code for f in report.findings] == ["mean-sum-mismatch"]
    assert chainrule.check((forward, backward), p, target, like=lambda p, t: np.sum((p - t) ** 2) / 4).ok


def test_a_reshape_for_a_transpose() -> None:
    def forward(x):
        return x.reshape(3, 4, 2), None

    def backward(dy, cache):
        return dy.reshape(4, 3, 2)

    x = normal(4, 3, 2)
    report = chainrule.check((forward, backward), x, like=lambda x: x.transpose(1, 0, 2))
    assert [f.code for f in report.findings] == ["reshape-for-transpose"]


def test_another_eps_and_another_variance() -> None:
    like, x = layers.LayerNorm(6), normal(4, 6)
    assert not compared(Normalization(6), x, like=like)
    words = "eps = 1e-05 (here: 1e-08)"
    explained(Normalization(6, eps=1e-8), x, like=like, code="reference-mismatch", words=words)
    subject = Normalization(6, unbiased=True)
    explained(subject, x, like=like, code="reference-mismatch", words="the output equals the reference's")


def test_query_and_key_in_one_anothers_place() -> None:
    class Mine(Attention):
        def forward(self, x):
            q, k, v = x @ self.Wk, x @ self.Wq, x @ self.Wv
            return softmax(q @ k.swapaxes(-1, -2)) @ v

    subject = Mine(5, 1)

    def reference(x):
        return softmax((x @ subject.Wq) @ (x @ subject.Wk).swapaxes(-1, -2)) @ (x @ subject.Wv)

    explained(
        subject,
        normal(2, 4, 5),
        like=reference,
        code="attention-roles-swapped",
        words="k, q, v in the places",
    )


def test_what_nothing_explains_is_said_to_be_so() -> None:
    def forward(x):
        return np.sin(x) * x**2, x

    def backward(dy, x):
        return dy * (np.cos(x) * x**2 + 2 * x * np.sin(x))

    report = chainrule.check((forward, backward), normal(4, 3), like=np.cosh)
    assert [(f.code, f.verified) for f in report.findings] == [("reference-mismatch", False)]
    assert "100% of the elements differ" in report.findings[0].detail


def test_dropout_on_one_side() -> None:
    words = "dropout is active in one of them"
    explained(Dropping(), normal(6, 5), like=layers.Identity(), code="reference-mismatch", words=words)


def test_another_gradient_of_the_same_output_is_said_and_not_called_proved() -> None:
    def forward(x):
        return x**3, x

    def backward(dy, x):
        return 3 * dy * x**2

    def straight_through(dy, x):
        return dy

    assert not compared((forward, backward), normal(4, 3), like=(forward, backward))
    like = (forward, straight_through)
    words = "the outputs are equal"
    subject = (forward, backward)
    explained(subject, normal(4, 3), like=like, code="reference-mismatch", words=words, verified=False)


def test_a_reference_that_does_not_run_is_an_error() -> None:
    with pytest.raises(NotComparable, match="Linear cannot be run"):
        compared(Dense(3, 4), normal(5, 3), like=layers.Linear(7, 2))
    with pytest.raises(NotComparable, match="not a int"):
        compared(Dense(3, 4), normal(5, 3), like=3)


def test_both_are_left_as_they_were() -> None:
    subject, like = Dense(3, 4, sign=-1.0), layers.Linear(3, 4)
    kept = [subject.W.copy(), subject.b.copy(), like.weight.data.copy(), like.bias.data.copy()]
    compared(subject, normal(5, 3), like=like)
    for before, now in zip(kept, [subject.W, subject.b, like.weight.data, like.bias.data], strict=True):
        np.testing.assert_array_equal(before, now)
        assert before.dtype == now.dtype
    assert not like.weight.grad.any()


# ---------------------------------------------------------------- against torch


def test_conv2d_of_torch() -> None:
    nn, x = torch_or_skip().nn, normal(2, 3, 7, 6)
    assert not compared(Convolution(stride=2, pad=1), x, like=nn.Conv2d(3, 4, (3, 2), stride=2, padding=1))
    explained(Convolution(flip=True), x, like=nn.Conv2d(3, 4, (3, 2)), code="kernel-not-flipped")
    like = nn.Conv2d(3, 4, (3, 2), padding=1, padding_mode="reflect")
    words = "only the border"
    explained(Convolution(pad=1), x, like=like, code="stride-or-padding-misaligned", words=words)


def test_lstm_of_torch() -> None:
    nn, x = torch_or_skip().nn, normal(2, 5, 3)
    assert not compared(Recurrent(3, 4), x, like=nn.LSTM(3, 4, batch_first=True))
    assert not compared(Recurrent(4, 4), normal(2, 5, 4), like=nn.LSTM(4, 4, batch_first=True))
    like = nn.LSTM(3, 4, batch_first=True)
    words = "4 equal blocks in the order (0, 1, 3, 2)"
    explained(Recurrent(3, 4, "ifog"), x, like=like, code="gate-order-permuted", words=words)


def test_the_layout_of_torchs_lstm() -> None:
    like = torch_or_skip().nn.LSTM(3, 4)
    words = "axes 0 and 1 exchanged"
    explained(Recurrent(3, 4), normal(2, 5, 3), like=like, code="transpose-missing", words=words)


def test_gru_of_torch() -> None:
    nn, x = torch_or_skip().nn, normal(2, 5, 3)
    assert not compared(Gated(3, 4), x, like=nn.GRU(3, 4, batch_first=True))
    like = nn.GRU(3, 4, batch_first=True)
    words = "1 - g"
    explained(Gated(3, 4, keep="1 - z"), x, like=like, code="reference-mismatch", words=words)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("", ""), ("scale", "attention-scale-missing"), ("axis", "softmax-axis-wrong"),
        ("merge", "head-merge-scrambled"),
    ],
)  # fmt: skip
def test_multi_head_attention_of_torch(fault, code) -> None:
    like = torch_or_skip().nn.MultiheadAttention(6, 2, batch_first=True)
    subject, x = Attention(6, 2, fault), normal(2, 5, 6)
    if code:
        explained(subject, x, like=like, code=code)
    else:
        assert not compared(subject, x, like=like)


def test_batch_norm_of_torch_in_the_other_mode() -> None:
    like = torch_or_skip().nn.BatchNorm1d(4)
    explained(Standardized(4), normal(6, 4), like=like, code="train-eval-mismatch")
    assert not compared(Standardized(4), normal(6, 4), like=like.eval())
    # a subject that says in which mode it is, is compared in that mode
    assert not compared(layers.BatchNorm1d(4).eval(), normal(6, 4), like=like.train())


def test_functions_of_torch() -> None:
    functional, x = torch_or_skip().nn.functional, normal(5, 3)
    assert not compared(Dense(3, 4), x, like=functional.linear)
    assert not compared((functions.gelu, functions.gelu_backward), x, like=functional.gelu)
    explained(Dense(3, 4, sign=-1.0), x, like=functional.linear, code="sign-flipped")
