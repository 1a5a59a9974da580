# Notebook export: squeeze-and-excitation, my own numpy version (NHWC)
# In[1]:
import numpy as np

rng = np.random.RandomState(42)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


# In[2]:
def se_forward(x, W1, W2):
    """x: (N,H,W,C), W1: (C,R), W2: (R,C)"""
    s = x.mean(axis=(1, 2))
    h = np.maximum(s @ W1, 0)
    e = sigmoid(h @ W2)
    out = x * e[:, None, None, :]
    return out, (x, W1, W2, s, h, e)


def se_backward(dout, cache):
    x, W1, W2, s, h, e = cache
    hw = x.shape[1] * x.shape[2]
    dx = dout * e[:, None, None, :]
    de = (dout * x).sum(axis=(1, 2))
    dlogit = de * e * (1 - e)
    dW2 = h.T @ dlogit
    dh = dlogit @ W2.T
    dh[h <= 0] = 0
    dW1 = s.T @ dh
    ds = dh @ W1.T
    dx = dx + ds[:, None, None, :] / hw
    return dx, dW1, dW2


# In[3]:
if __name__ == "__main__":
    x = rng.randn(8, 6, 6, 16)
    W1 = rng.randn(16, 4) * .3
    W2 = rng.randn(4, 16) * .3
    target = np.abs(x)
    for it in range(50):
        out, cache = se_forward(x, W1, W2)
        diff = out - target
        _, g1, g2 = se_backward(diff / len(x), cache)
        W1 -= 1e-3 * g1
        W2 -= 1e-3 * g2
    print((diff ** 2).mean())
