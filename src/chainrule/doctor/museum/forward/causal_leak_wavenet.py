"""WaveNet residual stack in NumPy (dilated causal convolutions).

Symptom: teacher-forced loss goes almost to zero, the generated audio is noise.
Repair: a causal convolution pads only on the left, with (k-1)*dilation zeros.
"""
import numpy as np

CODES = ("causal-leak",)
PLACES = ("x", "layers.0", "layers.0.conv_f", "layers.0.conv_g", "layers.1", "")


class CausalConv1d(object):
    """(batch, channels, time) -> (batch, channels, time)"""

    def __init__(self, c_in, c_out, kernel_size, dilation):
        self.kernel = np.random.randn(c_out, c_in, kernel_size) / np.sqrt(c_in * kernel_size)
        self.bias = np.random.randn(c_out) * 0.1
        self.k, self.d = kernel_size, dilation

    def forward(self, x):
        T = x.shape[2]
        total = (self.k - 1) * self.d
        self.left = total // 2        # FAULT
        self.xp = np.pad(x, ((0, 0), (0, 0), (self.left, total - self.left)))
        y = np.zeros((x.shape[0], self.kernel.shape[0], T)) + self.bias[:, None]
        for i in range(self.k):
            y += np.einsum("oc,bct->bot", self.kernel[:, :, i], self.xp[:, :, i * self.d:i * self.d + T])
        return y

    def backward(self, dy):
        T = dy.shape[2]
        self.d_kernel = np.zeros_like(self.kernel)
        self.d_bias = dy.sum(axis=(0, 2))
        dxp = np.zeros_like(self.xp)
        for i in range(self.k):
            w = slice(i * self.d, i * self.d + T)
            self.d_kernel[:, :, i] = np.einsum("bot,bct->oc", dy, self.xp[:, :, w])
            dxp[:, :, w] += np.einsum("oc,bot->bct", self.kernel[:, :, i], dy)
        return dxp[:, :, self.left:self.left + T]


class ResidualLayer(object):
    def __init__(self, channels, kernel_size, dilation):
        self.conv_f = CausalConv1d(channels, channels, kernel_size, dilation)
        self.conv_g = CausalConv1d(channels, channels, kernel_size, dilation)

    def forward(self, x):
        self.f = np.tanh(self.conv_f.forward(x))
        self.g = 1 / (1 + np.exp(-self.conv_g.forward(x)))
        return x + self.f * self.g

    def backward(self, dy):
        df = dy * self.g * (1 - self.f ** 2)
        dg = dy * self.f * self.g * (1 - self.g)
        return dy + self.conv_f.backward(df) + self.conv_g.backward(dg)


class WaveNet(object):
    def __init__(self, channels=4, kernel_size=3, dilations=(1, 2)):
        self.layers = [ResidualLayer(channels, kernel_size, d) for d in dilations]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


class CausalConv1dRepaired(object):
    """(batch, channels, time) -> (batch, channels, time)"""

    def __init__(self, c_in, c_out, kernel_size, dilation):
        self.kernel = np.random.randn(c_out, c_in, kernel_size) / np.sqrt(c_in * kernel_size)
        self.bias = np.random.randn(c_out) * 0.1
        self.k, self.d = kernel_size, dilation

    def forward(self, x):
        T = x.shape[2]
        total = (self.k - 1) * self.d
        self.left = total
        self.xp = np.pad(x, ((0, 0), (0, 0), (self.left, total - self.left)))
        y = np.zeros((x.shape[0], self.kernel.shape[0], T)) + self.bias[:, None]
        for i in range(self.k):
            y += np.einsum("oc,bct->bot", self.kernel[:, :, i], self.xp[:, :, i * self.d:i * self.d + T])
        return y

    def backward(self, dy):
        T = dy.shape[2]
        self.d_kernel = np.zeros_like(self.kernel)
        self.d_bias = dy.sum(axis=(0, 2))
        dxp = np.zeros_like(self.xp)
        for i in range(self.k):
            w = slice(i * self.d, i * self.d + T)
            self.d_kernel[:, :, i] = np.einsum("bot,bct->oc", dy, self.xp[:, :, w])
            dxp[:, :, w] += np.einsum("oc,bot->bct", self.kernel[:, :, i], dy)
        return dxp[:, :, self.left:self.left + T]


class ResidualLayerRepaired(object):
    def __init__(self, channels, kernel_size, dilation):
        self.conv_f = CausalConv1dRepaired(channels, channels, kernel_size, dilation)
        self.conv_g = CausalConv1dRepaired(channels, channels, kernel_size, dilation)

    def forward(self, x):
        self.f = np.tanh(self.conv_f.forward(x))
        self.g = 1 / (1 + np.exp(-self.conv_g.forward(x)))
        return x + self.f * self.g

    def backward(self, dy):
        df = dy * self.g * (1 - self.f ** 2)
        dg = dy * self.f * self.g * (1 - self.g)
        return dy + self.conv_f.backward(df) + self.conv_g.backward(dg)


class WaveNetRepaired(object):
    def __init__(self, channels=4, kernel_size=3, dilations=(1, 2)):
        self.layers = [ResidualLayerRepaired(channels, kernel_size, d) for d in dilations]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


def faulty():
    np.random.seed(0)
    return {"subject": WaveNet(), "inputs": (np.random.randn(2, 4, 9),)}


def correct():
    np.random.seed(0)
    return {"subject": WaveNetRepaired(), "inputs": (np.random.randn(2, 4, 9),)}
