"""Functional RMSNorm + SwiGLU, params as a dict, vjp written by hand."""
import numpy as np

EPS = 1e-6


def init(key, d_model=8, d_ff=12):
    rng = np.random.default_rng(key)
    return {
        "gain": 1.0 + 0.3 * rng.standard_normal(d_model),
        "w_gate": rng.standard_normal((d_model, d_ff)) / np.sqrt(d_model),
        "w_up": rng.standard_normal((d_model, d_ff)) / np.sqrt(d_model),
        "w_down": rng.standard_normal((d_ff, d_model)) / np.sqrt(d_ff),
    }


def rms_norm(x, gain):
    inv = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + EPS)
    xn = x * inv
    return xn * gain, (xn, inv, gain)


def rms_norm_vjp(res, ct):
    xn, inv, gain = res
    dgain = np.sum(ct * xn, axis=tuple(range(ct.ndim - 1)))
    dx = gain * inv * (ct - xn * np.mean(ct * xn, axis=-1, keepdims=True))
    return dx, dgain


def apply(x, params):
    h, res_n = rms_norm(x, params["gain"])
    a = h @ params["w_gate"]
    b = h @ params["w_up"]
    s = 1.0 / (1.0 + np.exp(-a))
    m = a * s * b
    y = x + m @ params["w_down"]
    return y, (h, res_n, a, b, s, m, params)


def apply_vjp(ct, res):
    h, res_n, a, b, s, m, params = res
    flat = lambda t: t.reshape(-1, t.shape[-1])
    dm = ct @ params["w_down"].T
    db = dm * a * s
    da = dm * b * (s + a * s * (1 - s))
    dh = da @ params["w_gate"].T + db @ params["w_up"].T
    dx, dgain = rms_norm_vjp(res_n, dh)
    grads = {
        "gain": dgain,
        "w_gate": flat(h).T @ flat(da),
        "w_up": flat(h).T @ flat(db),
        "w_down": flat(m).T @ flat(ct),
    }
    return ct + dx, grads


if __name__ == "__main__":
    p = init(0)
    x = np.random.default_rng(1).standard_normal((4, 5, 8))
    y, res = apply(x, p)
    dx, g = apply_vjp(y, res)
    print({k: v.shape for k, v in g.items()})
