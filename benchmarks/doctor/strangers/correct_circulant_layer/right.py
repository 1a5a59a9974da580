import numpy as np
from numpy.fft import rfft, irfft


def circulant_forward(x, c, bias):
    """y = C x + bias with C_ij = c_{(i - j) mod n}: a product of spectra. x: (B, n), c and bias: (n,)."""
    n = x.shape[1]
    X, K = rfft(x, axis=1), rfft(c)
    return irfft(X * K, n=n, axis=1) + bias, (X, K, n)


def circulant_backward(dy, cache):
    X, K, n = cache
    G = rfft(dy, axis=1)
    dx = irfft(G * np.conj(K), n=n, axis=1)
    dc = irfft((G * np.conj(X)).sum(axis=0), n=n)
    return dx, dc, dy.sum(axis=0)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x, c = rng.normal(size=(2, 5)), rng.normal(size=5)
    dense = np.array([[c[(i - j) % 5] for j in range(5)] for i in range(5)])
    print(np.allclose(circulant_forward(x, c, 0.0)[0], x @ dense.T))
