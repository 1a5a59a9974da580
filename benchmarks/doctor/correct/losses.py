"""Losses: as objects, as pairs, with and without upstream, averaged or summed. All of them are correct."""
import numpy as np


class SoftmaxCrossEntropy:
    """Integer labels, mean over the batch, backward without upstream."""

    def forward(self, logits, labels):
        z = logits - logits.max(axis=1, keepdims=True)
        self.p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        self.labels = labels
        return -np.log(self.p[np.arange(len(labels)), labels]).mean()

    def backward(self):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d / len(d)


def case_cross_entropy_mean():
    rng = np.random.default_rng(0)
    return {"subject": SoftmaxCrossEntropy(),
            "inputs": (rng.normal(size=(4, 5)),), "target": np.array([0, 3, 3, 1])}


class SoftmaxWithLoss:
    """The book's version: one-hot or integer labels, backward(dout=1)."""

    def __init__(self):
        self.loss = self.y = self.t = None

    def forward(self, x, t):
        self.t = t
        x = x - np.max(x, axis=-1, keepdims=True)
        self.y = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
        labels = t.argmax(axis=1) if t.size == self.y.size else t
        self.loss = -np.sum(np.log(self.y[np.arange(len(labels)), labels] + 1e-12)) / len(labels)
        return self.loss

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        if self.t.size == self.y.size:
            dx = (self.y - self.t) / batch_size
        else:
            dx = self.y.copy()
            dx[np.arange(batch_size), self.t] -= 1
            dx = dx / batch_size
        return dout * dx


def case_book_one_hot():
    rng = np.random.default_rng(1)
    return {"subject": SoftmaxWithLoss(),
            "inputs": (rng.normal(size=(3, 4)),), "target": np.eye(4)[[2, 0, 2]]}


def case_book_integer_labels():
    rng = np.random.default_rng(2)
    return {"subject": SoftmaxWithLoss(),
            "inputs": (rng.normal(size=(5, 3)),), "target": np.array([2, 0, 1, 1, 0])}


class SummedCrossEntropy:
    """Columns are samples; sum over the batch, log-sum-exp, label smoothing."""

    def __init__(self, smoothing=0.1):
        self.smoothing = smoothing

    def forward(self, scores, onehot):
        c = scores.shape[0]
        self.q = (1 - self.smoothing) * onehot + self.smoothing / c
        m = scores.max(axis=0)
        lse = m + np.log(np.exp(scores - m).sum(axis=0))
        self.p = np.exp(scores - lse)
        return float(np.sum(lse - (self.q * scores).sum(axis=0)))

    def backward(self):
        return self.p - self.q


def case_summed_smoothed_columns():
    rng = np.random.default_rng(3)
    return {"subject": SummedCrossEntropy(),
            "inputs": (rng.normal(size=(4, 3)),), "target": np.eye(4)[:, [1, 3, 0]]}


class SequenceLoss:
    """(batch, time, vocabulary); padded targets (-1) count neither in the loss nor in the mean."""

    ignore_index = -1

    def forward(self, logits, targets):
        z = logits - logits.max(-1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
        self.valid = targets != self.ignore_index
        self.safe = np.where(self.valid, targets, 0)
        picked = np.take_along_axis(logp, self.safe[..., None], axis=-1)[..., 0]
        self.count = self.valid.sum()
        self.probs = np.exp(logp)
        return -(picked * self.valid).sum() / self.count

    def backward(self):
        grad = self.probs.copy()
        b, t = np.indices(self.safe.shape)
        grad[b, t, self.safe] -= 1.0
        return grad * self.valid[..., None] / self.count


def case_sequence_with_padding():
    rng = np.random.default_rng(4)
    target = np.array([[1, 4, 0, -1], [2, -1, -1, -1]])
    return {"subject": SequenceLoss(), "inputs": (rng.normal(size=(2, 4, 5)),), "target": target}


class MSELoss:
    """Mean over all elements."""

    def forward(self, prediction, target):
        self.diff = prediction - target
        return np.mean(self.diff ** 2)

    def backward(self):
        return 2 * self.diff / self.diff.size


def case_mse_all_elements():
    rng = np.random.default_rng(5)
    return {"subject": MSELoss(), "inputs": (rng.normal(size=(4, 3)),), "target": rng.normal(size=(4, 3))}


class HalfSquaredError:
    """One half, summed over features, averaged over samples; the result is (y - t) / B."""

    def __call__(self, y, t):
        return self.forward(y, t)

    def forward(self, y, t):
        self.y, self.t = y, t
        return 0.5 * np.sum((y - t) ** 2) / y.shape[0]

    def backward(self):
        return (self.y - self.t) / self.y.shape[0]


def case_half_squared_error():
    rng = np.random.default_rng(6)
    return {"subject": HalfSquaredError(),
            "inputs": (rng.normal(size=(5, 2)),), "target": rng.normal(size=(5, 2))}


class HuberLoss:
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, y_pred, y_true):
        self.e = y_pred - y_true
        small = np.abs(self.e) <= self.delta
        return np.where(small, 0.5 * self.e ** 2, self.delta * (np.abs(self.e) - 0.5 * self.delta)).mean()

    def backward(self):
        return np.clip(self.e, -self.delta, self.delta) / self.e.size


