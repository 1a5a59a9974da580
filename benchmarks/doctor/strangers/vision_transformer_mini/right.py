"""Mini vision transformer: patches, class token, pre-norm blocks."""
import numpy as np


class Tensors(dict):
    """a dict of arrays with attribute access"""
    __getattr__ = dict.__getitem__


def he(rng, *shape):
    return rng.normal(size=shape) / np.sqrt(shape[0])


class Norm:
    def __init__(self, dim):
        self.p = Tensors(scale=np.ones(dim), shift=np.zeros(dim))
        self.g = Tensors()

    def forward(self, x):
        m = x.mean(axis=-1, keepdims=True)
        self.rstd = 1 / np.sqrt(np.mean((x - m) ** 2, axis=-1, keepdims=True) + 1e-6)
        self.n = (x - m) * self.rstd
        return self.n * self.p.scale + self.p.shift

    def backward(self, dy):
        self.g.update(scale=(dy * self.n).sum((0, 1)), shift=dy.sum((0, 1)))
        dn = dy * self.p.scale
        return self.rstd * (dn - dn.mean(-1, keepdims=True) - self.n * np.mean(dn * self.n, -1, keepdims=True))


class MultiHeadSelfAttention:
    def __init__(self, dim, heads, rng):
        self.heads = heads
        self.p = Tensors(q=he(rng, dim, dim), k=he(rng, dim, dim), v=he(rng, dim, dim), o=he(rng, dim, dim), ob=np.zeros(dim))
        self.g = Tensors()

    def to_heads(self, x):
        b, n, d = x.shape
        return x.reshape(b, n, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def from_heads(self, x):
        b, h, n, e = x.shape
        return x.transpose(0, 2, 1, 3).reshape(b, n, h * e)

    def concat(self, x):
        b, h, n, e = x.shape
        return x.transpose(0, 2, 1, 3).reshape(b, n, h * e)

    def concat_backward(self, dy):
        b, n, d = dy.shape
        return dy.reshape(b, n, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = (self.to_heads(x @ self.p[c]) for c in "qkv")
        s = np.einsum("bhie,bhje->bhij", self.q, self.k) / np.sqrt(self.q.shape[-1])
        s = np.exp(s - s.max(axis=-1, keepdims=True))
        self.a = s / s.sum(axis=-1, keepdims=True)
        self.ctx = self.concat(np.einsum("bhij,bhje->bhie", self.a, self.v))
        return self.ctx @ self.p.o + self.p.ob

    def backward(self, dy):
        self.g.update(o=np.einsum("bni,bno->io", self.ctx, dy), ob=dy.sum((0, 1)))
        dctx = self.concat_backward(dy @ self.p.o.T)
        dv = np.einsum("bhij,bhie->bhje", self.a, dctx)
        da = np.einsum("bhie,bhje->bhij", dctx, self.v)
        ds = self.a * (da - np.sum(da * self.a, axis=-1, keepdims=True)) / np.sqrt(self.q.shape[-1])
        dq = np.einsum("bhij,bhje->bhie", ds, self.k)
        dk = np.einsum("bhij,bhie->bhje", ds, self.q)
        dx = np.zeros_like(self.x)
        for c, d in zip("qkv", (dq, dk, dv)):
            d = self.from_heads(d)
            self.g[c] = np.einsum("bni,bno->io", self.x, d)
            dx += d @ self.p[c].T
        return dx


class MLP:
    def __init__(self, dim, hidden, rng):
        self.p = Tensors(w1=he(rng, dim, hidden), b1=np.zeros(hidden), w2=he(rng, hidden, dim), b2=np.zeros(dim))
        self.g = Tensors()

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.p.w1 + self.p.b1)
        return self.h @ self.p.w2 + self.p.b2

    def backward(self, dy):
        dz = (dy @ self.p.w2.T) * (1 - self.h ** 2)
        self.g.update(w2=np.einsum("bni,bno->io", self.h, dy), b2=dy.sum((0, 1)),
                      w1=np.einsum("bni,bno->io", self.x, dz), b1=dz.sum((0, 1)))
        return dz @ self.p.w1.T


class Block:
    def __init__(self, dim, heads, hidden, rng):
        self.norm1, self.attn = Norm(dim), MultiHeadSelfAttention(dim, heads, rng)
        self.norm2, self.mlp = Norm(dim), MLP(dim, hidden, rng)

    def forward(self, x):
        x = x + self.attn.forward(self.norm1.forward(x))
        return x + self.mlp.forward(self.norm2.forward(x))

    def backward(self, dy):
        dy = dy + self.norm2.backward(self.mlp.backward(dy))
        return dy + self.norm1.backward(self.attn.backward(dy))

    def parts(self):
        return [self.norm1, self.attn, self.norm2, self.mlp]


class ViT:
    def __init__(self, image_size=8, patch_size=4, channels=1, dim=12, depth=2, heads=3, mlp_dim=24, num_classes=3, seed=0):
        rng = np.random.default_rng(seed)
        n = (image_size // patch_size) ** 2
        self.size = patch_size
        self.p = Tensors(embed=he(rng, channels * patch_size ** 2, dim), cls=0.1 * rng.normal(size=dim),
                         pos=0.1 * rng.normal(size=(n + 1, dim)), head=he(rng, dim, num_classes), bias=np.zeros(num_classes))
        self.g = Tensors()
        self.blocks = [Block(dim, heads, mlp_dim, rng) for _ in range(depth)]
        self.norm = Norm(dim)

    def patchify(self, img):
        b, H, W, c = img.shape
        s = self.size
        x = img.reshape(b, H // s, s, W // s, s, c).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(b, (H // s) * (W // s), s * s * c)

    def unpatchify(self, d):
        b, H, W, c = self.shape
        s = self.size
        return d.reshape(b, H // s, W // s, s, s, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, H, W, c)

    def forward(self, img):
        self.shape = img.shape
        self.patches = self.patchify(img)
        x = self.patches @ self.p.embed
        cls = np.broadcast_to(self.p.cls, (len(img), 1, len(self.p.cls)))
        x = np.concatenate([cls, x], axis=1) + self.p.pos
        for block in self.blocks:
            x = block.forward(x)
        self.top = self.norm.forward(x)
        return self.top[:, 0] @ self.p.head + self.p.bias

    def backward(self, dy):
        self.g.update(head=self.top[:, 0].T @ dy, bias=dy.sum(0))
        d = np.zeros_like(self.top)
        d[:, 0] = dy @ self.p.head.T
        d = self.norm.backward(d)
        for block in reversed(self.blocks):
            d = block.backward(d)
        self.g.update(pos=d.sum(0), cls=d[:, 0].sum(0), embed=np.einsum("bni,bno->io", self.patches, d[:, 1:]))
        return self.unpatchify(d[:, 1:] @ self.p.embed.T)

    def parts(self):
        return [self, self.norm] + [part for block in self.blocks for part in block.parts()]


if __name__ == "__main__":
    rng = np.random.default_rng(2)
    net = ViT()
    for it in range(101):
        y = rng.integers(0, 3, 24)
        img = 0.3 * rng.normal(size=(24, 8, 8, 1))
        img[y == 0, :4] += 1
        img[y == 1, :, 4:] += 1
        z = net.forward(img)
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        if it % 25 == 0:
            print(it, -np.log(p[np.arange(24), y]).mean().round(4))
        net.backward((p - np.eye(3)[y]) / 24)
        for part in net.parts():
            for k in part.p:
                part.p[k] -= 0.1 * part.g[k]
