"""Dropout and other noise: inverted or classic, from generators or np.random. All of them are correct."""
import numpy as np


class Dropout:
    """Inverted dropout from the module-level generator of NumPy."""

    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


def case_module_level_random():
    rng = np.random.default_rng(0)
    return {"subject": Dropout(0.4), "inputs": (rng.normal(size=(6, 8)),)}


def case_probability_zero():
    rng = np.random.default_rng(1)
    return {"subject": Dropout(0.0), "inputs": (rng.normal(size=(3, 4)),)}


class ScratchDropout:
    """Classic dropout: scaled at test time, not in training (the book's version)."""

    def __init__(self, dropout_ratio=0.5):
        self.dropout_ratio = dropout_ratio
        self.mask = None

    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
            return x * self.mask
        self.mask = 1.0 - self.dropout_ratio
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


def case_classic_unscaled_training():
    rng = np.random.default_rng(2)
    return {"subject": ScratchDropout(0.3), "inputs": (rng.normal(size=(5, 7)),)}


class GeneratorDropout:
    """Own generator; mode by train() and eval()."""

    def __init__(self, rate, seed=0):
        self.keep = 1.0 - rate
        self.rng = np.random.default_rng(seed)
        self.training = True
        self.kept = None

    def train(self):
        self.training = True
        return self

    def eval(self):
        self.training = False
        return self

    def forward(self, x):
        if not self.training:
            self.kept = None
            return x
        self.kept = self.rng.binomial(1, self.keep, size=x.shape) / self.keep
        return x * self.kept

    def backward(self, grad):
        return grad if self.kept is None else grad * self.kept


def case_own_generator_training():
    rng = np.random.default_rng(3)
    return {"subject": GeneratorDropout(0.25), "inputs": (rng.normal(size=(4, 6)),), "training": True}


