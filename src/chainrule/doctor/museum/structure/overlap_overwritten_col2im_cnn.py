"""Kaggle digits: CNN with im2col / col2im, layers kept in an OrderedDict.

Symptom: trains, but clearly worse than the same net in Keras.
Repair: col2im has to ADD every patch into the image.
"""
import numpy as np
from collections import OrderedDict

CODES = ("overlap-overwritten",)
PLACES = ("layers.conv2",)        # conv1: stride == kernel, nothing overlaps


def im2col(img, k, s):
    N, C, H, W = img.shape
    oh, ow = (H - k) // s + 1, (W - k) // s + 1
    cols = np.empty((N, oh, ow, C, k, k))
    for r in range(oh):
        for c in range(ow):
            cols[:, r, c] = img[:, :, r * s:r * s + k, c * s:c * s + k]
    return cols.reshape(N * oh * ow, -1), oh, ow


def col2im(cols, shape, k, s):
    N, C, H, W = shape
    oh, ow = (H - k) // s + 1, (W - k) // s + 1
    cols = cols.reshape(N, oh, ow, C, k, k)
    img = np.zeros(shape)
    for r in range(oh):
        for c in range(ow):
            img[:, :, r * s:r * s + k, c * s:c * s + k] = cols[:, r, c]  # FAULT
    return img


class ConvLayer:
    def __init__(self, nIn, nOut, ksize, stride):
        self.params = {'W': np.random.randn(nOut, nIn * ksize * ksize) / np.sqrt(nIn * ksize * ksize),
                       'b': 0.1 * np.random.randn(nOut)}
        self.grads = {}
        self.ksize, self.stride = ksize, stride

    def feedForward(self, X):
        self.inShape = X.shape
        self.cols, oh, ow = im2col(X, self.ksize, self.stride)
        out = self.cols @ self.params['W'].T + self.params['b']
        return out.reshape(len(X), oh, ow, -1).transpose(0, 3, 1, 2)

    def backProp(self, dOut):
        d = dOut.transpose(0, 2, 3, 1).reshape(-1, dOut.shape[1])
        self.grads['W'] = d.T @ self.cols
        self.grads['b'] = d.sum(axis=0)
        return col2im(d @ self.params['W'], self.inShape, self.ksize, self.stride)


class TanhLayer:
    def feedForward(self, X):
        self.out = np.tanh(X)
        return self.out

    def backProp(self, dOut):
        return dOut * (1 - self.out ** 2)


class FlattenLayer:
    def feedForward(self, X):
        self.inShape = X.shape
        return X.reshape(len(X), -1)

    def backProp(self, dOut):
        return dOut.reshape(self.inShape)


class DenseLayer:
    def __init__(self, nIn, nOut):
        self.params = {'W': np.random.randn(nIn, nOut) / np.sqrt(nIn), 'b': 0.1 * np.random.randn(nOut)}
        self.grads = {}

    def feedForward(self, X):
        self.X = X
        return X @ self.params['W'] + self.params['b']

    def backProp(self, dOut):
        self.grads = {'W': self.X.T @ dOut, 'b': dOut.sum(axis=0)}
        return dOut @ self.params['W'].T


class DigitNet:
    def __init__(self):
        self.layers = OrderedDict()
        self.layers['conv1'] = ConvLayer(1, 3, 2, 2)
        self.layers['act1'] = TanhLayer()
        self.layers['conv2'] = ConvLayer(3, 4, 3, 1)
        self.layers['act2'] = TanhLayer()
        self.layers['flat'] = FlattenLayer()
        self.layers['fc'] = DenseLayer(4 * 2 * 3, 5)

    def feedForward(self, X):
        for layer in self.layers.values():
            X = layer.feedForward(X)
        return X

    def backProp(self, dOut):
        for name in reversed(list(self.layers)):
            dOut = self.layers[name].backProp(dOut)
        return dOut


def im2col_repaired(img, k, s):
    N, C, H, W = img.shape
    oh, ow = (H - k) // s + 1, (W - k) // s + 1
    cols = np.empty((N, oh, ow, C, k, k))
    for r in range(oh):
        for c in range(ow):
            cols[:, r, c] = img[:, :, r * s:r * s + k, c * s:c * s + k]
    return cols.reshape(N * oh * ow, -1), oh, ow


def col2im_repaired(cols, shape, k, s):
    N, C, H, W = shape
    oh, ow = (H - k) // s + 1, (W - k) // s + 1
    cols = cols.reshape(N, oh, ow, C, k, k)
    img = np.zeros(shape)
    for r in range(oh):
        for c in range(ow):
            img[:, :, r * s:r * s + k, c * s:c * s + k] += cols[:, r, c]
    return img


class ConvLayerRepaired:
    def __init__(self, nIn, nOut, ksize, stride):
        self.params = {'W': np.random.randn(nOut, nIn * ksize * ksize) / np.sqrt(nIn * ksize * ksize),
                       'b': 0.1 * np.random.randn(nOut)}
        self.grads = {}
        self.ksize, self.stride = ksize, stride

    def feedForward(self, X):
        self.inShape = X.shape
        self.cols, oh, ow = im2col_repaired(X, self.ksize, self.stride)
        out = self.cols @ self.params['W'].T + self.params['b']
        return out.reshape(len(X), oh, ow, -1).transpose(0, 3, 1, 2)

    def backProp(self, dOut):
        d = dOut.transpose(0, 2, 3, 1).reshape(-1, dOut.shape[1])
        self.grads['W'] = d.T @ self.cols
        self.grads['b'] = d.sum(axis=0)
        return col2im_repaired(d @ self.params['W'], self.inShape, self.ksize, self.stride)


class TanhLayerRepaired:
    def feedForward(self, X):
        self.out = np.tanh(X)
        return self.out

    def backProp(self, dOut):
        return dOut * (1 - self.out ** 2)


class FlattenLayerRepaired:
    def feedForward(self, X):
        self.inShape = X.shape
        return X.reshape(len(X), -1)

    def backProp(self, dOut):
        return dOut.reshape(self.inShape)


class DenseLayerRepaired:
    def __init__(self, nIn, nOut):
        self.params = {'W': np.random.randn(nIn, nOut) / np.sqrt(nIn), 'b': 0.1 * np.random.randn(nOut)}
        self.grads = {}

    def feedForward(self, X):
        self.X = X
        return X @ self.params['W'] + self.params['b']

    def backProp(self, dOut):
        self.grads = {'W': self.X.T @ dOut, 'b': dOut.sum(axis=0)}
        return dOut @ self.params['W'].T


class DigitNetRepaired:
    def __init__(self):
        self.layers = OrderedDict()
        self.layers['conv1'] = ConvLayerRepaired(1, 3, 2, 2)
        self.layers['act1'] = TanhLayerRepaired()
        self.layers['conv2'] = ConvLayerRepaired(3, 4, 3, 1)
        self.layers['act2'] = TanhLayerRepaired()
        self.layers['flat'] = FlattenLayerRepaired()
        self.layers['fc'] = DenseLayerRepaired(4 * 2 * 3, 5)

    def feedForward(self, X):
        for layer in self.layers.values():
            X = layer.feedForward(X)
        return X

    def backProp(self, dOut):
        for name in reversed(list(self.layers)):
            dOut = self.layers[name].backProp(dOut)
        return dOut


def faulty():
    np.random.seed(42)
    return {"subject": DigitNet(), "inputs": (np.random.randn(2, 1, 8, 10),)}


def correct():
    np.random.seed(42)
    return {"subject": DigitNetRepaired(), "inputs": (np.random.randn(2, 1, 8, 10),)}
