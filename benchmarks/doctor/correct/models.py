"""Correct whole models, each with a pair (loss, gradient of the loss) and a target."""

import numpy as np


class Affine:
    def __init__(self, n_in, n_out, rng):
        self.weights = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.biases = rng.normal(size=(1, n_out)) * 0.1

    def forward(self, inputs):
        self.inputs = inputs
        return np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        return np.dot(dvalues, self.weights.T)


class ReLU:
    def forward(self, inputs):
        self.output = np.maximum(0, inputs)
        return self.output

    def backward(self, dvalues):
        dinputs = dvalues.copy()
        dinputs[self.output <= 0] = 0
        return dinputs


class SoftmaxForCrossEntropy:
    """Its backward is handed p - y, the gradient at the logits already, and passes it on."""

    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, p_minus_y):
        return p_minus_y


class Network:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g


def cross_entropy(p, y):
    return -np.sum(y * np.log(p)) / len(y)


def p_minus_y(p, y):
    return (p - y) / len(y)


def case_softmax_last_combined_gradient():
    rng = np.random.default_rng(0)
    net = Network([Affine(4, 6, rng), ReLU(), Affine(6, 3, rng), SoftmaxForCrossEntropy()])
    return {
        "subject": net,
        "inputs": (rng.normal(size=(5, 4)),),
        "target": np.eye(3)[[0, 2, 1, 1, 2]],
        "loss": (cross_entropy, p_minus_y),
    }


class HonestSoftmax:
    """The whole Jacobian, with the loss's own gradient -y/p."""

    def forward(self, z):
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        self.p = e / np.sum(e, axis=1, keepdims=True)
        return self.p

    def backward(self, g):
        return self.p * (g - np.sum(g * self.p, axis=1, keepdims=True))


def case_softmax_last_honest_gradient():
    rng = np.random.default_rng(1)
    net = Network([Affine(3, 5, rng), ReLU(), Affine(5, 4, rng), HonestSoftmax()])
    labels = np.array([3, 0, 1, 1, 2, 0])
    rows = np.arange(6)

    def loss(p, y):
        return float(np.mean(-np.log(p[rows, y])))

    def gradient(p, y):
        g = np.zeros_like(p)
        g[rows, y] = -1 / p[rows, y] / len(y)
        return g

    return {"subject": net, "inputs": (rng.normal(size=(6, 3)),), "target": labels, "loss": (loss, gradient)}


def logits_loss(z, labels):
    z = z - z.max(axis=1, keepdims=True)
    return np.sum(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels])


def logits_loss_gradient(z, labels):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    g[np.arange(len(z)), labels] -= 1
    return g


class MaxPool:
    def forward(self, x):  # NHWC, 2x2, stride 2
        b, h, w, c = x.shape
        blocks = (
            x.reshape(b, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4).reshape(b, h // 2, w // 2, c, 4)
        )
        self.best, self.shape = blocks.argmax(axis=-1), x.shape
        return blocks.max(axis=-1)

    def backward(self, g):
        b, h, w, c = self.shape
        one = (np.arange(4) == self.best[..., None]) * g[..., None]
        return one.reshape(b, h // 2, w // 2, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(self.shape)


class ConvNHWC:
    def __init__(self, k, c_in, c_out, rng):
        self.kernel = rng.normal(size=(k, k, c_in, c_out)) / np.sqrt(k * k * c_in)
        self.bias = np.full(c_out, 0.1)

    def forward(self, x):
        self.windows = np.lib.stride_tricks.sliding_window_view(x, self.kernel.shape[:2], axis=(1, 2))
        self.shape = x.shape
        return np.einsum("bhwcij,ijco->bhwo", self.windows, self.kernel) + self.bias

    def backward(self, g):
        self.dkernel = np.einsum("bhwcij,bhwo->ijco", self.windows, g)
        self.dbias = g.sum(axis=(0, 1, 2))
        dx = np.zeros(self.shape)
        for i in range(self.kernel.shape[0]):
            for j in range(self.kernel.shape[1]):
                dx[:, i : i + g.shape[1], j : j + g.shape[2]] += g @ self.kernel[i, j].T
        return dx


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, g):
        return g.reshape(self.shape)


def case_small_lenet_summed_loss():
    rng = np.random.default_rng(2)
    net = Network([ConvNHWC(3, 2, 3, rng), ReLU(), MaxPool(), Flatten(), Affine(2 * 3 * 3, 4, rng)])
    return {
        "subject": net,
        "inputs": (rng.normal(size=(3, 6, 8, 2)),),
        "target": np.array([1, 3, 0]),
        "loss": (logits_loss, logits_loss_gradient),
    }


class SigmoidRegressor:
    """Probability out; the loss's gradient is already the one at the logit (p - y), as textbooks derive
    it.
    """

    def __init__(self, n, rng):
        self.w, self.b = rng.normal(size=n), np.zeros(1)

    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-(x @ self.w + self.b)))

    def backward(self, delta):
        self.grad_w, self.grad_b = delta @ self.x, np.array([delta.sum()])
        return np.outer(delta, self.w)


