import numpy as np


class PixelShuffle:
    """(N, C*r*r, H, W) -> (N, C, H*r, W*r), as used for super resolution."""

    def __init__(self, upscale_factor: int = 2):
        self.r = upscale_factor

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        n, crr, h, w = x.shape
        r = self.r
        c = crr // (r * r)
        self.shape = (n, c, h, w)
        y = x.reshape(n, c, r, r, h, w)
        y = y.transpose(0, 1, 4, 2, 5, 3)
        return y.reshape(n, c, h * r, w * r)

    def backward(self, grad_output):
        n, c, h, w = self.shape
        r = self.r
        g = grad_output.reshape(n, c, h, r, w, r)
        g = g.transpose(0, 1, 3, 5, 2, 4)
        return g.reshape(n, c * r * r, h, w)


class PReLU:
    def __init__(self, channels):
        self.weight = np.full(channels, 0.25)
        self.grad_weight = np.zeros(channels)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.weight[:, None, None] * x)

    def backward(self, grad_output):
        neg = np.where(self.x > 0, 0.0, self.x)
        self.grad_weight = (grad_output * neg).sum(axis=(0, 2, 3))
        return grad_output * np.where(self.x > 0, 1.0, self.weight[:, None, None])


class UpsampleBlock:
    def __init__(self, channels=2, factor=2):
        self.shuffle = PixelShuffle(factor)
        self.act = PReLU(channels)

    def forward(self, x):
        return self.act.forward(self.shuffle.forward(x))

    def backward(self, grad_output):
        return self.shuffle.backward(self.act.backward(grad_output))


if __name__ == "__main__":
    net = UpsampleBlock(3, 2)
    z = np.random.randn(2, 12, 5, 7)
    print(net.forward(z).shape)
