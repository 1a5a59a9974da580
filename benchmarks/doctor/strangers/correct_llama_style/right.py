"""A Llama-style decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, no biases.

Every function returns (output, pullback); a pullback maps the output's cotangent to the cotangents of all arguments.
"""
import numpy as np


def linear(x, w):
    y = np.einsum("...i,oi->...o", x, w)

    def pullback(dy):
        return np.einsum("...o,oi->...i", dy, w), np.einsum("bto,bti->oi", dy, x)
    return y, pullback


def rms_norm(x, w):
    inv = (np.mean(x * x, axis=-1, keepdims=True) + 1e-5) ** -0.5

    def pullback(dy):
        dw = np.sum(dy * x * inv, axis=(0, 1))
        u = dy * w
        dx = inv * u - x * inv ** 3 * np.mean(u * x, axis=-1, keepdims=True)
        return dx, dw
    return w * x * inv, pullback


def rotary(x, base=10000.0):
    """x (B, T, heads, d); pairs (i, i + d/2)"""
    half = x.shape[-1] // 2
    angle = np.arange(x.shape[1])[:, None] * base ** (-np.arange(half) / half)
    c, s = np.cos(angle)[:, None, :], np.sin(angle)[:, None, :]

    def rotate(v, s):
        a, b = v[..., :half], v[..., half:]
        return np.concatenate([a * c - b * s, a * s + b * c], axis=-1)
    return rotate(x, s), lambda dy: rotate(dy, -s)


def grouped_attention(q, k, v):
    """q (B, T, H, d), k and v (B, T, G, d); H is a multiple of G; query head h reads group h // (H/G)"""
    B, T, H, d = q.shape
    G = k.shape[2]
    q5 = q.reshape(B, T, G, H // G, d)
    s = np.einsum("btgrd,bsgd->bgrts", q5, k) * d ** -0.5
    s = np.where(np.arange(T)[:, None] >= np.arange(T)[None, :], s, -np.inf)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    y = np.einsum("bgrts,bsgd->btgrd", p, v)

    def pullback(dy):
        dy = dy.reshape(B, T, G, H // G, d)
        dv = np.einsum("bgrts,btgrd->bsgd", p, dy)
        dp = np.einsum("btgrd,bsgd->bgrts", dy, v)
        ds = p * (dp - (p * dp).sum(axis=-1, keepdims=True)) * d ** -0.5
        dq = np.einsum("bgrts,bsgd->btgrd", ds, k).reshape(B, T, H, d)
        return dq, np.einsum("bgrts,btgrd->bsgd", ds, q5), dv
    return y.reshape(B, T, H, d), pullback


def swiglu(a, b):
    sg = 1 / (1 + np.exp(-a))

    def pullback(dy):
        return dy * b * sg * (1 + a * (1 - sg)), dy * a * sg
    return a * sg * b, pullback


class Llama:
    def __init__(self, vocab_size=17, dim=16, n_heads=4, n_kv_heads=2, ffn=24, n_layers=2, seed=0):
        rng = np.random.default_rng(seed)
        self.H, self.G, self.dh, self.L = n_heads, n_kv_heads, dim // n_heads, n_layers
        w = lambda o, i: rng.normal(0, i ** -0.5, (o, i))
        kv = n_kv_heads * self.dh
        self.params = {"tok": rng.normal(0, 1, (vocab_size, dim)), "norm": np.ones(dim), "out": w(vocab_size, dim)}
        for l in range(n_layers):
            self.params[f"layer{l}"] = {
                "att_norm": np.ones(dim), "wq": w(dim, dim), "wk": w(kv, dim), "wv": w(kv, dim), "wo": w(dim, dim),
                "ffn_norm": np.ones(dim), "gate": w(ffn, dim), "up": w(ffn, dim), "down": w(dim, ffn)}

    def block(self, x, p):
        B, T, D = x.shape
        n, b_n = rms_norm(x, p["att_norm"])
        q, b_q = linear(n, p["wq"])
        k, b_k = linear(n, p["wk"])
        v, b_v = linear(n, p["wv"])
        qr, b_qr = rotary(q.reshape(B, T, self.H, self.dh))
        kr, b_kr = rotary(k.reshape(B, T, self.G, self.dh))
        a, b_a = grouped_attention(qr, kr, v.reshape(B, T, self.G, self.dh))
        o, b_o = linear(a.reshape(B, T, D), p["wo"])
        h = x + o
        m, b_m = rms_norm(h, p["ffn_norm"])
        g, b_g = linear(m, p["gate"])
        u, b_u = linear(m, p["up"])
        s, b_s = swiglu(g, u)
        f, b_f = linear(s, p["down"])

        def pullback(dy):
            d = {}
            ds, d["down"] = b_f(dy)
            dg, du = b_s(ds)
            dm1, d["gate"] = b_g(dg)
            dm2, d["up"] = b_u(du)
            dh, d["ffn_norm"] = b_m(dm1 + dm2)
            dh = dh + dy
            da, d["wo"] = b_o(dh)
            dq, dk, dv = b_a(da)
            dn1, d["wq"] = b_q(b_qr(dq).reshape(B, T, -1))
            dn2, d["wk"] = b_k(b_kr(dk).reshape(B, T, -1))
            dn3, d["wv"] = b_v(dv.reshape(B, T, -1))
            dx, d["att_norm"] = b_n(dn1 + dn2 + dn3)
            return dx + dh, d
        return h + f, pullback

    def forward(self, ids):
        x, pulls = self.params["tok"][ids], []
        for l in range(self.L):
            x, pb = self.block(x, self.params[f"layer{l}"])
            pulls.append(pb)
        n, b_n = rms_norm(x, self.params["norm"])
        logits, b_out = linear(n, self.params["out"])

        def pullback(dlogits):
            g = {}
            dn, g["out"] = b_out(dlogits)
            dx, g["norm"] = b_n(dn)
            for l in reversed(range(self.L)):
                dx, g[f"layer{l}"] = pulls[l](dx)
            g["tok"] = np.zeros_like(self.params["tok"])
            np.add.at(g["tok"], ids, dx)
            return g
        self._pullback = pullback
        return logits

    def backward(self, dlogits):
        self.grads = self._pullback(dlogits)


def sgd(params, grads, lr):
    for k, p in params.items():
        if isinstance(p, dict):
            sgd(p, grads[k], lr)
        else:
            p -= lr * grads[k]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    net = Llama()
    for it in range(81):
        seq = (rng.integers(0, 17, (16, 1)) + rng.integers(1, 4, (16, 1)) * np.arange(10)) % 17
        z = net.forward(seq[:, :-1])
        p = np.exp(z - z.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        hot = np.eye(17)[seq[:, 1:]]
        net.backward((p - hot) / hot[..., 0].size)
        sgd(net.params, net.grads, 0.3)
        if it % 20 == 0:
            print(it, -np.log((p * hot).sum(-1)).mean())
