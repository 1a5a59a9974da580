"""Mini framework: Module with train()/eval(), pointwise convolutions and batch norm on NHWC maps.

Symptom: test predictions change with the composition of the batch, although model.eval() was called.
Repair: eval() has to reach modules that are kept in lists as well.
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("blocks.1", "blocks", "bn", "x", "")


class Module:
    def __init__(self):
        self.training = True

    def children(self):
        found = []
        for v in vars(self).values():
            found.extend([v] if isinstance(v, Module) else [])        # FAULT
        return found

    def train(self, mode=True):
        self.training = mode
        for c in self.children():
            c.train(mode)
        return self

    def eval(self):
        return self.train(False)


class Pointwise(Module):
    def __init__(self, cin, cout, rng):
        super().__init__()
        self.weight, self.bias = rng.normal(0, 0.6, (cout, cin)), rng.normal(0, 0.2, cout)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.weight_grad = np.einsum("nhwo,nhwc->oc", dy, self.x)
        self.bias_grad = dy.sum(axis=(0, 1, 2))
        return dy @ self.weight


class BatchNorm(Module):
    def __init__(self, c, rng, momentum=0.1, eps=1e-5):
        super().__init__()
        self.gamma, self.beta = 1 + 0.3 * rng.normal(size=c), 0.3 * rng.normal(size=c)
        self.running_mean, self.running_var = np.zeros(c), np.ones(c)
        self.momentum, self.eps = momentum, eps

    def forward(self, x):
        if self.training:
            mu, var = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mu
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
        else:
            mu, var = self.running_mean, self.running_var
        self.batch_stats = self.training
        self.inv = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        ax = (0, 1, 2)
        self.gamma_grad, self.beta_grad = (dy * self.xhat).sum(axis=ax), dy.sum(axis=ax)
        d = dy * self.gamma
        if self.batch_stats:
            d = d - d.mean(axis=ax) - self.xhat * (d * self.xhat).mean(axis=ax)
        return d * self.inv


class Swish(Module):
    def forward(self, x):
        self.x, self.s = x, 1 / (1 + np.exp(-x))
        return x * self.s

    def backward(self, dy):
        return dy * (self.s + self.x * self.s * (1 - self.s))


class Net(Module):
    def __init__(self, cin=3, mid=5, cout=4, seed=0):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.blocks = [Pointwise(cin, mid, rng), BatchNorm(mid, rng), Swish(), Pointwise(mid, cout, rng)]

    def forward(self, x):
        for b in self.blocks:
            x = b.forward(x)
        return x

    def backward(self, dy):
        for b in reversed(self.blocks):
            dy = b.backward(dy)
        return dy


class ModuleRepaired:
    def __init__(self):
        self.training = True

    def children(self):
        found = []
        for v in vars(self).values():
            found.extend(m for m in (v if isinstance(v, (list, tuple)) else [v]) if isinstance(m, ModuleRepaired))
        return found

    def train(self, mode=True):
        self.training = mode
        for c in self.children():
            c.train(mode)
        return self

    def eval(self):
        return self.train(False)


class PointwiseRepaired(ModuleRepaired):
    def __init__(self, cin, cout, rng):
        super().__init__()
        self.weight, self.bias = rng.normal(0, 0.6, (cout, cin)), rng.normal(0, 0.2, cout)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.weight_grad = np.einsum("nhwo,nhwc->oc", dy, self.x)
        self.bias_grad = dy.sum(axis=(0, 1, 2))
        return dy @ self.weight


class BatchNormRepaired(ModuleRepaired):
    def __init__(self, c, rng, momentum=0.1, eps=1e-5):
        super().__init__()
        self.gamma, self.beta = 1 + 0.3 * rng.normal(size=c), 0.3 * rng.normal(size=c)
        self.running_mean, self.running_var = np.zeros(c), np.ones(c)
        self.momentum, self.eps = momentum, eps

    def forward(self, x):
        if self.training:
            mu, var = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mu
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
        else:
            mu, var = self.running_mean, self.running_var
        self.batch_stats = self.training
        self.inv = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        ax = (0, 1, 2)
        self.gamma_grad, self.beta_grad = (dy * self.xhat).sum(axis=ax), dy.sum(axis=ax)
        d = dy * self.gamma
        if self.batch_stats:
            d = d - d.mean(axis=ax) - self.xhat * (d * self.xhat).mean(axis=ax)
        return d * self.inv


class SwishRepaired(ModuleRepaired):
    def forward(self, x):
        self.x, self.s = x, 1 / (1 + np.exp(-x))
        return x * self.s

    def backward(self, dy):
        return dy * (self.s + self.x * self.s * (1 - self.s))


class NetRepaired(ModuleRepaired):
    def __init__(self, cin=3, mid=5, cout=4, seed=0):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.blocks = [PointwiseRepaired(cin, mid, rng), BatchNormRepaired(mid, rng), SwishRepaired(), PointwiseRepaired(mid, cout, rng)]

    def forward(self, x):
        for b in self.blocks:
            x = b.forward(x)
        return x

    def backward(self, dy):
        for b in reversed(self.blocks):
            dy = b.backward(dy)
        return dy


def _x():
    return np.random.default_rng(2).normal(0.5, 1.5, size=(4, 2, 6, 3))


def faulty():
    return {"subject": Net(), "inputs": (_x(),), "training": False}


def correct():
    return {"subject": NetRepaired(), "inputs": (_x(),), "training": False}