def case_logistic_regression_combined_gradient():
    rng = np.random.default_rng(3)
    y = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
    return {
        "subject": SigmoidRegressor(3, rng),
        "inputs": (rng.normal(size=(5, 3)),),
        "target": y,
        "loss": (
            lambda p, t: -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)),
            lambda p, t: (p - t) / t.size,
        ),
    }


def mse(y, t):
    return np.mean((y - t) ** 2)


def mse_gradient(y, t):
    return 2 * (y - t) / y.size


class Elman:
    """A sequence in, a number at each time step out."""

    def __init__(self, n, h, rng):
        self.U, self.V, self.O = (
            rng.normal(size=(n, h)) * 0.5,
            rng.normal(size=(h, h)) * 0.4,
            rng.normal(size=(h, 1)) * 0.5,
        )

    def forward(self, x):
        self.x, self.s = x, [np.zeros((len(x), len(self.V)))]
        for t in range(x.shape[1]):
            self.s.append(np.tanh(x[:, t] @ self.U + self.s[-1] @ self.V))
        return np.stack(self.s[1:], axis=1) @ self.O

    def backward(self, g):
        self.dU, self.dV, self.dO = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.O)
        dx, ds = np.zeros_like(self.x), 0
        for t in range(g.shape[1] - 1, -1, -1):
            self.dO += self.s[t + 1].T @ g[:, t]
            da = (g[:, t] @ self.O.T + ds) * (1 - self.s[t + 1] ** 2)
            self.dU += self.x[:, t].T @ da
            self.dV += self.s[t].T @ da
            dx[:, t] = da @ self.U.T
            ds = da @ self.V.T
        return dx


def case_sequence_regression_mse():
    rng = np.random.default_rng(4)
    return {
        "subject": Elman(2, 4, rng),
        "inputs": (rng.normal(size=(3, 5, 2)),),
        "target": rng.normal(size=(3, 5, 1)),
        "loss": (mse, mse_gradient),
    }


class BatchNorm:
    def __init__(self, n, rng):
        self.gamma, self.beta = rng.uniform(0.5, 1.5, n), rng.normal(size=n)
        self.moving_mean, self.moving_variance = np.zeros(n), np.ones(n)

    def forward(self, x):
        mu, var = x.mean(axis=0), x.var(axis=0)
        self.moving_mean = 0.99 * self.moving_mean + 0.01 * mu
        self.moving_variance = 0.99 * self.moving_variance + 0.01 * var
        self.sd = np.sqrt(var + 1e-5)
        self.xn = (x - mu) / self.sd
        return self.gamma * self.xn + self.beta

    def backward(self, g):
        self.dgamma, self.dbeta = np.sum(g * self.xn, axis=0), np.sum(g, axis=0)
        n = len(g)
        return self.gamma / (n * self.sd) * (n * g - self.dbeta - self.xn * self.dgamma)


def case_batch_norm_network_loss():
    rng = np.random.default_rng(5)
    net = Network([Affine(3, 5, rng), BatchNorm(5, rng), ReLU(), Affine(5, 4, rng)])
    return {
        "subject": net,
        "inputs": (rng.normal(size=(6, 3)),),
        "target": np.array([0, 3, 1, 2, 2, 0]),
        "loss": (logits_loss, logits_loss_gradient),
    }


class DecayedRegression:
    """Weight decay stands in the loss (a closure over the model) and in the gradient, with one factor."""

    def __init__(self, n, m, rng, decay=0.1):
        self.W, self.decay = rng.normal(size=(n, m)), decay

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, g):
        self.dW = self.x.T @ g + self.decay * self.W
        return g @ self.W.T

    def loss(self, y, t):
        return 0.5 * np.sum((y - t) ** 2) / len(t) + 0.5 * self.decay * np.sum(self.W**2)

    @staticmethod
    def loss_gradient(y, t):
        return (y - t) / len(t)


def case_decay_in_loss_and_gradient():
    rng = np.random.default_rng(6)
    model = DecayedRegression(4, 2, rng)
    return {
        "subject": model,
        "inputs": (rng.normal(size=(5, 4)),),
        "target": rng.normal(size=(5, 2)),
        "loss": (model.loss, model.loss_gradient),
    }


