"""layers.py + fc_net.py in one file: fully connected network with batch normalization, modular layers."""
import numpy as np


def affine_forward(x, w, b):
    """x: (N, d_1, ..., d_k), w: (D, M), b: (M,)"""
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def batchnorm_forward(x, gamma, beta, bn_param):
    """bn_param: dict with 'mode' ('train' or 'test'), optional 'eps', 'momentum', 'running_mean', 'running_var'"""
    mode = bn_param.get("mode", "train")
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D))
    running_var = bn_param.get("running_var", np.zeros(D))
    cache = None
    if mode == "train":
        mu = x.mean(axis=0)
        xc = x - mu
        var = np.mean(xc ** 2, axis=0)
        std = np.sqrt(var + eps)
        xn = xc / std
        out = gamma * xn + beta
        cache = (xc, std, xn, gamma)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    return out, cache


def batchnorm_backward(dout, cache):
    xc, std, xn, gamma = cache
    N = dout.shape[0]
    dgamma = np.sum(dout * xn, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxn = dout * gamma
    dstd = -np.sum(dxn * xc, axis=0) / std ** 2
    dvar = 0.5 * dstd / std
    dxc = dxn / std + 2.0 / N * xc * dvar
    dx = dxc - np.mean(dxc, axis=0)
    return dx, dgamma, dbeta


def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    a, fc_cache = affine_forward(x, w, b)
    n, bn_cache = batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(n)
    return out, (fc_cache, bn_cache, relu_cache)


def affine_bn_relu_backward(dout, cache):
    fc_cache, bn_cache, relu_cache = cache
    dn = relu_backward(dout, relu_cache)
    da, dgamma, dbeta = batchnorm_backward(dn, bn_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db, dgamma, dbeta


def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = np.exp(log_probs)
    dx[np.arange(N), y] -= 1
    return loss, dx / N


class FullyConnectedNet(object):
    def __init__(self, hidden_dims=(20, 15), input_dim=10, num_classes=4, reg=0.0, weight_scale=0.1, seed=0):
        rng = np.random.default_rng(seed)
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.params = {}
        dims = [input_dim] + list(hidden_dims) + [num_classes]
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = weight_scale * rng.standard_normal((dims[i], dims[i + 1]))
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1])
            if i < self.num_layers - 1:
                self.params["gamma%d" % (i + 1)] = np.ones(dims[i + 1])
                self.params["beta%d" % (i + 1)] = np.zeros(dims[i + 1])
        self.bn_params = [{"mode": "train"} for _ in range(self.num_layers - 1)]

    def loss(self, X, y=None):
        """Scores if y is None, else loss and gradients."""
        mode = "test" if y is None else "train"
        p, L = self.params, self.num_layers
        caches, out = [], X
        for i in range(1, L):
            self.bn_params[i - 1]["mode"] = mode
            out, cache = affine_bn_relu_forward(out, p["W%d" % i], p["b%d" % i], p["gamma%d" % i],
                                                p["beta%d" % i], self.bn_params[i - 1])
            caches.append(cache)
        scores, cache = affine_forward(out, p["W%d" % L], p["b%d" % L])
        if y is None:
            return scores
        grads = {}
        loss, dout = softmax_loss(scores, y)
        dout, grads["W%d" % L], grads["b%d" % L] = affine_backward(dout, cache)
        for i in range(L - 1, 0, -1):
            dout, dw, db, dgamma, dbeta = affine_bn_relu_backward(dout, caches[i - 1])
            grads.update({"W%d" % i: dw, "b%d" % i: db, "gamma%d" % i: dgamma, "beta%d" % i: dbeta})
        for i in range(1, L + 1):
            loss += 0.5 * self.reg * np.sum(p["W%d" % i] ** 2)
            grads["W%d" % i] += self.reg * p["W%d" % i]
        return loss, grads


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 10))
    y = np.argmax(X[:, :4] + X[:, 4:8] ** 2, axis=1)
    model = FullyConnectedNet(reg=1e-3)
    for it in range(200):
        idx = rng.choice(240, 50, replace=False)
        loss, grads = model.loss(X[idx], y[idx])
        for k in model.params:
            model.params[k] -= 0.2 * grads[k]
        if it % 50 == 0:
            print("(Iteration %d) loss: %f  val_acc: %f" % (it, loss, np.mean(model.loss(X[240:]).argmax(1) == y[240:])))
