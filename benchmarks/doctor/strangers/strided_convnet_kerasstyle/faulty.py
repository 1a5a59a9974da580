import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Conv2D:
    """channels_last, like in Keras. kernelWeights: (kh, kw, cin, filters)"""

    def __init__(self, filters, kernelSize, strides=1, padding=0, inputChannels=1, seed=None):
        kh, kw = kernelSize
        rng = np.random.default_rng(seed)
        limit = np.sqrt(6 / (kh * kw * (inputChannels + filters)))
        self.kernelWeights = rng.uniform(-limit, limit, (kh, kw, inputChannels, filters))
        self.biasWeights = np.zeros(filters)
        self.strides, self.padding = strides, padding

    def forward(self, inputs):
        p, s = self.padding, self.strides
        kh, kw = self.kernelWeights.shape[:2]
        self.inputShape = inputs.shape
        self.padded = np.pad(inputs, ((0, 0), (p, p), (p, p), (0, 0)))
        self.windows = sliding_window_view(self.padded, (kh, kw), axis=(1, 2))[:, ::s, ::s]
        return np.einsum("nhwcij,ijcf->nhwf", self.windows, self.kernelWeights) + self.biasWeights

    def backward(self, gradOutputs):
        p, s = self.padding, self.strides
        kh, kw = self.kernelWeights.shape[:2]
        _, H, W, _ = self.inputShape
        _, ho, wo, _ = gradOutputs.shape
        self.kernelGradient = np.einsum("nhwcij,nhwf->ijcf", self.windows, gradOutputs)
        self.biasGradient = gradOutputs.sum(axis=(0, 1, 2))
        gradPadded = np.zeros(self.padded.shape)
        for i in range(kh):
            for j in range(kw):
                part = gradOutputs @ self.kernelWeights[i, j].T
                gradPadded[:, i:i + s * ho:s, j:j + s * wo:s] += part
        return gradPadded[:, :H, :W]

    def trainables(self):
        return [("kernelWeights", "kernelGradient"), ("biasWeights", "biasGradient")]


class ELU:
    def forward(self, inputs):
        self.outputs = np.where(inputs > 0, inputs, np.expm1(np.minimum(inputs, 0)))
        return self.outputs

    def backward(self, gradOutputs):
        return gradOutputs * np.where(self.outputs > 0, 1.0, self.outputs + 1.0)

    def trainables(self):
        return []


class GlobalAveragePooling2D:
    def forward(self, inputs):
        self.shape = inputs.shape
        return inputs.mean(axis=(1, 2))

    def backward(self, gradOutputs):
        n, h, w, c = self.shape
        return np.broadcast_to(gradOutputs[:, None, None, :] / (h * w), self.shape)

    def trainables(self):
        return []


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, inputs):
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def backward(self, gradOutputs):
        for layer in reversed(self.layers):
            gradOutputs = layer.backward(gradOutputs)
        return gradOutputs

    def predict(self, x):
        return self.forward(x).argmax(axis=1)

    def fit(self, x, y, epochs=5, batchSize=16, learningRate=0.1, verbose=1):
        rng = np.random.default_rng(0)
        for epoch in range(epochs):
            order = rng.permutation(len(x))
            total = 0.0
            for start in range(0, len(x), batchSize):
                rows = order[start:start + batchSize]
                logits = self.forward(x[rows])
                total += categoricalCrossentropy(logits, y[rows]) * len(rows)
                self.backward(categoricalCrossentropyGradient(logits, y[rows]))
                for layer in self.layers:
                    for weights, gradient in layer.trainables():
                        setattr(layer, weights, getattr(layer, weights) - learningRate * getattr(layer, gradient))
            if verbose:
                print("Epoch %d - loss: %.4f" % (epoch + 1, total / len(x)))


def logSoftmax(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def categoricalCrossentropy(logits, oneHot):
    return -(oneHot * logSoftmax(logits)).sum(axis=1).mean()


def categoricalCrossentropyGradient(logits, oneHot):
    return (np.exp(logSoftmax(logits)) - oneHot) / len(logits)


def buildModel(channels=1, classes=3, seed=0):
    return Sequential([
        Conv2D(4, (3, 3), strides=2, padding=1, inputChannels=channels, seed=seed),
        ELU(),
        Conv2D(classes, (2, 3), strides=1, padding=1, inputChannels=4, seed=seed + 1),
        ELU(),
        Conv2D(classes, (3, 3), strides=2, padding=1, inputChannels=classes, seed=seed + 2),
        GlobalAveragePooling2D(),
    ])


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 120)
    images = rng.normal(0, 0.3, (120, 9, 9, 1))
    for k, lab in enumerate(labels):
        images[k, 3 * lab:3 * lab + 2] += 1.0
    buildModel().fit(images, np.eye(3)[labels])
