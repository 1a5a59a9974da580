"""1-D U-Net for segmenting signals (ECG like).  Arrays are (batch, channels, length)."""
import numpy as np


class Conv1d:
    def __init__(self, cin, cout, k=3):
        self.w = np.random.randn(cout, cin, k) * np.sqrt(2 / (cin * k))
        self.b = np.zeros(cout)
        self.k = k

    def forward(self, x):
        p = self.k // 2
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p)))
        L = x.shape[2]
        y = sum(np.einsum('oc,bcl->bol', self.w[:, :, i], self.xp[:, :, i:i + L]) for i in range(self.k))
        return y + self.b[:, None]

    def backward(self, dy):
        L, p = dy.shape[2], self.k // 2
        self.dw = np.stack([np.einsum('bol,bcl->oc', dy, self.xp[:, :, i:i + L]) for i in range(self.k)], axis=2)
        self.db = dy.sum(axis=(0, 2))
        dxp = np.zeros_like(self.xp)
        for i in range(self.k):
            dxp[:, :, i:i + L] += np.einsum('oc,bol->bcl', self.w[:, :, i], dy)
        return dxp[:, :, p:p + L]


class ReLU:
    def forward(self, x):
        self.on = x > 0
        return np.where(self.on, x, 0.0)

    def backward(self, dy):
        return np.where(self.on, dy, 0.0)


class DoubleConv:
    def __init__(self, cin, cout):
        self.conv1 = Conv1d(cin, cout)
        self.act1 = ReLU()
        self.conv2 = Conv1d(cout, cout)
        self.act2 = ReLU()

    def forward(self, x):
        x = self.act1.forward(self.conv1.forward(x))
        return self.act2.forward(self.conv2.forward(x))

    def backward(self, dy):
        dy = self.conv2.backward(self.act2.backward(dy))
        return self.conv1.backward(self.act1.backward(dy))


class Down:
    """average pooling by two"""

    def forward(self, x):
        return 0.5 * (x[:, :, ::2] + x[:, :, 1::2])

    def backward(self, dy):
        return 0.5 * np.repeat(dy, 2, axis=2)


class Up:
    """nearest neighbour"""

    def forward(self, x):
        return np.repeat(x, 2, axis=2)

    def backward(self, dy):
        return dy[:, :, ::2] + dy[:, :, 1::2]


class UNet:
    def __init__(self, in_channels=1, base=4, n_out=2):
        self.enc1 = DoubleConv(in_channels, base)
        self.enc2 = DoubleConv(base, 2 * base)
        self.bottom = DoubleConv(2 * base, 4 * base)
        self.dec2 = DoubleConv(4 * base + 2 * base, 2 * base)
        self.dec1 = DoubleConv(2 * base + base, base)
        self.head = Conv1d(base, n_out, k=1)
        self.down1, self.down2 = Down(), Down()
        self.up1, self.up2 = Up(), Up()

    def forward(self, x):
        s1 = self.enc1.forward(x)
        s2 = self.enc2.forward(self.down1.forward(s1))
        y = self.bottom.forward(self.down2.forward(s2))
        y = self.dec2.forward(np.concatenate([self.up2.forward(y), s2], axis=1))
        y = self.dec1.forward(np.concatenate([self.up1.forward(y), s1], axis=1))
        self.c1, self.c2 = s1.shape[1], s2.shape[1]
        return self.head.forward(y)

    def backward(self, dy):
        d = self.dec1.backward(self.head.backward(dy))
        d, ds1 = d[:, :-self.c1], d[:, -self.c1:]
        d = self.dec2.backward(self.up1.backward(d))
        d, ds2 = d[:, :-self.c2], d[:, -self.c2:]
        d = self.down2.backward(self.bottom.backward(self.up2.backward(d)))
        d = self.down1.backward(self.enc2.backward(d + ds2))
        return self.enc1.backward(d + ds1)

    def convs(self):
        for part in (self.enc1, self.enc2, self.bottom, self.dec2, self.dec1):
            yield part.conv1
            yield part.conv2
        yield self.head


def pixel_loss(logits, mask):
    """mask (batch, length) of class ids"""
    z = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    onehot = np.moveaxis(np.eye(logits.shape[1])[mask], 2, 1)
    return -(onehot * np.log(p + 1e-12)).sum() / mask.size, (p - onehot) / mask.size


def synth(n, L=32):
    t = np.arange(L)
    centre = np.random.randint(6, L - 6, n)
    mask = (np.abs(t[None] - centre[:, None]) < 4).astype(int)
    signal = 0.3 * np.random.randn(n, L) + mask * np.cos(t[None] - centre[:, None])
    return signal[:, None, :], mask


if __name__ == '__main__':
    np.random.seed(0)
    net = UNet()
    for step in range(120):
        x, mask = synth(16)
        loss, d = pixel_loss(net.forward(x), mask)
        net.backward(d)
        for c in net.convs():
            c.w -= 0.2 * c.dw
            c.b -= 0.2 * c.db
        if step % 40 == 0:
            print(step, 'loss', round(loss, 4))
