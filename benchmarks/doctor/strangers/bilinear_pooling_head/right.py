import numpy as np


def bilinear_forward(u, v, T, bias):
    """Neural tensor layer: y_k = u^T T_k v + bias_k.  u (B,P)  v (B,Q)  T (K,P,Q)"""
    tv = np.einsum("kpq,bq->bkp", T, v)
    s = np.einsum("bp,bkp->bk", u, tv) + bias
    y = np.tanh(s)
    return y, (u, v, T, tv, y)


def bilinear_backward(dy, ctx):
    u, v, T, tv, y = ctx
    ds = dy * (1.0 - y * y)
    dbias = ds.sum(0)
    dT = np.einsum("bk,bp,bq->kpq", ds, u, v)
    du = np.einsum("bk,bkp->bp", ds, tv)
    dv = np.einsum("bk,kpq,bp->bq", ds, T, u)
    return du, dv, dT, dbias


def margin_loss(pos, neg):
    gap = 1.0 - pos + neg
    return np.maximum(gap, 0).mean()


def margin_loss_grad(pos, neg):
    act = (1.0 - pos + neg > 0) / pos.size
    return -act, act


if __name__ == "__main__":
    r = np.random.default_rng(11)
    head, good, evil = r.normal(size=(3, 20, 6))
    T, b = r.normal(size=(3, 6, 6)) * 0.2, np.zeros(3)
    for epoch in range(40):
        yp, cp = bilinear_forward(head, good, T, b)
        yn, cn = bilinear_forward(head, evil, T, b)
        gp, gn = margin_loss_grad(yp, yn)
        dp, dn = bilinear_backward(gp, cp), bilinear_backward(gn, cn)
        T -= 0.5 * (dp[2] + dn[2])
        b -= 0.5 * (dp[3] + dn[3])
    print(margin_loss(yp, yn))
