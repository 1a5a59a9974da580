import numpy as np


def depthwise(x, w, stride=1, pad=1):
    """x (N, C, H, W), w (C, k, k): one filter for each channel."""
    N, C, H, W = x.shape
    k = w.shape[-1]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    Ho = (H + 2 * pad - k) // stride + 1
    Wo = (W + 2 * pad - k) // stride + 1
    y = np.zeros((N, C, Ho, Wo))
    for i in range(k):
        for j in range(k):
            y += w[None, :, i, j, None, None] * xp[:, :, i:i + stride * Ho:stride, j:j + stride * Wo:stride]
    return y, (xp, w, stride, pad, (H, W))


def depthwise_grad(dy, cache):
    xp, w, stride, pad, (H, W) = cache
    Ho, Wo = dy.shape[2:]
    k = w.shape[-1]
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in range(k):
        for j in range(k):
            rows = slice(i, i + stride * Ho, stride)
            cols = slice(j, j + stride * Wo, stride)
            dw[:, i, j] = (dy * xp[:, :, rows, cols]).sum(axis=(0, 2, 3))
            dxp[:, :, rows, cols] += w[None, :, i, j, None, None] * dy
    return dxp[:, :, :H, :W], dw
