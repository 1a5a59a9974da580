"""Normalizations and reparametrizations. All of them are correct."""
import numpy as np


class BatchNorm1d:
    """Training mode uses the statistics of the batch (samples mix by design); running ones are buffers."""

    def __init__(self, features, momentum=0.1, eps=1e-5, rng=None):
        rng = rng or np.random.default_rng(0)
        self.gamma = 1 + 0.3 * rng.normal(size=features)
        self.beta = 0.2 * rng.normal(size=features)
        self.running_mean = np.zeros(features)
        self.running_var = np.ones(features)
        self.momentum, self.eps = momentum, eps
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            m = self.momentum
            self.running_mean = (1 - m) * self.running_mean + m * mean
            self.running_var = (1 - m) * self.running_var + m * var * len(x) / max(len(x) - 1, 1)
        else:
            mean, var = self.running_mean, self.running_var
        self.inv_std = 1 / np.sqrt(var + self.eps)
        self.x_hat = (x - mean) * self.inv_std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dy):
        self.dgamma = (dy * self.x_hat).sum(axis=0)
        self.dbeta = dy.sum(axis=0)
        dx_hat = dy * self.gamma
        if not self.training:
            return dx_hat * self.inv_std
        n = len(dy)
        return self.inv_std / n * (n * dx_hat - dx_hat.sum(0) - self.x_hat * (dx_hat * self.x_hat).sum(0))


def case_batch_norm_training():
    rng = np.random.default_rng(1)
    return {"subject": BatchNorm1d(4), "inputs": (rng.normal(size=(6, 4)),), "training": True}


def case_batch_norm_default_mode():
    rng = np.random.default_rng(2)
    return {"subject": BatchNorm1d(3), "inputs": (2 + rng.normal(size=(5, 3)),)}


def case_batch_norm_evaluation():
    rng = np.random.default_rng(3)
    layer = BatchNorm1d(4)
    layer.running_mean = rng.normal(size=4)
    layer.running_var = rng.uniform(0.5, 2, size=4)
    return {"subject": layer, "inputs": (rng.normal(size=(5, 4)),), "training": False}


def batchnorm_forward(x, gamma, beta, bn_param):
    """CS231n: running statistics live in the dict bn_param, which is updated."""
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if mode == "train":
        mu = x.mean(axis=0)
        xc = x - mu
        var = np.mean(xc ** 2, axis=0)
        std = np.sqrt(var + eps)
        xn = xc / std
        out = gamma * xn + beta
        cache = (mode, x, gamma, xc, std, xn, out)
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        std = np.sqrt(running_var + eps)
        xn = (x - running_mean) / std
        out = gamma * xn + beta
        cache = (mode, x, xn, gamma, beta, std)
    else:
        raise ValueError(f"Invalid forward batchnorm mode {mode!r}")
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    mode = cache[0]
    if mode == "train":
        mode, x, gamma, xc, std, xn, out = cache
        N = x.shape[0]
        dbeta = dout.sum(axis=0)
        dgamma = np.sum(xn * dout, axis=0)
        dxn = gamma * dout
        dxc = dxn / std
        dstd = -np.sum((dxn * xc) / (std * std), axis=0)
        dvar = 0.5 * dstd / std
        dxc += (2.0 / N) * xc * dvar
        dmu = np.sum(dxc, axis=0)
        dx = dxc - dmu / N
    else:
        mode, x, xn, gamma, beta, std = cache
        dbeta = dout.sum(axis=0)
        dgamma = np.sum(xn * dout, axis=0)
        dx = gamma * dout / std
    return dx, dgamma, dbeta


def case_batch_norm_pair_param_dict_train():
    rng = np.random.default_rng(4)
    return {"subject": (batchnorm_forward, batchnorm_backward),
            "inputs": (rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=3)),
            "forward_kwargs": {"bn_param": {"mode": "train"}}}


def case_batch_norm_pair_param_dict_test():
    rng = np.random.default_rng(5)
    bn_param = {"mode": "test", "running_mean": rng.normal(size=3),
                "running_var": rng.uniform(0.5, 2, size=3)}
    return {"subject": (batchnorm_forward, batchnorm_backward),
            "inputs": (rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3)),
            "forward_kwargs": {"bn_param": bn_param}, "training": False}


class SpatialBatchNorm:
    """NCHW, one mean per channel, parameters kept as (1, C, 1, 1); training is an argument of forward."""

    def __init__(self, channels, rng):
        self.params = {"scale": rng.uniform(0.5, 1.5, (1, channels, 1, 1)),
                       "shift": rng.normal(size=(1, channels, 1, 1))}
        self.grads = {}
        self.moving_mean = np.zeros((1, channels, 1, 1))
        self.moving_variance = np.ones((1, channels, 1, 1))

    def forward(self, x, training=True):
        axes = (0, 2, 3)
        if training:
            mu, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
            self.moving_mean += 0.1 * (mu - self.moving_mean)
            self.moving_variance += 0.1 * (var - self.moving_variance)
        else:
            mu, var = self.moving_mean.copy(), self.moving_variance.copy()
        self.training = training
        self.std = np.sqrt(var + 1e-5)
        self.z = (x - mu) / self.std
        return self.params["scale"] * self.z + self.params["shift"]

    def backward(self, dy):
        axes = (0, 2, 3)
        self.grads["scale"] = (dy * self.z).sum(axis=axes, keepdims=True)
        self.grads["shift"] = dy.sum(axis=axes, keepdims=True)
        dz = dy * self.params["scale"]
        if self.training:
            along = (dz * self.z).mean(axis=axes, keepdims=True)
            dz = dz - dz.mean(axis=axes, keepdims=True) - self.z * along
        return dz / self.std


