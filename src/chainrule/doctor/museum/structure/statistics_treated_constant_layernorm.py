"""Layer normalization whose mean and deviation are taken for constants in backward.

Symptom: training works with a small learning rate and diverges with the usual one.
Repair: subtract the two means that come from differentiating the statistics.
"""
import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("x", "")


class LayerNormalization:
    """Normalizes every sample over its features, then scales and shifts."""

    def __init__(self, num_features, epsilon=1e-5):
        self.num_features = num_features
        self.epsilon = epsilon
        self.gamma = np.ones((num_features,), dtype=np.float32)
        self.beta = np.zeros((num_features,), dtype=np.float32)
        self.grad_gamma = None
        self.grad_beta = None

    def forward(self, x):
        self.mean = np.mean(x, axis=-1, keepdims=True)
        self.variance = np.var(x, axis=-1, keepdims=True)
        self.std = np.sqrt(self.variance + self.epsilon)
        self.normalized = (x - self.mean) / self.std
        return self.gamma * self.normalized + self.beta

    def backward(self, grad_output):
        self.grad_gamma = np.sum(grad_output * self.normalized, axis=0)
        self.grad_beta = np.sum(grad_output, axis=0)
        grad_normalized = grad_output * self.gamma
        grad_input = grad_normalized / self.std  # FAULT
        return grad_input


class LayerNormalizationRepaired:
    """Normalizes every sample over its features, then scales and shifts."""

    def __init__(self, num_features, epsilon=1e-5):
        self.num_features = num_features
        self.epsilon = epsilon
        self.gamma = np.ones((num_features,), dtype=np.float32)
        self.beta = np.zeros((num_features,), dtype=np.float32)
        self.grad_gamma = None
        self.grad_beta = None

    def forward(self, x):
        self.mean = np.mean(x, axis=-1, keepdims=True)
        self.variance = np.var(x, axis=-1, keepdims=True)
        self.std = np.sqrt(self.variance + self.epsilon)
        self.normalized = (x - self.mean) / self.std
        return self.gamma * self.normalized + self.beta

    def backward(self, grad_output):
        self.grad_gamma = np.sum(grad_output * self.normalized, axis=0)
        self.grad_beta = np.sum(grad_output, axis=0)
        grad_normalized = grad_output * self.gamma
        mean_grad = np.mean(grad_normalized, axis=-1, keepdims=True)
        mean_product = np.mean(grad_normalized * self.normalized, axis=-1, keepdims=True)
        grad_input = (grad_normalized - mean_grad - self.normalized * mean_product) / self.std
        return grad_input


def faulty():
    rng = np.random.default_rng(2)
    x = rng.normal(1.0, 2.0, size=(4, 6)).astype(np.float32)
    return {"subject": LayerNormalization(6), "inputs": (x,)}


def correct():
    rng = np.random.default_rng(2)
    x = rng.normal(1.0, 2.0, size=(4, 6)).astype(np.float32)
    return {"subject": LayerNormalizationRepaired(6), "inputs": (x,)}
