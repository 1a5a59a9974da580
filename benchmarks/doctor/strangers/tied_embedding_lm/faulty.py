"""Tiny Transformer language model, embedding matrix shared with the output layer.

Parameters are kept in one flat dict; `backward` returns a dict with the same keys.
"""
import numpy as np


def positions(T, d):
    pos = np.arange(T)[:, None]
    i = np.arange(d)[None, :]
    angle = pos / 10000 ** ((2 * (i // 2)) / d)
    return np.where(i % 2 == 0, np.sin(angle), np.cos(angle))


def rmsnorm(x, w, eps=1e-6):
    r = 1.0 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return x * r * w, (x, r, w)


def rmsnorm_bwd(dy, cache):
    x, r, w = cache
    xn = x * r
    dw = (dy * xn).reshape(-1, x.shape[-1]).sum(0)
    dxn = dy * w
    dx = r * (dxn - xn * (dxn * xn).mean(-1, keepdims=True))
    return dx, dw


def attention(x, wq, wk, wv, wo):
    T, d = x.shape[1:]
    q, k, v = x @ wq, x @ wk, x @ wv
    s = q @ np.swapaxes(k, 1, 2) / np.sqrt(d) + np.triu(np.full((T, T), -np.inf), 1)
    a = np.exp(s - s.max(-1, keepdims=True))
    a /= a.sum(-1, keepdims=True)
    o = a @ v
    return o @ wo, (x, q, k, v, a, o, wq, wk, wv, wo)


def attention_bwd(dy, cache):
    x, q, k, v, a, o, wq, wk, wv, wo = cache
    d = x.shape[-1]
    outer = lambda l, r: l.reshape(-1, l.shape[-1]).T @ r.reshape(-1, r.shape[-1])
    dwo = outer(o, dy)
    do = dy @ wo.T
    dv = np.swapaxes(a, 1, 2) @ do
    da = do @ np.swapaxes(v, 1, 2)
    ds = a * (da - np.sum(a * da, -1, keepdims=True)) / np.sqrt(d)
    dq, dk = ds @ k, np.swapaxes(ds, 1, 2) @ q
    dx = dq @ wq.T + dk @ wk.T + dv @ wv.T
    return dx, outer(x, dq), outer(x, dk), outer(x, dv), dwo


def silu(z):
    return z / (1 + np.exp(-z))


def silu_prime(z):
    s = 1 / (1 + np.exp(-z))
    return s * (1 + z * (1 - s))


class TiedLM:
    def __init__(self, vocab=20, d_model=16, d_ff=32, n_layers=2, seed=0):
        r = np.random.default_rng(seed)
        self.n_layers, self.d = n_layers, d_model
        P = {"E": r.normal(0, d_model ** -0.5, (vocab, d_model)), "nf": np.ones(d_model)}
        for l in range(n_layers):
            for name in ("wq", "wk", "wv", "wo"):
                P[f"{l}.{name}"] = r.normal(0, d_model ** -0.5, (d_model, d_model))
            P[f"{l}.w1"] = r.normal(0, d_model ** -0.5, (d_model, d_ff))
            P[f"{l}.w2"] = r.normal(0, d_ff ** -0.5, (d_ff, d_model))
            P[f"{l}.n1"], P[f"{l}.n2"] = np.ones(d_model), np.ones(d_model)
        self.params = P
        self.grads = {k: np.zeros_like(v) for k, v in P.items()}

    def forward(self, ids):
        P = self.params
        scale = np.sqrt(self.d)
        x = P["E"][ids] * scale + positions(ids.shape[1], self.d)
        self.saved = []
        for l in range(self.n_layers):
            n, c1 = rmsnorm(x, P[f"{l}.n1"])
            a, c2 = attention(n, *(P[f"{l}.{w}"] for w in ("wq", "wk", "wv", "wo")))
            x = x + a
            n, c3 = rmsnorm(x, P[f"{l}.n2"])
            z = n @ P[f"{l}.w1"]
            x = x + silu(z) @ P[f"{l}.w2"]
            self.saved.append((c1, c2, c3, n, z))
        self.h, self.cf = rmsnorm(x, P["nf"])
        self.ids = ids
        return self.h @ P["E"].T

    def backward(self, dlogits):
        P, g = self.params, {}
        dE = np.einsum("btv,btd->vd", dlogits, self.h)
        dx, g["nf"] = rmsnorm_bwd(dlogits @ P["E"], self.cf)
        for l in reversed(range(self.n_layers)):
            c1, c2, c3, n, z = self.saved[l]
            g[f"{l}.w2"] = np.einsum("btf,btd->fd", silu(z), dx)
            dz = (dx @ P[f"{l}.w2"].T) * silu_prime(z)
            g[f"{l}.w1"] = np.einsum("btd,btf->df", n, dz)
            dn, g[f"{l}.n2"] = rmsnorm_bwd(dz @ P[f"{l}.w1"].T, c3)
            dx = dx + dn
            da, *dws = attention_bwd(dx, c2)
            for name, dw in zip(("wq", "wk", "wv", "wo"), dws):
                g[f"{l}.{name}"] = dw
            dn, g[f"{l}.n1"] = rmsnorm_bwd(da, c1)
            dx = dx + dn
        dE = np.zeros_like(P["E"])
        np.add.at(dE, self.ids, dx * np.sqrt(self.d))
        g["E"] = dE
        self.grads = g
        return g


def nll(logits, targets):
    z = logits - logits.max(-1, keepdims=True)
    lp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return -np.take_along_axis(lp, targets[..., None], -1).mean()


def nll_grad(logits, targets):
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    np.put_along_axis(p, targets[..., None], np.take_along_axis(p, targets[..., None], -1) - 1, -1)
    return p / targets.size


if __name__ == "__main__":
    rng = np.random.default_rng(5)
    lm = TiedLM()
    m = {k: np.zeros_like(v) for k, v in lm.params.items()}
    for step in range(150):
        start = rng.integers(0, 20, (12, 1))
        seq = (start + 3 * np.arange(9)) % 20
        x, y = seq[:, :-1], seq[:, 1:]
        logits = lm.forward(x)
        grads = lm.backward(nll_grad(logits, y))
        for k, p in lm.params.items():
            m[k] = 0.9 * m[k] + grads[k]
            p -= 0.01 * m[k]
        if step % 50 == 0:
            print(step, nll(logits, y))
