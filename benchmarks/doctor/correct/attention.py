"""Correct attention layers: single, multi-head, fused, crossed, masked, causal, relative, rotary, linear."""

import numpy as np


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# --- one head -------------------------------------------------------------------------------------


class SelfAttention:
    """One head; caches on self, gradients in dWq, dWk, dWv."""

    def __init__(self, d_model, d_head, rng):
        self.Wq = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.Wk = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.Wv = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.scale = d_head**-0.5

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.p = softmax(self.q @ self.k.transpose(0, 2, 1) * self.scale)
        return self.p @ self.v

    def backward(self, dy):
        dv = self.p.transpose(0, 2, 1) @ dy
        dp = dy @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) * self.scale
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        xt = self.x.transpose(0, 2, 1)
        self.dWq, self.dWk, self.dWv = (xt @ dq).sum(0), (xt @ dk).sum(0), (xt @ dv).sum(0)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def case_self_attention():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttention(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def scaled_dot_product(q, k, v, mask=None):
    """q (..., T, d), k (..., S, d), v (..., S, e); mask is additive."""
    s = np.einsum("...td,...sd->...ts", q, k) / np.sqrt(q.shape[-1])
    if mask is not None:
        s = s + mask
    w = softmax(s)
    return np.einsum("...ts,...se->...te", w, v), (q, k, v, w)


def scaled_dot_product_backward(dout, cache):
    q, k, v, w = cache
    dv = np.einsum("...ts,...te->...se", w, dout)
    dw = np.einsum("...te,...se->...ts", dout, v)
    ds = w * (dw - np.einsum("...ts,...ts->...t", w, dw)[..., None]) / np.sqrt(q.shape[-1])
    return np.einsum("...ts,...sd->...td", ds, k), np.einsum("...ts,...td->...sd", ds, q), dv


def case_dot_product_pair():
    r = np.random.default_rng(1)
    return {
        "subject": (scaled_dot_product, scaled_dot_product_backward),
        "inputs": (r.normal(size=(2, 3, 4)), r.normal(size=(2, 5, 4)), r.normal(size=(2, 5, 6))),
    }


def case_dot_product_pair_additive_mask():
    r = np.random.default_rng(2)
    causal = np.triu(np.full((5, 5), -1e9), k=1)
    return {
        "subject": (scaled_dot_product, scaled_dot_product_backward),
        "inputs": tuple(r.normal(size=(2, 5, w)) for w in (4, 4, 3)),
        "forward_kwargs": {"mask": causal},
        "intent": {"causal"},
    }


class LoopAttention:
    """For teaching: no batch, explicit loops, and the whole softmax Jacobian written out."""

    def __init__(self, width, seed):
        r = np.random.RandomState(seed)
        self.W_query, self.W_key, self.W_value = (r.uniform(-0.6, 0.6, (width, width)) for _ in range(3))

    def forward(self, x):
        self.x = x
        self.Q, self.K, self.V = x @ self.W_query, x @ self.W_key, x @ self.W_value
        n = x.shape[0]
        self.A = np.zeros((n, n))
        for i in range(n):
            scores = np.array([self.Q[i] @ self.K[j] for j in range(n)]) / np.sqrt(x.shape[1])
            self.A[i] = softmax(scores)
        return self.A @ self.V

    def backward(self, dO):
        dA = dO @ self.V.T
        dV = self.A.T @ dO
        dQ, dK = np.zeros_like(self.Q), np.zeros_like(self.K)
        for i in range(len(self.A)):
            jacobian = np.diag(self.A[i]) - np.outer(self.A[i], self.A[i])
            ds = jacobian @ dA[i] / np.sqrt(self.x.shape[1])
            for j in range(len(ds)):
                dQ[i] += ds[j] * self.K[j]
                dK[j] += ds[j] * self.Q[i]
        self.grad_W_query, self.grad_W_key, self.grad_W_value = self.x.T @ dQ, self.x.T @ dK, self.x.T @ dV
        return dQ @ self.W_query.T + dK @ self.W_key.T + dV @ self.W_value.T


def case_loops_full_jacobian():
    return {"subject": LoopAttention(4, seed=3), "inputs": (np.random.RandomState(4).randn(5, 4),)}


class AdditiveAttention:
    """Bahdanau: score = v . tanh(W_q query + W_m memory); inputs are the query state (B, Q) and memory
    (B, S, M).
    """

    def __init__(self, query_size, memory_size, units, rng):
        self.params = {
            "W_q": rng.normal(size=(query_size, units)) * 0.5,
            "W_m": rng.normal(size=(memory_size, units)) * 0.5,
            "v": rng.normal(size=units),
        }
        self.grads = {}

    def forward(self, query, memory):
        p = self.params
        self.query, self.memory = query, memory
        self.t = np.tanh((query @ p["W_q"])[:, None, :] + memory @ p["W_m"])
        self.alpha = softmax(self.t @ p["v"], axis=1)
        return np.einsum("bs,bsm->bm", self.alpha, memory)

    def backward(self, dcontext):
        p = self.params
        dalpha = np.einsum("bm,bsm->bs", dcontext, self.memory)
        dscore = self.alpha * (dalpha - np.sum(dalpha * self.alpha, axis=1, keepdims=True))
        dpre = dscore[:, :, None] * p["v"] * (1 - self.t**2)
        self.grads = {
            "v": np.einsum("bs,bsu->u", dscore, self.t),
            "W_q": self.query.T @ dpre.sum(axis=1),
            "W_m": np.einsum("bsm,bsu->mu", self.memory, dpre),
        }
        dmemory = self.alpha[:, :, None] * dcontext[:, None, :] + dpre @ p["W_m"].T
        return dpre.sum(axis=1) @ p["W_q"].T, dmemory


def case_additive_query_memory():
    rng = np.random.default_rng(5)
    return {
        "subject": AdditiveAttention(3, 4, 6, rng),
        "inputs": (rng.normal(size=(2, 3)), rng.normal(size=(2, 5, 4))),
    }


class AttentionPooling:
    """A learned query pools the sequence: (B, T, D) -> (B, D)."""

    def __init__(self, d, rng):
        self.query = rng.normal(size=d)
        self.gradient = None

    def forward(self, x):
        self.w = softmax(x @ self.query / np.sqrt(self.query.size), axis=1)
        self.x = x
        return np.matmul(self.w[:, None, :], x)[:, 0]

    def backward(self, g):
        dw = np.matmul(self.x, g[:, :, None])[..., 0]
        ds = self.w * (dw - (dw * self.w).sum(1, keepdims=True)) / np.sqrt(self.query.size)
        self.query_grad = np.einsum("bt,btd->d", ds, self.x)
        return self.w[..., None] * g[:, None] + ds[..., None] * self.query


def case_attention_pooling():
    rng = np.random.default_rng(6)
    return {"subject": AttentionPooling(4, rng), "inputs": (rng.normal(size=(3, 5, 4)),)}


# --- several heads --------------------------------------------------------------------------------


class MultiHeadAttention:
    """q, k and v come separately (self attention is one object given three times); boolean mask, True =
    may look.
    """

    def __init__(self, d_model, heads, rng):
        assert d_model % heads == 0
        self.h, self.d = heads, d_model // heads
        for name in ("q", "k", "v", "o"):
            setattr(self, "W" + name, rng.normal(size=(d_model, d_model)) / np.sqrt(d_model))
            setattr(self, "b" + name, rng.normal(size=d_model) * 0.1)

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.h, self.d).transpose(0, 2, 1, 3)

    def merge(self, x):
        return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], self.h * self.d)

    def forward(self, query, key, value, mask=None):
        q = self.split(query @ self.Wq + self.bq)
        k = self.split(key @ self.Wk + self.bk)
        v = self.split(value @ self.Wv + self.bv)
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(self.d)
        if mask is not None:
            scores = np.where(mask, scores, -np.inf)
        p = softmax(scores)
        merged = self.merge(p @ v)
        self.cache = query, key, value, q, k, v, p, merged
        return merged @ self.Wo + self.bo

    def backward(self, dout):
        query, key, value, q, k, v, p, merged = self.cache
        self.dWo = np.einsum("bti,bto->io", merged, dout)
        self.dbo = dout.sum(axis=(0, 1))
        dctx = self.split(dout @ self.Wo.T)
        dv = p.swapaxes(-1, -2) @ dctx
        dp = dctx @ v.swapaxes(-1, -2)
        ds = p * (dp - (p * dp).sum(-1, keepdims=True)) / np.sqrt(self.d)
        dq, dk = ds @ k, ds.swapaxes(-1, -2) @ q
        results = []
        for name, x, grad in (("q", query, dq), ("k", key, dk), ("v", value, dv)):
            grad = self.merge(grad)
            setattr(self, "dW" + name, np.einsum("bti,bto->io", x, grad))
            setattr(self, "db" + name, grad.sum(axis=(0, 1)))
            results.append(grad @ getattr(self, "W" + name).T)
        return tuple(results)