def case_spatial_batch_norm():
    rng = np.random.default_rng(6)
    return {"subject": SpatialBatchNorm(3, rng), "inputs": (rng.normal(size=(2, 3, 2, 4)),)}


def case_spatial_batch_norm_evaluation():
    rng = np.random.default_rng(7)
    return {"subject": SpatialBatchNorm(2, rng),
            "inputs": (rng.normal(size=(2, 2, 3, 4)),), "training": False}


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        rng = np.random.default_rng(8)
        self.g = rng.uniform(0.5, 1.5, dim)
        self.b = rng.normal(size=dim) * 0.1
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.sd = np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + self.eps)
        self.xhat = (x - mu) / self.sd
        return self.xhat * self.g + self.b

    def backward(self, dy):
        lead = tuple(range(dy.ndim - 1))
        self.dg = (dy * self.xhat).sum(lead)
        self.db = dy.sum(lead)
        d = dy * self.g
        return (d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)) / self.sd


def case_layer_norm():
    rng = np.random.default_rng(9)
    return {"subject": LayerNorm(6), "inputs": (rng.normal(size=(2, 3, 6)),)}


class FeatureFirstLayerNorm:
    """Columns are samples, epsilon added to the deviation, not to the variance, which divides by n - 1."""

    def __init__(self, d, rng):
        self.alpha = rng.uniform(0.5, 1.5, (d, 1))
        self.bias = rng.normal(size=(d, 1))

    def forward(self, X):
        d = X.shape[0]
        self.C = X - X.mean(axis=0)
        self.s = np.sqrt((self.C ** 2).sum(axis=0) / (d - 1))
        self.N = self.C / (self.s + 1e-6)
        return self.alpha * self.N + self.bias

    def backward(self, dY):
        d = dY.shape[0]
        self.alpha_grad = np.sum(dY * self.N, axis=1, keepdims=True)
        self.bias_grad = np.sum(dY, axis=1, keepdims=True)
        dN = dY * self.alpha
        ds = -(dN * self.C).sum(axis=0) / (self.s + 1e-6) ** 2
        dC = dN / (self.s + 1e-6) + ds * self.C / ((d - 1) * self.s)
        return dC - dC.mean(axis=0)


def case_layer_norm_columns_unbiased_deviation():
    rng = np.random.default_rng(10)
    return {"subject": FeatureFirstLayerNorm(5, rng), "inputs": (rng.normal(size=(5, 4)),)}


class LayerNormFullJacobian:
    """The Jacobian written out for each row: slow, but a student can follow it."""

    def __init__(self, n):
        self.gamma = np.linspace(0.6, 1.4, n)
        self.beta = np.linspace(-0.2, 0.3, n)

    def forward(self, x):
        self.x = x
        self.mean = x.mean(axis=1, keepdims=True)
        self.std = np.sqrt(x.var(axis=1, keepdims=True) + 1e-8)
        return self.gamma * (x - self.mean) / self.std + self.beta

    def backward(self, dout):
        n = self.x.shape[1]
        normalized = (self.x - self.mean) / self.std
        self.grad_gamma = np.sum(dout * normalized, axis=0)
        self.grad_beta = np.sum(dout, axis=0)
        dx = np.zeros_like(self.x)
        for row in range(len(self.x)):
            v = normalized[row]
            jacobian = (np.eye(n) - np.ones((n, n)) / n - np.outer(v, v) / n) / self.std[row]
            dx[row] = jacobian @ (dout[row] * self.gamma)
        return dx


def case_layer_norm_written_out():
    rng = np.random.default_rng(11)
    return {"subject": LayerNormFullJacobian(5), "inputs": (rng.normal(size=(4, 5)),)}


class RMSNorm:
    def __init__(self, dim):
        self.weight = np.linspace(0.5, 1.5, dim)
        self.weight_grad = np.zeros(dim)

    def zero_grad(self):
        self.weight_grad[:] = 0

    def forward(self, x):
        self.x = x
        self.r = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
        return x * self.r * self.weight

    def backward(self, dy):
        n = self.x.shape[-1]
        self.weight_grad += (dy * self.x * self.r).reshape(-1, n).sum(0)
        d = dy * self.weight
        return self.r * d - self.x * self.r ** 3 * (d * self.x).sum(-1, keepdims=True) / n


def case_rms_norm_accumulating():
    rng = np.random.default_rng(12)
    return {"subject": RMSNorm(5), "inputs": (rng.normal(size=(2, 3, 5)),)}


