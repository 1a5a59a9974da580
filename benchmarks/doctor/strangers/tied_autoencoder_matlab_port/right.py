"""Denoising autoencoder with tied weights; ported from MATLAB, so samples are columns.

    H1 = tanh(W1 X + b1)          (n1 x m)
    H2 = tanh(W2 H1 + b2)         (n2 x m)
    R1 = tanh(W2' H2 + c2)        (n1 x m)
    XR = W1' R1 + c1              (n0 x m)
"""
import numpy as np


def initParams(n0, n1, n2, seed=0):
    rs = np.random.RandomState(seed)
    theta = {}
    theta["W1"] = rs.randn(n1, n0) / np.sqrt(n0)
    theta["W2"] = rs.randn(n2, n1) / np.sqrt(n1)
    theta["b1"] = 0.1 * rs.randn(n1, 1)
    theta["b2"] = 0.1 * rs.randn(n2, 1)
    theta["c1"] = 0.1 * rs.randn(n0, 1)
    theta["c2"] = 0.1 * rs.randn(n1, 1)
    return theta


def forwardPass(X, W1, W2, b1, b2, c1, c2):
    H1 = np.tanh(W1 @ X + b1)
    H2 = np.tanh(W2 @ H1 + b2)
    R1 = np.tanh(W2.T @ H2 + c2)
    XR = W1.T @ R1 + c1
    return XR, (X, H1, H2, R1, W1, W2)


def backwardPass(dXR, cache):
    X, H1, H2, R1, W1, W2 = cache
    grad = {}
    # decoder
    grad["c1"] = dXR.sum(axis=1, keepdims=True)
    grad["W1"] = R1 @ dXR.T
    dA = (W1 @ dXR) * (1 - R1 ** 2)
    grad["c2"] = dA.sum(axis=1, keepdims=True)
    grad["W2"] = H2 @ dA.T
    # encoder
    dA = (W2 @ dA) * (1 - H2 ** 2)
    grad["b2"] = dA.sum(axis=1, keepdims=True)
    grad["W2"] += dA @ H1.T
    dA = (W2.T @ dA) * (1 - H1 ** 2)
    grad["b1"] = dA.sum(axis=1, keepdims=True)
    grad["W1"] += dA @ X.T
    grad["X"] = W1.T @ dA
    return grad


def cost(XR, X):
    m = X.shape[1]
    return 0.5 / m * np.sum((XR - X) ** 2)


def costGrad(XR, X):
    return (XR - X) / X.shape[1]


def addNoise(X, level, rs):
    return X + level * rs.randn(*X.shape)


def codes(X, theta):
    H1 = np.tanh(theta["W1"] @ X + theta["b1"])
    return np.tanh(theta["W2"] @ H1 + theta["b2"])


def trainAE(X, n1, n2, numIter=300, alpha=0.05, level=0.1):
    rs = np.random.RandomState(1)
    theta = initParams(X.shape[0], n1, n2)
    J = np.zeros(numIter)
    for k in range(numIter):
        XR, cache = forwardPass(addNoise(X, level, rs), **theta)
        J[k] = cost(XR, X)
        grad = backwardPass(costGrad(XR, X), cache)
        for name in theta:
            theta[name] = theta[name] - alpha * grad[name]
    return theta, J


if __name__ == "__main__":
    rs = np.random.RandomState(0)
    Z = rs.randn(2, 200)
    X = np.tanh(rs.randn(8, 2) @ Z)
    theta, J = trainAE(X, 6, 2)
    print("J(1) = %.3f, J(end) = %.3f" % (J[0], J[-1]))