def case_multi_head_three_inputs():
    rng = np.random.default_rng(7)
    shapes = (2, 3, 6), (2, 5, 6), (2, 5, 6)
    return {"subject": MultiHeadAttention(6, 2, rng), "inputs": tuple(rng.normal(size=s) for s in shapes)}


def case_multi_head_padding_mask():
    rng = np.random.default_rng(8)
    keep = (np.arange(5) < np.array([[5], [3]]))[:, None, None, :]
    shapes = (2, 4, 6), (2, 5, 6), (2, 5, 6)
    return {
        "subject": MultiHeadAttention(6, 3, rng),
        "inputs": tuple(rng.normal(size=s) for s in shapes),
        "forward_kwargs": {"mask": keep},
    }


class CausalSelfAttention:
    """One matrix for q, k and v; a triangular mask kept as a buffer; output projection."""

    def __init__(self, n_embd, n_head, block_size, rng):
        self.c_attn = rng.normal(size=(n_embd, 3 * n_embd)) * 0.4
        self.c_attn_bias = rng.normal(size=3 * n_embd) * 0.1
        self.c_proj = rng.normal(size=(n_embd, n_embd)) * 0.4
        self.c_proj_bias = rng.normal(size=n_embd) * 0.1
        self.bias = np.tril(np.ones((block_size, block_size)))  # the mask, not a parameter
        self.n_head = n_head

    def forward(self, x):
        B, T, C = x.shape
        qkv = (x @ self.c_attn + self.c_attn_bias).reshape(B, T, 3, self.n_head, C // self.n_head)
        q, k, v = qkv.transpose(2, 0, 3, 1, 4)
        att = q @ k.transpose(0, 1, 3, 2) * (1.0 / np.sqrt(k.shape[-1]))
        att = np.where(self.bias[:T, :T] == 0, -1e30, att)
        att = softmax(att)
        y = (att @ v).transpose(0, 2, 1, 3).reshape(B, T, C)
        self.saved = (x, q, k, v, att, y)
        return y @ self.c_proj + self.c_proj_bias

    def backward(self, dout):
        x, q, k, v, att, y = self.saved
        B, T, C = x.shape
        self.c_proj_grad = y.reshape(-1, C).T @ dout.reshape(-1, C)
        self.c_proj_bias_grad = dout.reshape(-1, C).sum(axis=0)
        dy = (dout @ self.c_proj.T).reshape(B, T, self.n_head, -1).transpose(0, 2, 1, 3)
        datt = dy @ v.transpose(0, 1, 3, 2)
        ds = att * (datt - np.sum(att * datt, axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dqkv = np.stack([ds @ k, ds.transpose(0, 1, 3, 2) @ q, att.transpose(0, 1, 3, 2) @ dy])
        dqkv = dqkv.transpose(1, 3, 0, 2, 4).reshape(B * T, 3 * C)
        self.c_attn_grad = x.reshape(-1, C).T @ dqkv
        self.c_attn_bias_grad = dqkv.sum(axis=0)
        return (dqkv @ self.c_attn.T).reshape(x.shape)


def case_causal_fused_qkv():
    rng = np.random.default_rng(9)
    return {
        "subject": CausalSelfAttention(6, 2, 8, rng),
        "inputs": (rng.normal(size=(3, 5, 6)),),
        "intent": {"causal"},
    }


class CrossAttention:
    """Decoder states ask, encoder memory answers; widths differ; backward(dy, lr) updates after use."""

    def __init__(self, d_x, d_memory, d_inner, heads, rng):
        self.heads = heads
        self.Wq = rng.normal(size=(d_x, d_inner)) * 0.4
        self.Wkv = rng.normal(size=(d_memory, 2 * d_inner)) * 0.4
        self.Wo = rng.normal(size=(d_inner, d_x)) * 0.4

    def _heads(self, z):
        b, t, n = z.shape
        return np.moveaxis(z.reshape(b, t, self.heads, n // self.heads), 2, 1)

    def _join(self, z):
        b, h, t, n = z.shape
        return np.moveaxis(z, 1, 2).reshape(b, t, h * n)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q = self._heads(x @ self.Wq)
        k, v = np.split(memory @ self.Wkv, 2, axis=-1)
        self.k, self.v = self._heads(k), self._heads(v)
        self.root = np.sqrt(self.q.shape[-1])
        self.att = softmax(np.einsum("bhtd,bhsd->bhts", self.q, self.k) / self.root)
        self.y = self._join(np.einsum("bhts,bhsd->bhtd", self.att, self.v))
        return self.y @ self.Wo

    def backward(self, dout, lr):
        dWo = np.einsum("bti,btj->ij", self.y, dout)
        dy = self._heads(dout @ self.Wo.T)
        datt = np.einsum("bhtd,bhsd->bhts", dy, self.v)
        dv = np.einsum("bhts,bhtd->bhsd", self.att, dy)
        ds = self.att * (datt - (self.att * datt).sum(axis=-1, keepdims=True)) / self.root
        dq = self._join(np.einsum("bhts,bhsd->bhtd", ds, self.k))
        dk = np.einsum("bhts,bhtd->bhsd", ds, self.q)
        dkv = np.concatenate([self._join(dk), self._join(dv)], axis=-1)
        dx, dmemory = dq @ self.Wq.T, dkv @ self.Wkv.T
        self.Wq -= lr * np.einsum("bti,btj->ij", self.x, dq)
        self.Wkv -= lr * np.einsum("bti,btj->ij", self.memory, dkv)
        self.Wo -= lr * dWo
        return dx, dmemory


def case_cross_attention_updates():
    rng = np.random.default_rng(10)
    return {
        "subject": CrossAttention(5, 3, 4, 2, rng),
        "inputs": (rng.normal(size=(2, 4, 5)), rng.normal(size=(2, 6, 3))),
    }


class HeadList:
    """Several independent heads in a list, outputs concatenated and projected."""

    class Projection:
        def __init__(self, n_in, n_out, rng):
            self.weight = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)

        def forward(self, x):
            self.input = x
            return x @ self.weight.T

        def backward(self, d):
            self.weight_grad = np.einsum("bto,bti->oi", d, self.input)
            return d @ self.weight

    def __init__(self, d_model, d_head, heads, rng):
        self.heads = [SelfAttention(d_model, d_head, rng) for _ in range(heads)]
        self.projection = HeadList.Projection(d_head * heads, d_model, rng)
        self.d_head = d_head

    def forward(self, x):
        return self.projection.forward(np.concatenate([head.forward(x) for head in self.heads], axis=2))

    def backward(self, dy):
        d = self.projection.backward(dy)
        parts = np.split(d, len(self.heads), axis=2)
        return sum(head.backward(part) for head, part in zip(self.heads, parts))


def case_list_of_heads():
    rng = np.random.default_rng(11)
    return {"subject": HeadList(5, 3, 2, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}


class FeaturesFirstAttention:
    """x is (features, time): columns are positions, the softmax runs down the keys."""

    def __init__(self, d, n, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(size=(n, d)) * 0.5 for _ in range(3))

    def forward(self, X):
        self.X = X
        self.Q, self.K, self.V = self.Wq @ X, self.Wk @ X, self.Wv @ X
        self.P = softmax(self.K.T @ self.Q / np.sqrt(self.Q.shape[0]), axis=0)  # column t: weights of query t
        return self.V @ self.P

    def backward(self, dY):
        dV = dY @ self.P.T
        dP = self.V.T @ dY
        dS = self.P * (dP - (self.P * dP).sum(axis=0)) / np.sqrt(self.Q.shape[0])
        dQ, dK = self.K @ dS, self.Q @ dS.T
        self.dWq, self.dWk, self.dWv = dQ @ self.X.T, dK @ self.X.T, dV @ self.X.T
        return self.Wq.T @ dQ + self.Wk.T @ dK + self.Wv.T @ dV


def case_features_first():
    rng = np.random.default_rng(12)
    return {"subject": FeaturesFirstAttention(4, 3, rng), "inputs": (rng.normal(size=(4, 6)),)}


class RelativeAttention:
    """A learned bias per head and (clipped) distance is added to the scores."""

    def __init__(self, d_model, heads, reach, rng):
        self.heads, self.reach = heads, reach
        self.W_qkv = rng.normal(size=(3, heads, d_model, d_model // heads)) * 0.5
        self.W_out = rng.normal(size=(heads, d_model // heads, d_model)) * 0.5
        self.distance_bias = rng.normal(size=(heads, 2 * reach + 1))
        self.grads = {}

    def forward(self, x):
        T = x.shape[1]
        q, k, v = np.einsum("btm,ahmd->abhtd", x, self.W_qkv)
        self.index = np.clip(np.arange(T)[None] - np.arange(T)[:, None], -self.reach, self.reach) + self.reach
        s = np.einsum("bhtd,bhsd->bhts", q, k) / np.sqrt(q.shape[-1]) + self.distance_bias[:, self.index]
        a = softmax(s)
        y = np.einsum("bhts,bhsd->bhtd", a, v)
        self.memo = x, q, k, v, a, y
        return np.einsum("bhtd,hdm->btm", y, self.W_out)

    def backward(self, dout):
        x, q, k, v, a, y = self.memo
        dy = np.einsum("btm,hdm->bhtd", dout, self.W_out)
        da = np.einsum("bhtd,bhsd->bhts", dy, v)
        ds = a * (da - (a * da).sum(-1, keepdims=True))
        dbias = np.zeros_like(self.distance_bias)
        for h in range(self.heads):
            np.add.at(dbias[h], self.index, ds[:, h].sum(axis=0))
        ds = ds / np.sqrt(q.shape[-1])
        dqkv = np.stack(
            [
                np.einsum("bhts,bhsd->bhtd", ds, k),
                np.einsum("bhts,bhtd->bhsd", ds, q),
                np.einsum("bhts,bhtd->bhsd", a, dy),
            ]
        )
        self.grads = {
            "W_out": np.einsum("bhtd,btm->hdm", y, dout),
            "distance_bias": dbias,
            "W_qkv": np.einsum("btm,abhtd->ahmd", x, dqkv),
        }
        return np.einsum("abhtd,ahmd->btm", dqkv, self.W_qkv)


def case_relative_bias():
    rng = np.random.default_rng(13)
    return {"subject": RelativeAttention(4, 2, 2, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def case_relative_bias_longer():
    rng = np.random.default_rng(14)
    return {"subject": RelativeAttention(6, 3, 1, rng), "inputs": (rng.normal(size=(2, 4, 6)),)}


class RelativeKeys:
    """Shaw et al.: a key vector for each distance; scores are q . (k + r[distance]); causal."""

    def __init__(self, d, window, rng):
        self.window = window
        self.Wq, self.Wk, self.Wv = rng.normal(size=(3, d, d)) * 0.5
        self.R = rng.normal(size=(window + 1, d)) * 0.5

    def forward(self, x):
        T, d = x.shape[1:]
        self.far = np.clip(np.arange(T)[:, None] - np.arange(T)[None], 0, self.window)
        allowed = np.tril(np.ones((T, T), bool))
        q, k, v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        r = self.R[self.far]
        s = (np.einsum("btd,bsd->bts", q, k) + np.einsum("btd,tsd->bts", q, r)) / np.sqrt(d)
        p = softmax(np.where(allowed, s, -1e9))
        self.c = x, q, k, v, r, p
        return p @ v

    def backward(self, dy):
        x, q, k, v, r, p = self.c
        dp = np.einsum("btd,bsd->bts", dy, v)
        dv = np.einsum("bts,btd->bsd", p, dy)
        ds = p * (dp - np.sum(p * dp, axis=-1, keepdims=True)) / np.sqrt(x.shape[-1])
        dq = ds @ k + np.einsum("bts,tsd->btd", ds, r)
        dk = np.einsum("bts,btd->bsd", ds, q)
        self.dR = np.zeros_like(self.R)
        np.add.at(self.dR, self.far, np.einsum("bts,btd->tsd", ds, q))
        flat = x.reshape(-1, x.shape[-1])
        self.dWq, self.dWk, self.dWv = (flat.T @ d.reshape(flat.shape) for d in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def case_relative_keys_causal():
    rng = np.random.default_rng(15)
    return {"subject": RelativeKeys(4, 2, rng), "inputs": (rng.normal(size=(2, 5, 4)),), "intent": {"causal"}}


class RotaryAttention:
    """RoPE: queries and keys are rotated in pairs of features; the tables of angles are buffers."""

    def __init__(self, d_model, heads, longest, rng, base=100.0):
        self.heads, d = heads, d_model // heads
        self.wq, self.wk, self.wv, self.wo = rng.normal(size=(4, d_model, d_model)) * 0.4
        angle = np.arange(longest)[:, None] * base ** (-np.arange(0, d, 2) / d)
        self.cos, self.sin = np.cos(angle), np.sin(angle)

    def rotate(self, z, direction=1):
        c, s = self.cos[: z.shape[2]], direction * self.sin[: z.shape[2]]
        even, odd = z[..., 0::2], z[..., 1::2]
        out = np.empty_like(z)
        out[..., 0::2] = even * c - odd * s
        out[..., 1::2] = even * s + odd * c
        return out

    def part(self, z):
        return z.reshape(*z.shape[:2], self.heads, -1).swapaxes(1, 2)

    def whole(self, z):
        return z.swapaxes(1, 2).reshape(z.shape[0], z.shape[2], -1)

    def forward(self, x, causal=True):
        q, k, v = (
            self.rotate(self.part(x @ self.wq)),
            self.rotate(self.part(x @ self.wk)),
            self.part(x @ self.wv),
        )
        s = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1])
        if causal:
            s = s + np.triu(np.full(s.shape[-2:], -1e9), 1)
        p = softmax(s)
        o = self.whole(p @ v)
        self.tape = x, q, k, v, p, o
        return o @ self.wo

    def backward(self, dy):
        x, q, k, v, p, o = self.tape
        d = x.shape[-1]
        self.d_wo = o.reshape(-1, d).T @ dy.reshape(-1, d)
        do = self.part(dy @ self.wo.T)
        dp = do @ v.swapaxes(2, 3)
        ds = p * (dp - (p * dp).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dq = self.whole(self.rotate(ds @ k, -1))  # the inverse rotation
        dk = self.whole(self.rotate(ds.swapaxes(2, 3) @ q, -1))
        dv = self.whole(p.swapaxes(2, 3) @ do)
        rows = x.reshape(-1, d).T
        self.d_wq, self.d_wk, self.d_wv = (rows @ g.reshape(-1, d) for g in (dq, dk, dv))
        return dq @ self.wq.T + dk @ self.wk.T + dv @ self.wv.T


def case_rotary_causal():
    rng = np.random.default_rng(16)
    return {
        "subject": RotaryAttention(8, 2, 16, rng),
        "inputs": (rng.normal(size=(2, 5, 8)),),
        "intent": {"causal"},
    }


def case_rotary_bidirectional():
    rng = np.random.default_rng(17)
    return {
        "subject": RotaryAttention(8, 2, 9, rng),
        "inputs": (rng.normal(size=(2, 3, 8)),),
        "forward_kwargs": {"causal": False},
    }


class LinearAttention:
    """phi(q) (phi(k)^T v) with phi = elu + 1: no softmax; normalised by the sum of the kernel."""

    def __init__(self, d, e, rng):
        self.W = {
            "q": rng.normal(size=(d, e)) * 0.5,
            "k": rng.normal(size=(d, e)) * 0.5,
            "v": rng.normal(size=(d, e)) * 0.5,
        }
        self.dW = {}

    @staticmethod
    def phi(z):
        return np.where(z > 0, z + 1, np.exp(np.minimum(z, 0)))

    @staticmethod
    def dphi(z):
        return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))

    def forward(self, x):
        zq, zk, v = x @ self.W["q"], x @ self.W["k"], x @ self.W["v"]
        q, k = self.phi(zq), self.phi(zk)
        kv, total = np.einsum("bsd,bse->bde", k, v), k.sum(axis=1)
        norm = np.einsum("btd,bd->bt", q, total)[..., None]
        out = np.einsum("btd,bde->bte", q, kv) / norm
        self.store = x, zq, zk, v, q, k, kv, total, norm, out
        return out

    def backward(self, g):
        x, zq, zk, v, q, k, kv, total, norm, out = self.store
        dnum = g / norm
        dnorm = -(g * out).sum(-1, keepdims=True) / norm
        dq = np.einsum("bte,bde->btd", dnum, kv) + dnorm * total[:, None]
        dkv = np.einsum("btd,bte->bde", q, dnum)
        dtotal = (dnorm * q).sum(axis=1)
        dk = np.einsum("bse,bde->bsd", v, dkv) + dtotal[:, None]
        dv = np.einsum("bsd,bde->bse", k, dkv)
        d = {"q": dq * self.dphi(zq), "k": dk * self.dphi(zk), "v": dv}
        self.dW = {n: np.einsum("bti,bto->io", x, d[n]) for n in d}
        return sum(d[n] @ self.W[n].T for n in d)


def case_linear_attention_w_and_dw_dicts():
    rng = np.random.default_rng(18)
    return {"subject": LinearAttention(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


class SharedKeyValueAttention:
    """Multi-query: several query heads share one key head and one value head."""

    def __init__(self, d_model, heads, d_head, rng):
        self.Wq = rng.normal(size=(heads, d_model, d_head)) * 0.5
        self.Wk = rng.normal(size=(d_model, d_head)) * 0.5
        self.Wv = rng.normal(size=(d_model, d_head)) * 0.5

    def forward(self, x):
        self.x = x
        self.q = np.einsum("btm,hmd->bhtd", x, self.Wq)
        self.k, self.v = x @ self.Wk, x @ self.Wv
        self.p = softmax(np.einsum("bhtd,bsd->bhts", self.q, self.k) / np.sqrt(self.k.shape[-1]))
        y = np.einsum("bhts,bsd->bthd", self.p, self.v)
        return y.reshape(*x.shape[:2], -1)

    def backward(self, dy):
        B, T, _ = dy.shape
        dy = dy.reshape(B, T, len(self.Wq), -1)
        dp = np.einsum("bthd,bsd->bhts", dy, self.v)
        dv = np.einsum("bhts,bthd->bsd", self.p, dy)
        ds = self.p * (dp - (self.p * dp).sum(-1, keepdims=True)) / np.sqrt(self.k.shape[-1])
        dq = np.einsum("bhts,bsd->bhtd", ds, self.k)
        dk = np.einsum("bhts,bhtd->bsd", ds, self.q)
        self.grad_Wq = np.einsum("btm,bhtd->hmd", self.x, dq)
        self.grad_Wk = np.einsum("btm,btd->md", self.x, dk)
        self.grad_Wv = np.einsum("btm,btd->md", self.x, dv)
        return np.einsum("bhtd,hmd->btm", dq, self.Wq) + dk @ self.Wk.T + dv @ self.Wv.T


def case_multi_query():
    rng = np.random.default_rng(19)
    return {"subject": SharedKeyValueAttention(5, 3, 4, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}


class DroppedAttention:
    """Dropout on the attention weights, from the module-level generator; the mask is kept for backward."""

    def __init__(self, d, p_drop, seed=0):
        r = np.random.default_rng(seed)
        self.W = r.normal(size=(3, d, d)) * 0.5
        self.p_drop = p_drop
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.W[0], x @ self.W[1], x @ self.W[2]
        self.a = softmax(self.q @ self.k.transpose(0, 2, 1) / np.sqrt(x.shape[2]))
        if self.training and self.p_drop > 0:
            self.mask = (np.random.rand(*self.a.shape) >= self.p_drop) / (1 - self.p_drop)
        else:
            self.mask = np.ones_like(self.a)
        return (self.a * self.mask) @ self.v

    def backward(self, dy):
        dv = (self.a * self.mask).transpose(0, 2, 1) @ dy
        da = dy @ self.v.transpose(0, 2, 1) * self.mask
        ds = self.a * (da - (da * self.a).sum(axis=2, keepdims=True)) / np.sqrt(self.x.shape[2])
        d = np.stack([ds @ self.k, ds.transpose(0, 2, 1) @ self.q, dv])
        self.dW = np.einsum("bti,nbto->nio", self.x, d)
        return np.einsum("nbto,nio->bti", d, self.W)


def case_attention_dropout_training():
    r = np.random.default_rng(20)
    return {"subject": DroppedAttention(4, 0.3), "inputs": (r.normal(size=(2, 5, 4)),), "training": True}


def case_attention_dropout_off():
    r = np.random.default_rng(21)
    return {
        "subject": DroppedAttention(4, 0.3, seed=1),
        "inputs": (r.normal(size=(3, 4, 4)),),
        "training": False,
    }


class LengthMaskedAttention:
    """Keys beyond each sequence's length get no weight, and rows of padded queries are zero."""

    def __init__(self, d, rng):
        self.Wq, self.Wk, self.Wv = rng.normal(size=(3, d, d)) * 0.6

    def forward(self, x, lengths):
        self.x = x
        valid = np.arange(x.shape[1]) < np.asarray(lengths)[:, None]
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        scores = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(x.shape[2])
        scores[~np.broadcast_to(valid[:, None, :], scores.shape)] = -1e12
        self.a = softmax(scores)
        self.rows = valid[:, :, None].astype(x.dtype)
        return (self.a @ self.v) * self.rows

    def backward(self, dy):
        dy = dy * self.rows
        dv = self.a.transpose(0, 2, 1) @ dy
        da = dy @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.x.shape[2])
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        self.dWq, self.dWk, self.dWv = (np.tensordot(self.x, d, axes=((0, 1), (0, 1))) for d in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def case_lengths():
    rng = np.random.default_rng(22)
    return {
        "subject": LengthMaskedAttention(4, rng),
        "inputs": (rng.normal(size=(3, 5, 4)), np.array([5, 2, 4])),
        "intent": {"padding"},
    }


class CosineAttention:
    """Queries and keys of unit length with a learned temperature (a zero-dimensional array)."""

    def __init__(self, d, rng):
        self.Wq, self.Wk = rng.normal(size=(2, d, d))
        self.log_temperature = np.array(0.7)

    def forward(self, x):
        self.x = x
        q, k = x @ self.Wq, x @ self.Wk
        self.nq, self.nk = (
            np.linalg.norm(q, axis=-1, keepdims=True),
            np.linalg.norm(k, axis=-1, keepdims=True),
        )
        self.uq, self.uk = q / self.nq, k / self.nk
        self.cos = self.uq @ self.uk.swapaxes(1, 2)
        self.p = softmax(np.exp(self.log_temperature) * self.cos)
        return self.p @ x

    def backward(self, dy):
        dp = dy @ self.x.swapaxes(1, 2)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) * np.exp(self.log_temperature)
        self.dlog_temperature = np.array((ds * self.cos).sum())
        duq, duk = ds @ self.uk, ds.swapaxes(1, 2) @ self.uq
        dq = (duq - self.uq * (duq * self.uq).sum(-1, keepdims=True)) / self.nq
        dk = (duk - self.uk * (duk * self.uk).sum(-1, keepdims=True)) / self.nk
        self.dWq, self.dWk = (np.einsum("bti,bto->io", self.x, d) for d in (dq, dk))
        return self.p.swapaxes(1, 2) @ dy + dq @ self.Wq.T + dk @ self.Wk.T


def case_cosine_temperature():
    rng = np.random.default_rng(23)
    return {"subject": CosineAttention(4, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
