import numpy as np


def rmsnorm(x, gain, eps=1e-6):
    """RMSNorm over the last axis, any number of leading axes."""
    rms = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)
    xn = x / rms
    return gain * xn, (xn, rms, gain)


def rmsnorm_bwd(dy, cache):
    xn, rms, gain = cache
    lead = tuple(range(dy.ndim - 1))
    dgain = np.sum(dy * xn, axis=lead)
    dxn = dy * gain
    dx = (dxn - xn * np.mean(dxn * xn, axis=-1, keepdims=True)) / rms
    return dx, dgain


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    y, c = rmsnorm(rng.normal(size=(2, 3, 8)), np.ones(8))
    print(np.mean(y ** 2, axis=-1))