class GroupNorm:
    def __init__(self, groups, channels, rng):
        self.G = groups
        self.gamma = 1 + 0.2 * rng.normal(size=channels)
        self.beta = rng.normal(size=channels)

    def forward(self, x):
        n, c, h, w = x.shape
        v = x.reshape(n, self.G, -1)
        self.std = np.sqrt(v.var(axis=2, keepdims=True) + 1e-5)
        v = (v - v.mean(axis=2, keepdims=True)) / self.std
        self.xhat = v.reshape(n, c, h, w)
        return self.xhat * self.gamma[None, :, None, None] + self.beta[None, :, None, None]

    def backward(self, dy):
        n, c, h, w = dy.shape
        self.d_gamma = np.einsum("nchw,nchw->c", dy, self.xhat)
        self.d_beta = np.einsum("nchw->c", dy)
        d = (dy * self.gamma[None, :, None, None]).reshape(n, self.G, -1)
        v = self.xhat.reshape(n, self.G, -1)
        dx = (d - d.mean(2, keepdims=True) - v * (d * v).mean(2, keepdims=True)) / self.std
        return dx.reshape(n, c, h, w)


def case_group_norm():
    rng = np.random.default_rng(13)
    return {"subject": GroupNorm(2, 6, rng), "inputs": (rng.normal(size=(2, 6, 2, 3)),)}


class InstanceNorm:
    """No parameters at all."""

    def forward(self, x):
        mu = x.mean(axis=(2, 3), keepdims=True)
        self.sd = np.sqrt(x.var(axis=(2, 3), keepdims=True) + 1e-5)
        self.y = (x - mu) / self.sd
        return self.y

    def backward(self, dy):
        m = dy.mean(axis=(2, 3), keepdims=True)
        q = (dy * self.y).mean(axis=(2, 3), keepdims=True)
        return (dy - m - self.y * q) / self.sd


def case_instance_norm():
    rng = np.random.default_rng(14)
    return {"subject": InstanceNorm(), "inputs": (rng.normal(size=(2, 3, 3, 4)),)}


class WeightNormDense:
    """w = g v / |v|, row by row."""

    def __init__(self, n_in, n_out, rng):
        self.v = rng.normal(size=(n_out, n_in))
        self.g = rng.uniform(0.5, 1.5, n_out)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.norm = np.linalg.norm(self.v, axis=1)
        self.u = self.v / self.norm[:, None]
        return x @ (self.g[:, None] * self.u).T + self.b

    def backward(self, dy):
        dw = dy.T @ self.x
        self.db = dy.sum(0)
        self.dg = (dw * self.u).sum(1)
        self.dv = (self.g / self.norm)[:, None] * (dw - self.dg[:, None] * self.u)
        return dy @ (self.g[:, None] * self.u)


def case_weight_norm():
    rng = np.random.default_rng(15)
    return {"subject": WeightNormDense(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


class L2Normalize:
    def forward(self, x):
        self.n = np.sqrt((x ** 2).sum(axis=1, keepdims=True) + 1e-12)
        self.u = x / self.n
        return self.u

    def backward(self, du):
        return (du - self.u * (du * self.u).sum(axis=1, keepdims=True)) / self.n


def case_l2_normalize():
    rng = np.random.default_rng(16)
    return {"subject": L2Normalize(), "inputs": (rng.normal(size=(4, 5)),)}


class AdaptiveNorm:
    """Conditional layer norm: scale and shift are computed from a second input (FiLM)."""

    def __init__(self, d, d_cond, rng):
        self.Ws = rng.normal(size=(d_cond, d)) * 0.3
        self.Wt = rng.normal(size=(d_cond, d)) * 0.3

    def forward(self, x, cond):
        self.cond = cond
        self.sd = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
        self.z = (x - x.mean(axis=-1, keepdims=True)) / self.sd
        self.scale = 1 + cond @ self.Ws
        return self.z * self.scale + cond @ self.Wt

    def backward(self, dy):
        dscale = dy * self.z
        self.dWs, self.dWt = self.cond.T @ dscale, self.cond.T @ dy
        dcond = dscale @ self.Ws.T + dy @ self.Wt.T
        dz = dy * self.scale
        dx = dz - dz.mean(-1, keepdims=True) - self.z * (dz * self.z).mean(-1, keepdims=True)
        return dx / self.sd, dcond


def case_conditional_norm():
    rng = np.random.default_rng(17)
    return {"subject": AdaptiveNorm(5, 3, rng), "inputs": (rng.normal(size=(4, 5)), rng.normal(size=(4, 3)))}


class FrozenStatistics:
    """Standardizes with the statistics of a data set, which are constants of the pipeline."""

    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def forward(self, x):
        return (x - self.mean) / self.std

    def backward(self, dy):
        return dy / self.std


def case_standardize_with_constants():
    rng = np.random.default_rng(18)
    layer = FrozenStatistics(rng.normal(size=4), rng.uniform(0.5, 2, size=4))
    return {"subject": layer, "inputs": (rng.normal(size=(3, 4)),)}
