"""Diagonal linear state space layer, time first: s_t = a * s_{t-1} + B u_t,  y_t = C s_t + D * u_t."""
import numpy as np


def make_ssm(d_in=3, n_state=5, seed=0):
    rng = np.random.default_rng(seed)
    P = {
        "nu": rng.normal(0.5, 0.5, n_state),
        "B": rng.normal(0, d_in ** -0.5, (n_state, d_in)),
        "C": rng.normal(0, n_state ** -0.5, (d_in, n_state)),
        "D": rng.normal(1, 0.1, d_in),
    }

    def forward(u, nu, B, C, D):
        a = np.exp(-np.exp(nu))
        drive = u @ B.T
        S = np.zeros_like(drive)
        s = np.zeros(drive.shape[1:])
        for t in range(len(u)):
            s = a * s + drive[t]
            S[t] = s
        return S @ C.T + D * u, (u, nu, B, C, D, a, S)

    def backward(dy, cache):
        u, nu, B, C, D, a, S = cache
        dS = dy @ C
        lam = np.zeros_like(S)
        run = np.zeros(S.shape[1:])
        for t in range(len(u) - 1, -1, -1):
            run = dS[t] + a * run
            lam[t] = run
        da = (lam[1:] * S[:-1]).sum((0, 1))
        return {
            "u": lam @ B + D * dy,
            "nu": da * a * -np.exp(nu),
            "B": np.einsum("tbn,tbi->ni", lam, u),
            "C": np.einsum("tbi,tbn->in", dy, S),
            "D": (dy * u).sum((0, 1)),
        }

    return P, forward, backward


_P, ssm_forward, ssm_backward = make_ssm()


if __name__ == "__main__":
    u = np.random.default_rng(1).normal(size=(20, 4, 3))
    y, c = ssm_forward(u, **_P)
    print(y.shape, {k: v.shape for k, v in ssm_backward(y, c).items()})
