"""A patch embedding that flattens its patches channel first, while its kernel has the channel last.

Symptom: fine when trained from scratch; pretrained patch embeddings do not fit.
Repair: flatten (row, column, channel), as the kernel is laid out.
"""
import numpy as np

CODES = ("patch-order-permuted",)
PLACES = ("kernel", "images", "")


class PatchReference:
    """The same embedding by definition: one tensor product for each patch."""

    def __init__(self, kernel, bias):
        self.kernel = kernel.copy()
        self.bias = bias.copy()

    def forward(self, images):
        size = self.kernel.shape[0]
        tokens = []
        for i in range(0, images.shape[1], size):
            for j in range(0, images.shape[2], size):
                patch = images[:, i:i + size, j:j + size, :]
                tokens.append(np.tensordot(patch, self.kernel, axes=3) + self.bias)
        return np.stack(tokens, axis=1)


class PatchEmbedding:
    """Cuts NHWC images into square patches and maps each to a token of size dim."""

    def __init__(self, size, channels, dim, rng):
        self.size = size
        self.kernel = rng.normal(size=(size, size, channels, dim)) / np.sqrt(size * size * channels)
        self.bias = rng.normal(size=dim) * 0.1
        self.kernel_grad = None
        self.bias_grad = None

    def forward(self, images):
        n, height, width, c = images.shape
        p = self.size
        self.grid = (n, height // p, width // p, c)
        blocks = images.reshape(n, height // p, p, width // p, p, c)
        blocks = blocks.transpose(0, 1, 3, 5, 2, 4)  # FAULT
        self.patches = blocks.reshape(n, (height // p) * (width // p), p * p * c)
        return self.patches @ self.kernel.reshape(p * p * c, -1) + self.bias

    def backward(self, grad):
        n, rows, cols, c = self.grid
        p = self.size
        self.kernel_grad = np.einsum("ntp,ntd->pd", self.patches, grad).reshape(self.kernel.shape)
        self.bias_grad = grad.sum(axis=(0, 1))
        dpatches = grad @ self.kernel.reshape(p * p * c, -1).T
        blocks = dpatches.reshape(n, rows, cols, c, p, p).transpose(0, 1, 4, 2, 5, 3)
        return blocks.reshape(n, rows * p, cols * p, c)


class PatchEmbeddingRepaired:
    """Cuts NHWC images into square patches and maps each to a token of size dim."""

    def __init__(self, size, channels, dim, rng):
        self.size = size
        self.kernel = rng.normal(size=(size, size, channels, dim)) / np.sqrt(size * size * channels)
        self.bias = rng.normal(size=dim) * 0.1
        self.kernel_grad = None
        self.bias_grad = None

    def forward(self, images):
        n, height, width, c = images.shape
        p = self.size
        self.grid = (n, height // p, width // p, c)
        blocks = images.reshape(n, height // p, p, width // p, p, c)
        blocks = blocks.transpose(0, 1, 3, 2, 4, 5)
        self.patches = blocks.reshape(n, (height // p) * (width // p), p * p * c)
        return self.patches @ self.kernel.reshape(p * p * c, -1) + self.bias

    def backward(self, grad):
        n, rows, cols, c = self.grid
        p = self.size
        self.kernel_grad = np.einsum("ntp,ntd->pd", self.patches, grad).reshape(self.kernel.shape)
        self.bias_grad = grad.sum(axis=(0, 1))
        dpatches = grad @ self.kernel.reshape(p * p * c, -1).T
        blocks = dpatches.reshape(n, rows, cols, p, p, c).transpose(0, 1, 3, 2, 4, 5)
        return blocks.reshape(n, rows * p, cols * p, c)


def faulty():
    rng = np.random.default_rng(36)
    embedding = PatchEmbedding(2, 3, 5, rng)
    return {"subject": embedding, "inputs": (rng.normal(size=(2, 4, 6, 3)),),
            "like": PatchReference(embedding.kernel, embedding.bias)}


def correct():
    rng = np.random.default_rng(36)
    embedding = PatchEmbeddingRepaired(2, 3, 5, rng)
    return {"subject": embedding, "inputs": (rng.normal(size=(2, 4, 6, 3)),),
            "like": PatchReference(embedding.kernel, embedding.bias)}