def hinge(scores, y):
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1)
    margins[np.arange(len(y)), y] = 0
    return margins.sum() / len(y)


def hinge_gradient(scores, y):
    rows = np.arange(len(y))
    active = (scores - scores[rows, y][:, None] + 1 > 0).astype(float)
    active[rows, y] = 0
    active[rows, y] = -active.sum(axis=1)
    return active / len(y)


def case_multiclass_hinge():
    rng = np.random.default_rng(7)
    return {
        "subject": Network([Affine(4, 5, rng), ReLU(), Affine(5, 3, rng)]),
        "inputs": (rng.normal(size=(6, 4)),),
        "target": np.array([0, 1, 1, 2, 0, 2]),
        "loss": (hinge, hinge_gradient),
    }


class PaddedTagger:
    """Tags for each token; padded positions carry the label -100 and are left out of mean and gradient."""

    def __init__(self, words, width, tags, rng):
        self.table = rng.normal(size=(words, width))
        self.out = rng.normal(size=(width, tags)) * 0.5

    def forward(self, ids):
        self.ids = ids
        self.h = np.tanh(self.table[ids])
        return self.h @ self.out

    def backward(self, g):
        self.grad_out = np.tensordot(self.h, g, ((0, 1), (0, 1)))
        self.grad_table = np.zeros_like(self.table)
        np.add.at(self.grad_table, self.ids, g @ self.out.T * (1 - self.h**2))


def masked_loss(z, tags):
    keep = tags != -100
    z, t = z[keep], tags[keep]
    return logits_loss(z, t) / len(t)


def masked_loss_gradient(z, tags):
    keep = tags != -100
    g = np.zeros_like(z)
    g[keep] = logits_loss_gradient(z[keep], tags[keep]) / keep.sum()
    return g


def case_tagger_ignored_positions():
    rng = np.random.default_rng(8)
    ids = np.array([[3, 1, 4, 4], [5, 2, 0, 0]])
    return {
        "subject": PaddedTagger(6, 3, 4, rng),
        "inputs": (ids,),
        "target": np.array([[1, 0, 3, 3], [2, 2, -100, -100]]),
        "loss": (masked_loss, masked_loss_gradient),
    }


class Float32Network:
    """Single precision throughout."""

    def __init__(self, seed=9):
        r = np.random.default_rng(seed)
        self.W1 = (r.normal(size=(4, 6)) * 0.5).astype(np.float32)
        self.b1 = np.zeros(6, dtype=np.float32)
        self.W2 = (r.normal(size=(6, 2)) * 0.5).astype(np.float32)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1 + self.b1)
        return self.h @ self.W2

    def backward(self, g):
        self.dW2 = self.h.T @ g
        dz = g @ self.W2.T * (1 - self.h**2)
        self.dW1, self.db1 = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W1.T


def case_float32_mse():
    r = np.random.default_rng(10)
    return {
        "subject": Float32Network(),
        "inputs": (r.normal(size=(5, 4)).astype(np.float32),),
        "target": r.normal(size=(5, 2)).astype(np.float32),
        "loss": (mse, mse_gradient),
    }


def huber(y, t, delta=0.8):
    e = np.abs(y - t)
    return np.where(e < delta, 0.5 * e**2, delta * (e - 0.5 * delta)).sum()


def huber_gradient(y, t, delta=0.8):
    return np.clip(y - t, -delta, delta)


def case_huber_features_first():
    rng = np.random.default_rng(11)

    class Columns:
        def __init__(self):
            self.W = [rng.normal(size=(5, 3)), rng.normal(size=(2, 5))]
            self.b = [rng.normal(size=(5, 1)), rng.normal(size=(2, 1))]
            self.dW, self.db = [None, None], [None, None]

        def forward(self, X):
            self.A = [X]
            for W, b in zip(self.W, self.b):
                self.A.append(np.tanh(W @ self.A[-1] + b))
            return self.A[-1]

        def backward(self, dA):
            for l in (1, 0):
                dZ = dA * (1 - self.A[l + 1] ** 2)
                self.dW[l] = dZ @ self.A[l].T
                self.db[l] = np.sum(dZ, axis=1, keepdims=True)
                dA = self.W[l].T @ dZ
            return dA

    return {
        "subject": Columns(),
        "inputs": (rng.normal(size=(3, 7)),),
        "target": rng.normal(size=(2, 7)) * 1.5,
        "loss": (huber, huber_gradient),
    }
