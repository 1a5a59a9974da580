import numpy as np


def slopes(n_heads):
    return 2.0 ** (-8.0 * np.arange(1, n_heads + 1) / n_heads)


def make_alibi(n_heads=2):
    m = slopes(n_heads)[:, None, None]

    def fwd(x, wqkv, wo):
        """causal self-attention with linear position biases; x (T, B, C), time first"""
        T, B, C = x.shape
        q, k, v = np.split((x @ wqkv).reshape(T, B, n_heads, -1), 3, axis=-1)
        i = np.arange(T)
        bias = np.where(i[None, :] <= i[:, None], (i[None, :] - i[:, None]) * m, -1e30)
        s = np.einsum("tbhd,ubhd->bhtu", q, k) / np.sqrt(q.shape[-1]) + bias
        s = np.exp(s - s.max(-1, keepdims=True))
        a = s / s.sum(-1, keepdims=True)
        z = np.einsum("bhtu,ubhd->tbhd", a, v)
        flat = z.reshape(T, B, -1)
        return flat @ wo, (x, wqkv, wo, q, k, v, a, flat)

    def bwd(dy, ctx):
        x, wqkv, wo, q, k, v, a, flat = ctx
        T, B, C = x.shape
        dwo = np.einsum("tbi,tbo->io", flat, dy)
        dz = (dy @ wo.T).reshape(v.shape)
        da = np.einsum("tbhd,ubhd->bhtu", dz, v)
        dv = np.einsum("bhtu,tbhd->ubhd", a, dz)
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dq = np.einsum("bhtu,ubhd->tbhd", ds, k)
        dk = np.einsum("bhtu,tbhd->ubhd", ds, q)
        dp = np.concatenate([dq, dk, dv], axis=-1).reshape(T, B, -1)
        return dp @ wqkv.T, np.einsum("tbi,tbo->io", x, dp), dwo

    return fwd, bwd


alibi_forward, alibi_backward = make_alibi(2)

if __name__ == "__main__":
    r = np.random.default_rng(0)
    y, c = alibi_forward(r.normal(size=(5, 2, 6)), r.normal(size=(6, 18)), r.normal(size=(6, 6)))
    print([g.shape for g in alibi_backward(y, c)])