def case_own_generator_evaluation():
    """Evaluation hands the very same array through."""
    rng = np.random.default_rng(4)
    return {"subject": GeneratorDropout(0.25), "inputs": (rng.normal(size=(4, 6)),), "training": False}


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = None
    if mode == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    else:
        out = x
    return out.astype(x.dtype, copy=False), (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "train":
        return dout * mask
    return dout


def case_pair_with_seed_in_param_dict():
    """CS231n: p is the probability of keeping a unit; the seed makes the mask repeat."""
    rng = np.random.default_rng(5)
    return {"subject": (dropout_forward, dropout_backward),
            "inputs": (rng.normal(size=(5, 6)), {"mode": "train", "p": 0.6, "seed": 123})}


def case_pair_test_mode():
    rng = np.random.default_rng(6)
    return {"subject": (dropout_forward, dropout_backward), "inputs": (rng.normal(size=(3, 5)),),
            "forward_kwargs": {"dropout_param": {"mode": "test", "p": 0.6}}, "training": False}


class SpatialDropout:
    """Whole channels are dropped."""

    def __init__(self, p, seed):
        self.p = p
        self.rng = np.random.RandomState(seed)

    def forward(self, x, training=True):
        self.scale = 1.0
        if training and self.p > 0:
            self.scale = (self.rng.uniform(size=x.shape[:2] + (1, 1)) > self.p) / (1 - self.p)
        return x * self.scale

    def backward(self, dy):
        return dy * self.scale


def case_whole_channels():
    rng = np.random.default_rng(7)
    return {"subject": SpatialDropout(0.4, seed=3),
            "inputs": (rng.normal(size=(3, 4, 2, 3)),), "training": True}


class GaussianNoise:
    """Multiplicative noise around 1; additive noise would have slope 1."""

    def __init__(self, sigma, rng):
        self.sigma, self.rng = sigma, rng

    def forward(self, x):
        self.noise = 1 + self.sigma * self.rng.standard_normal(x.shape)
        return x * self.noise

    def backward(self, dy):
        return dy * self.noise


def case_gaussian_noise():
    rng = np.random.default_rng(8)
    return {"subject": GaussianNoise(0.3, np.random.default_rng(9)), "inputs": (rng.normal(size=(4, 5)),)}


class DropConnect:
    """Weights are dropped, not units."""

    def __init__(self, n_in, n_out, p, seed=10):
        self.rng = np.random.default_rng(seed)
        self.W = self.rng.normal(size=(n_in, n_out))
        self.b = np.zeros(n_out)
        self.p = p

    def forward(self, x):
        self.x = x
        self.M = (self.rng.random(self.W.shape) >= self.p) / (1 - self.p)
        return x @ (self.W * self.M) + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy * self.M
        self.db = dy.sum(0)
        return dy @ (self.W * self.M).T


def case_drop_connect():
    rng = np.random.default_rng(11)
    return {"subject": DropConnect(5, 4, 0.3), "inputs": (rng.normal(size=(3, 5)),)}


class VariationalDropout:
    """One mask for all time steps; (batch, time, features)."""

    def __init__(self, p):
        self.p = p

    def forward(self, x):
        keep = np.random.binomial(1, 1 - self.p, size=(x.shape[0], 1, x.shape[2]))
        self.mask = np.broadcast_to(keep / (1 - self.p), x.shape)
        return x * self.mask

    def backward(self, dy):
        return self.mask * dy


def case_one_mask_for_all_steps():
    rng = np.random.default_rng(12)
    return {"subject": VariationalDropout(0.35), "inputs": (rng.normal(size=(3, 4, 5)),)}


class DropPath:
    """Stochastic depth around a small residual branch: a sample keeps or loses the whole branch."""

    def __init__(self, width, drop, rng):
        self.W = rng.normal(size=(width, width)) * 0.4
        self.drop = drop
        self.rng = np.random.default_rng(5)
        self.training = True

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W)
        if self.training:
            self.gate = (self.rng.random((len(x), 1)) >= self.drop) / (1 - self.drop)
        else:
            self.gate = np.ones((len(x), 1))
        return x + self.gate * self.h

    def backward(self, dy):
        dz = self.gate * dy * (1 - self.h ** 2)
        self.dW = self.x.T @ dz
        return dy + dz @ self.W.T


def case_stochastic_depth():
    rng = np.random.default_rng(13)
    return {"subject": DropPath(4, 0.3, rng), "inputs": (rng.normal(size=(5, 4)),)}


class GivenMask:
    """The mask comes from outside as a second input and stays fixed."""

    def forward(self, x, keep):
        self.scale = keep / keep.mean(axis=1, keepdims=True)
        return x * self.scale

    def backward(self, dy):
        return dy * self.scale


def case_mask_from_outside():
    rng = np.random.default_rng(14)
    return {"subject": GivenMask(), "inputs": (rng.normal(size=(4, 6)), rng.random((4, 6)) > 0.3)}


class DropoutMLP:
    """Dense, ReLU, dropout, dense; dropout's flag is set by the model's own switch."""

    def __init__(self, sizes, rng):
        a, b, c = sizes
        self.W1, self.b1 = rng.normal(size=(a, b)), np.zeros(b)
        self.W2, self.b2 = rng.normal(size=(b, c)), np.zeros(c)
        self.dropout = GeneratorDropout(0.3, seed=6)

    def set_training(self, flag):
        self.dropout.training = flag

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.h = self.dropout.forward(np.maximum(self.z, 0))
        return self.h @ self.W2 + self.b2

    def backward(self, dy):
        self.dW2, self.db2 = self.h.T @ dy, dy.sum(0)
        dz = self.dropout.backward(dy @ self.W2.T) * (self.z > 0)
        self.dW1, self.db1 = self.x.T @ dz, dz.sum(0)
        return dz @ self.W1.T


def case_small_network_with_dropout():
    rng = np.random.default_rng(15)
    return {"subject": DropoutMLP((4, 6, 3), rng), "inputs": (rng.normal(size=(5, 4)),)}
