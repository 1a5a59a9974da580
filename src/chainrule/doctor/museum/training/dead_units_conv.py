"""A small convolution network with a mistyped bias: five of its six feature maps never light up.

Symptom: most feature maps are black; their kernels do not change.
Repair: biases of zero.
"""
import numpy as np

CODES = ("dead-units",)
PLACES = ("conv", "conv.b", "conv.bias", "relu", "")


class Conv3x3:
    def __init__(self, n_maps, rng):
        self.kernels = rng.normal(0, np.sqrt(2 / 9), (n_maps, 3, 3))
        self.b = np.array([0.0] + [-10.0] * (n_maps - 1))  # FAULT

    def forward(self, images):
        self.patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
        return np.einsum("nijkl,mkl->nmij", self.patches, self.kernels) + self.b[:, None, None]

    def backward(self, dy):
        self.kernels_grad = np.einsum("nijkl,nmij->mkl", self.patches, dy)
        self.b_grad = dy.sum(axis=(0, 2, 3))


class ConvNet:
    """Convolution, ReLU, mean over each map's rows, dense."""

    def __init__(self, n_maps, n_classes, rng):
        self.conv = Conv3x3(n_maps, rng)
        self.V = rng.normal(0, np.sqrt(1 / (5 * n_maps)), (5 * n_maps, n_classes))
        self.v = np.zeros(n_classes)

    def forward(self, images):
        self.z = self.conv.forward(images)
        self.relu = np.maximum(self.z, 0)
        self.features = self.relu.mean(axis=3).reshape(len(images), -1)
        return self.features @ self.V + self.v

    def step(self, images, labels, learning_rate):
        logits = self.forward(images)
        logits = logits - logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        delta = np.exp(log_p)
        delta[np.arange(len(labels)), labels] -= 1
        delta /= len(labels)
        self.V_grad = self.features.T @ delta
        self.v_grad = delta.sum(axis=0)
        d = (delta @ self.V.T).reshape(self.z.shape[:3])[..., None] / self.z.shape[3]
        self.conv.backward(d * (self.z > 0))
        self.V -= learning_rate * self.V_grad
        self.v -= learning_rate * self.v_grad
        self.conv.kernels -= learning_rate * self.conv.kernels_grad
        self.conv.b -= learning_rate * self.conv.b_grad
        return float(-log_p[np.arange(len(labels)), labels].mean())


class Conv3x3Repaired:
    def __init__(self, n_maps, rng):
        self.kernels = rng.normal(0, np.sqrt(2 / 9), (n_maps, 3, 3))
        self.b = np.array([0.0] + [0.0] * (n_maps - 1))

    def forward(self, images):
        self.patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
        return np.einsum("nijkl,mkl->nmij", self.patches, self.kernels) + self.b[:, None, None]

    def backward(self, dy):
        self.kernels_grad = np.einsum("nijkl,nmij->mkl", self.patches, dy)
        self.b_grad = dy.sum(axis=(0, 2, 3))


class ConvNetRepaired:
    """Convolution, ReLU, mean over each map's rows, dense."""

    def __init__(self, n_maps, n_classes, rng):
        self.conv = Conv3x3Repaired(n_maps, rng)
        self.V = rng.normal(0, np.sqrt(1 / (5 * n_maps)), (5 * n_maps, n_classes))
        self.v = np.zeros(n_classes)

    def forward(self, images):
        self.z = self.conv.forward(images)
        self.relu = np.maximum(self.z, 0)
        self.features = self.relu.mean(axis=3).reshape(len(images), -1)
        return self.features @ self.V + self.v

    def step(self, images, labels, learning_rate):
        logits = self.forward(images)
        logits = logits - logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        delta = np.exp(log_p)
        delta[np.arange(len(labels)), labels] -= 1
        delta /= len(labels)
        self.V_grad = self.features.T @ delta
        self.v_grad = delta.sum(axis=0)
        d = (delta @ self.V.T).reshape(self.z.shape[:3])[..., None] / self.z.shape[3]
        self.conv.backward(d * (self.z > 0))
        self.V -= learning_rate * self.V_grad
        self.v -= learning_rate * self.v_grad
        self.conv.kernels -= learning_rate * self.conv.kernels_grad
        self.conv.b -= learning_rate * self.conv.b_grad
        return float(-log_p[np.arange(len(labels)), labels].mean())


def bars(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    x = 0.4 * rng.normal(size=(n, 7, 7))
    x[np.arange(n), 2 * y + 1] += 1.5
    return x, y


def faulty():
    x, y = bars(130, seed=51)
    net = ConvNet(6, 3, np.random.default_rng(52))
    return {"training_check": True, "subject": net, "x": x[:96], "target": y[:96],
            "evaluation": (x[96:], y[96:]), "learning_rate": 0.05, "batch_size": 24, "steps": 60}


def correct():
    x, y = bars(130, seed=51)
    net = ConvNetRepaired(6, 3, np.random.default_rng(52))
    return {"training_check": True, "subject": net, "x": x[:96], "target": y[:96],
            "evaluation": (x[96:], y[96:]), "learning_rate": 0.05, "batch_size": 24, "steps": 60}