def case_huber_gradient_is_a_clip():
    """The clip belongs to the function: its derivative saturates."""
    rng = np.random.default_rng(7)
    return {"subject": HuberLoss(0.8),
            "inputs": (2 * rng.normal(size=(4, 3)),), "target": rng.normal(size=(4, 3))}


class BCEWithLogits:
    def __init__(self, pos_weight=1.0):
        self.pos_weight = pos_weight

    def forward(self, logits, y):
        self.z, self.y = logits, y
        softplus = np.logaddexp(0, -logits)
        return np.mean(self.pos_weight * y * softplus + (1 - y) * (logits + softplus))

    def backward(self):
        s = 1 / (1 + np.exp(-self.z))
        return (self.pos_weight * self.y * (s - 1) + (1 - self.y) * s) / self.z.size


def case_bce_with_logits_weighted():
    rng = np.random.default_rng(8)
    target = rng.integers(0, 2, size=(4, 3)).astype(float)
    return {"subject": BCEWithLogits(2.5), "inputs": (rng.normal(size=(4, 3)),), "target": target}


class BinaryCrossEntropy:
    """On probabilities, clipped away from 0 and 1 before the logarithm."""

    def forward(self, p, y):
        self.p, self.y = np.clip(p, 1e-7, 1 - 1e-7), y
        return -np.mean(y * np.log(self.p) + (1 - y) * np.log(1 - self.p))

    def backward(self):
        return (self.p - self.y) / (self.p * (1 - self.p)) / self.y.size


def case_bce_on_probabilities():
    rng = np.random.default_rng(9)
    target = rng.integers(0, 2, size=(5, 2)).astype(float)
    return {"subject": BinaryCrossEntropy(),
            "inputs": (rng.uniform(0.1, 0.9, size=(5, 2)),), "target": target}


def svm_loss(x, y):
    n = x.shape[0]
    margins = np.maximum(0, x - x[np.arange(n), y][:, None] + 1.0)
    margins[np.arange(n), y] = 0
    return np.sum(margins) / n, (margins, y)


def svm_loss_backward(dloss, cache):
    margins, y = cache
    n = len(y)
    dx = (margins > 0).astype(float)
    dx[np.arange(n), y] -= dx.sum(axis=1)
    return dloss * dx / n


def case_hinge_pair():
    """Labels are the second input; backward returns dx only."""
    rng = np.random.default_rng(10)
    return {"subject": (svm_loss, svm_loss_backward),
            "inputs": (rng.normal(size=(4, 5)), np.array([1, 0, 4, 1]))}


class TripletLoss:
    """Three inputs, no target: backward() returns three gradients."""

    def __init__(self, margin):
        self.margin = margin

    def forward(self, anchor, positive, negative):
        self.ap, self.an = anchor - positive, anchor - negative
        losses = (self.ap ** 2).sum(1) - (self.an ** 2).sum(1) + self.margin
        self.active = (losses > 0)[:, None] / len(anchor)
        return np.maximum(losses, 0).mean()

    def backward(self):
        return (2 * self.active * (self.ap - self.an), -2 * self.active * self.ap, 2 * self.active * self.an)


def case_triplet():
    rng = np.random.default_rng(11)
    return {"subject": TripletLoss(1.0), "inputs": tuple(rng.normal(size=(5, 3)) for _ in range(3))}


class InfoNCE:
    """Other samples of the batch are the negatives: samples mix by design."""

    temperature = 0.5

    def forward(self, a, b):
        self.a, self.b = a, b
        s = a @ b.T / self.temperature
        s = s - s.max(axis=1, keepdims=True)
        self.p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        return -np.mean(np.log(np.diag(self.p)))

    def backward(self, upstream=1.0):
        n = len(self.a)
        ds = upstream * (self.p - np.eye(n)) / n / self.temperature
        return ds @ self.b, ds.T @ self.a


