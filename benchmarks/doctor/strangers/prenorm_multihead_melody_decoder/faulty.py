# melody model: pre-norm decoder blocks with causal multi-head attention over note ids
import numpy as np


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.W = Param(rng.normal(0, n_in ** -0.5, (n_in, n_out)))
        self.b = Param(rng.normal(0, 0.02, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W.value + self.b.value

    def backward(self, g):
        self.W.grad = self.x.reshape(-1, self.x.shape[-1]).T @ g.reshape(-1, g.shape[-1])
        self.b.grad = g.reshape(-1, g.shape[-1]).sum(0)
        return g @ self.W.value.T


class LayerNorm:
    def __init__(self, n):
        self.gamma = Param(np.ones(n))
        self.beta = Param(np.zeros(n))

    def forward(self, x):
        xc = x - x.mean(-1, keepdims=True)
        self.inv = 1 / np.sqrt((xc ** 2).mean(-1, keepdims=True) + 1e-5)
        self.xh = xc * self.inv
        return self.xh * self.gamma.value + self.beta.value

    def backward(self, g):
        self.gamma.grad = (g * self.xh).sum((0, 1))
        self.beta.grad = g.sum((0, 1))
        g = g * self.gamma.value
        return self.inv * (g - g.mean(-1, keepdims=True) - self.xh * (g * self.xh).mean(-1, keepdims=True))


class CausalAttention:
    def __init__(self, n, heads, rng):
        self.heads = heads
        self.q, self.k, self.v, self.o = (Linear(n, n, rng) for _ in range(4))

    def split(self, x):
        b, t, n = x.shape
        return x.reshape(b, t, self.heads, n // self.heads).transpose(0, 2, 1, 3)

    def merge(self, x):
        b, h, t, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(b, t, h * d)

    def forward(self, x):
        b, t, n = x.shape
        self.Q, self.K, self.V = (self.split(p.forward(x)) for p in (self.q, self.k, self.v))
        self.scale = self.Q.shape[-1] ** -0.5
        s = self.Q @ self.K.transpose(0, 1, 3, 2) * self.scale
        s = np.where(np.tri(t, dtype=bool), s, -np.inf)
        e = np.exp(s - s.max(-1, keepdims=True))
        self.A = e / e.sum(-1, keepdims=True)
        z = self.A @ self.V
        return self.o.forward(z.reshape(b, t, n))

    def backward(self, g):
        b, t, n = g.shape
        dz = self.o.backward(g).reshape(b, self.heads, t, -1)
        dA = dz @ self.V.transpose(0, 1, 3, 2)
        dV = self.A.transpose(0, 1, 3, 2) @ dz
        ds = self.A * (dA - (dA * self.A).sum(-1, keepdims=True)) * self.scale
        dQ = ds @ self.K
        dK = ds.transpose(0, 1, 3, 2) @ self.Q
        return (self.q.backward(self.merge(dQ)) + self.k.backward(self.merge(dK))
                + self.v.backward(self.merge(dV)))


class Block:
    def __init__(self, n, heads, rng):
        self.ln1, self.att = LayerNorm(n), CausalAttention(n, heads, rng)
        self.ln2, self.up, self.down = LayerNorm(n), Linear(n, 2 * n, rng), Linear(2 * n, n, rng)

    def forward(self, x):
        x = x + self.att.forward(self.ln1.forward(x))
        self.h = np.tanh(self.up.forward(self.ln2.forward(x)))
        return x + self.down.forward(self.h)

    def backward(self, g):
        g = g + self.ln2.backward(self.up.backward(self.down.backward(g) * (1 - self.h ** 2)))
        return g + self.ln1.backward(self.att.backward(g))


class MelodyDecoder:
    def __init__(self, notes=7, n=6, heads=2, depth=2, max_len=16, seed=0):
        rng = np.random.default_rng(seed)
        self.embed = Param(rng.normal(0, 1, (notes, n)))
        self.pos = Param(rng.normal(0, 0.3, (max_len, n)))
        self.blocks = [Block(n, heads, rng) for _ in range(depth)]
        self.out = Linear(n, notes, rng)

    def forward(self, ids):
        self.ids = ids
        x = self.embed.value[ids] + self.pos.value[:ids.shape[1]]
        for b in self.blocks:
            x = b.forward(x)
        return self.out.forward(x)

    def backward(self, g):
        g = self.out.backward(g)
        for b in self.blocks[::-1]:
            g = b.backward(g)
        self.embed.grad = np.zeros_like(self.embed.value)
        np.add.at(self.embed.grad, self.ids, g)
        self.pos.grad = np.zeros_like(self.pos.value)
        self.pos.grad[:g.shape[1]] = g.sum(0)


def cross_entropy(logits, nxt):
    z = logits - logits.max(-1, keepdims=True)
    lp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return -np.take_along_axis(lp, nxt[..., None], -1).mean()


def cross_entropy_grad(logits, nxt):
    e = np.exp(logits - logits.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return (p - np.eye(p.shape[-1])[nxt]) / nxt.size


def all_params(thing):
    if isinstance(thing, Param):
        yield thing
    elif isinstance(thing, list):
        for t in thing:
            yield from all_params(t)
    elif hasattr(thing, "__dict__"):
        for t in vars(thing).values():
            yield from all_params(t)


if __name__ == "__main__":
    tune = np.array([[0, 2, 4, 5, 4, 2, 0, 2, 4, 5, 4, 2, 0]] * 4)
    net = MelodyDecoder()
    for it in range(100):
        out = net.forward(tune[:, :-1])
        net.backward(cross_entropy_grad(out, tune[:, 1:]))
        for p in all_params(net):
            p.value -= 0.3 * p.grad
    print(cross_entropy(out, tune[:, 1:]))