def case_contrastive():
    rng = np.random.default_rng(12)
    return {"subject": InfoNCE(), "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(4, 3)))}


class Distillation:
    """KL of a teacher at temperature T, multiplied by T squared as Hinton does."""

    def __init__(self, T=2.0):
        self.T = T

    def _softmax(self, z):
        e = np.exp(z / self.T - (z / self.T).max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def forward(self, student, teacher):
        self.p, self.q = self._softmax(student), self._softmax(teacher)
        return self.T ** 2 * np.sum(self.q * (np.log(self.q) - np.log(self.p))) / len(student)

    def backward(self):
        return self.T * (self.p - self.q) / len(self.p)


def case_distillation():
    rng = np.random.default_rng(13)
    return {"subject": Distillation(),
            "inputs": (rng.normal(size=(3, 4)),), "target": rng.normal(size=(3, 4))}


class FocalLoss:
    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def forward(self, logits, labels):
        self.rows = np.arange(len(labels)), labels
        e = np.exp(logits - logits.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        self.pt = self.p[self.rows]
        return np.mean(-(1 - self.pt) ** self.gamma * np.log(self.pt))

    def backward(self):
        g, pt = self.gamma, self.pt
        dpt = g * (1 - pt) ** (g - 1) * np.log(pt) - (1 - pt) ** g / pt
        dz = -self.p * pt[:, None]
        dz[self.rows] += pt
        return dpt[:, None] * dz / len(pt)


def case_focal():
    rng = np.random.default_rng(14)
    return {"subject": FocalLoss(), "inputs": (rng.normal(size=(4, 3)),), "target": np.array([0, 2, 1, 2])}


class Affine:
    def __init__(self, n_in, n_out, rng):
        self.W, self.b = rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.W.T


class SoftmaxOutput:
    """Its backward starts at the logits: the loss gradient it is given is already p - y."""

    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, p_minus_y):
        return p_minus_y


class Classifier:
    def __init__(self, rng):
        self.layers = [Affine(4, 6, rng), Tanh(), Affine(6, 3, rng), SoftmaxOutput()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in self.layers[::-1]:
            grad = layer.backward(grad)
        return grad


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y ** 2)


def cross_entropy(p, y):
    return -np.sum(y * np.log(p)) / len(p)


def cross_entropy_prime(p, y):
    return (p - y) / len(p)


def case_softmax_and_cross_entropy_combined():
    rng = np.random.default_rng(15)
    return {"subject": Classifier(rng),
            "inputs": (rng.normal(size=(5, 4)),), "target": np.eye(3)[[0, 2, 1, 1, 0]],
            "loss": (cross_entropy, cross_entropy_prime)}


class LogisticUnit:
    """Sigmoid output, whose slope is canceled by the cross-entropy."""

    def __init__(self, n, rng):
        self.w, self.b = rng.normal(size=(n, 1)), np.zeros((1, 1))

    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-(x @ self.w + self.b)))

    def backward(self, error):
        self.grad_w = self.x.T @ error
        self.grad_b = error.sum(axis=0, keepdims=True)
        return error @ self.w.T


def case_logistic_regression_combined():
    rng = np.random.default_rng(16)
    target = np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
    return {"subject": LogisticUnit(4, rng), "inputs": (rng.normal(size=(5, 4)),), "target": target,
            "loss": (lambda p, y: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)), lambda p, y: p - y)}


def mse(y, t):
    return float(np.mean((y - t) ** 2))


def mse_prime(y, t):
    return 2 * (y - t) / np.size(t)


def case_affine_with_mse_pair():
    rng = np.random.default_rng(17)
    return {"subject": Affine(3, 2, rng),
            "inputs": (rng.normal(size=(4, 3)),), "target": rng.normal(size=(4, 2)),
            "loss": (mse, mse_prime)}


class RegularizedNet:
    """The loss lives in the network; weight decay is in the loss and in the gradient, not for biases."""

    def __init__(self, n_in, hidden, n_out, decay, rng):
        self.params = {"W1": rng.normal(size=(n_in, hidden)) * 0.5, "b1": np.zeros(hidden),
                       "W2": rng.normal(size=(hidden, n_out)) * 0.5, "b2": np.zeros(n_out)}
        self.decay = decay
        self.grads = {}

    def forward(self, x, labels):
        P = self.params
        self.x, self.labels = x, labels
        self.h = np.tanh(x @ P["W1"] + P["b1"])
        z = self.h @ P["W2"] + P["b2"]
        z = z - z.max(axis=1, keepdims=True)
        self.p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        data = -np.log(self.p[np.arange(len(x)), labels]).mean()
        return data + 0.5 * self.decay * (np.sum(P["W1"] ** 2) + np.sum(P["W2"] ** 2))

    def backward(self):
        P = self.params
        dz = self.p.copy()
        dz[np.arange(len(dz)), self.labels] -= 1
        dz /= len(dz)
        da = dz @ P["W2"].T * (1 - self.h ** 2)
        self.grads = {"W1": self.x.T @ da + self.decay * P["W1"], "b1": da.sum(0),
                      "W2": self.h.T @ dz + self.decay * P["W2"], "b2": dz.sum(0)}
        return da @ P["W1"].T


def case_weight_decay_in_loss_and_gradient():
    rng = np.random.default_rng(18)
    return {"subject": RegularizedNet(4, 5, 3, 0.1, rng), "inputs": (rng.normal(size=(6, 4)),),
            "target": np.array([0, 1, 2, 2, 1, 0])}


def gaussian_nll(mean, log_var, y):
    inv = np.exp(-log_var)
    return 0.5 * np.mean(log_var + (y - mean) ** 2 * inv), {"mean": mean, "inv": inv, "y": y}


def gaussian_nll_grad(dout, cache):
    e, inv = cache["mean"] - cache["y"], cache["inv"]
    k = dout / e.size
    return {"mean": k * e * inv, "log_var": 0.5 * k * (1 - e ** 2 * inv), "y": -k * e * inv}


def case_gaussian_likelihood_dict():
    """Two predictions and the observation, gradients by name."""
    rng = np.random.default_rng(19)
    return {"subject": (gaussian_nll, gaussian_nll_grad),
            "inputs": tuple(rng.normal(size=(4, 2)) for _ in range(3))}
