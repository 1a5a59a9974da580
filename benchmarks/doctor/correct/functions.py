"""Pairs of functions: forward returns (outputs, cache), backward takes the cache. All of them are correct."""
from collections import namedtuple
from types import SimpleNamespace

import numpy as np


def affine_forward(x, w, b):
    """x: (N, d_1, ..., d_k), flattened to rows."""
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def case_affine():
    rng = np.random.default_rng(0)
    return {"subject": (affine_forward, affine_backward),
            "inputs": (rng.normal(size=(3, 2, 3)), rng.normal(size=(6, 4)), rng.normal(size=4))}


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    x = cache
    return dout * (x > 0)


def case_relu_cache_is_the_input():
    rng = np.random.default_rng(1)
    return {"subject": (relu_forward, relu_backward), "inputs": (rng.normal(size=(4, 5)),)}


def affine_relu_forward(x, w, b):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout, cache):
    fc_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), fc_cache)


def case_sandwich():
    rng = np.random.default_rng(2)
    return {"subject": (affine_relu_forward, affine_relu_backward),
            "inputs": (rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3))}


NormCache = namedtuple("NormCache", "xhat inv_std gamma")


def layernorm_fwd(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=-1, keepdims=True)
    inv_std = 1.0 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    xhat = (x - mu) * inv_std
    return gamma * xhat + beta, NormCache(xhat, inv_std, gamma)


def layernorm_bwd(dout, cache):
    lead = tuple(range(dout.ndim - 1))
    g = dout * cache.gamma
    along = (g * cache.xhat).mean(-1, keepdims=True)
    dx = cache.inv_std * (g - g.mean(-1, keepdims=True) - cache.xhat * along)
    return {"x": dx, "gamma": (dout * cache.xhat).sum(axis=lead), "beta": dout.sum(axis=lead)}


def case_layer_norm_namedtuple_cache_dict_result():
    rng = np.random.default_rng(3)
    return {"subject": (layernorm_fwd, layernorm_bwd),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.normal(size=5), rng.normal(size=5))}


def encode(x, W_mu, W_logvar, noise):
    """A variational encoder: three outputs, then the cache; the noise is an input."""
    mu, logvar = x @ W_mu, x @ W_logvar
    std = np.exp(0.5 * logvar)
    z = mu + std * noise
    return z, mu, logvar, SimpleNamespace(x=x, W_mu=W_mu, W_logvar=W_logvar, std=std, noise=noise)


def encode_backward(dz, dmu, dlogvar, c):
    dmu = dmu + dz
    dlogvar = dlogvar + 0.5 * dz * c.std * c.noise
    dx = dmu @ c.W_mu.T + dlogvar @ c.W_logvar.T
    return dx, c.x.T @ dmu, c.x.T @ dlogvar, dz * c.std


def case_reparametrization_three_outputs():
    rng = np.random.default_rng(4)
    return {"subject": (encode, encode_backward),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(3, 2)) * 0.3,
                       rng.normal(size=(4, 2)))}


def pairwise_distance(a, b):
    diff = a[:, None, :] - b[None, :, :]
    dist = np.sqrt((diff ** 2).sum(-1) + 1e-9)
    return dist, (diff, dist)


def pairwise_distance_grad(ddist, cache):
    diff, dist = cache
    d = (ddist / dist)[:, :, None] * diff
    return d.sum(axis=1), -d.sum(axis=0)


def case_pairwise_distances():
    """Rows of a meet all the rows of b: the two sets are no batch."""
    rng = np.random.default_rng(5)
    return {"subject": (pairwise_distance, pairwise_distance_grad),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(5, 3)))}


def unbroadcast(grad, shape):
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and grad.shape[i] != 1)
    return grad.sum(axis=axes, keepdims=True) if axes else grad


def multiply_forward(a, b):
    return a * b, (a, b)


def multiply_backward(dout, cache):
    a, b = cache
    return unbroadcast(dout * b, a.shape), unbroadcast(dout * a, b.shape)


def case_broadcast_product():
    rng = np.random.default_rng(6)
    return {"subject": (multiply_forward, multiply_backward),
            "inputs": (rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 1)))}


def matmul_forward(A, B):
    return A @ B, (A, B)


def matmul_backward(dC, cache):
    A, B = cache
    dB = np.swapaxes(A, -1, -2) @ dC
    return dC @ np.swapaxes(B, -1, -2), dB.sum(axis=tuple(range(dB.ndim - B.ndim)))


def case_batched_times_shared_matrix():
    rng = np.random.default_rng(7)
    return {"subject": (matmul_forward, matmul_backward),
            "inputs": (rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 5)))}


def concat_forward(a, b, c):
    sizes = [a.shape[1], b.shape[1]]
    return np.concatenate([a, b, c], axis=1), np.cumsum(sizes)


def concat_backward(dout, cache):
    return np.split(dout, cache, axis=1)


def case_concatenation_returns_list_of_views():
    rng = np.random.default_rng(8)
    return {"subject": (concat_forward, concat_backward),
            "inputs": (rng.normal(size=(3, 2)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1)))}


def logsumexp(x):
    m = x.max(axis=-1, keepdims=True)
    e = np.exp(x - m)
    s = e.sum(axis=-1, keepdims=True)
    return (np.log(s) + m)[..., 0], e / s


def logsumexp_vjp(g, softmax):
    return g[..., None] * softmax


def case_logsumexp():
    rng = np.random.default_rng(9)
    return {"subject": (logsumexp, logsumexp_vjp), "inputs": (rng.normal(size=(3, 2, 4)),)}


def pullback_forward(x, W):
    """The cache is a function: backward only calls it."""
    h = np.tanh(x @ W)

    def pullback(dh):
        dz = dh * (1 - h * h)
        return dz @ W.T, x.T @ dz

    return h, pullback


def pullback_backward(dh, pullback):
    return pullback(dh)


def case_cache_is_a_closure():
    rng = np.random.default_rng(10)
    return {"subject": (pullback_forward, pullback_backward),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)))}


def initialize(sizes, rng):
    P = {}
    for l in range(1, len(sizes)):
        P[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1])) * 0.5
        P[f"b{l}"] = rng.normal(size=(sizes[l], 1)) * 0.1
    return P


def model_forward(X, parameters):
    """The online course: columns are samples, all weights in one dictionary."""
    L = len(parameters) // 2
    A, caches = X, []
    for l in range(1, L + 1):
        W, b = parameters[f"W{l}"], parameters[f"b{l}"]
        Z = W @ A + b
        caches.append((A, W, Z))
        A = np.tanh(Z) if l < L else Z
    return A, caches


def model_backward(dAL, caches):
    grads = {}
    L = len(caches)
    dA = dAL
    for l in range(L, 0, -1):
        A_prev, W, Z = caches[l - 1]
        dZ = dA if l == L else dA * (1 - np.tanh(Z) ** 2)
        grads[f"dW{l}"] = dZ @ A_prev.T
        grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True)
        dA = W.T @ dZ
    grads["dX"] = dA
    return grads


def case_parameters_in_a_dictionary():
    """The second input is a dict of arrays; the gradients come back as dX, dW1, db1, ..."""
    rng = np.random.default_rng(11)
    return {"subject": (model_forward, model_backward),
            "inputs": (rng.normal(size=(4, 6)), initialize((4, 5, 3), rng))}


def rbf_features(x, centers, log_width):
    d = x[:, None] - centers
    phi = np.exp(-0.5 * (d ** 2).sum(-1) * np.exp(-2 * log_width))
    return phi, {"d": d, "phi": phi, "log_width": log_width}


def rbf_features_backward(dphi, cache):
    d, phi, s = cache["d"], cache["phi"], np.exp(-2 * cache["log_width"])
    g = dphi * phi
    dd = -g[:, :, None] * d * s[:, None]
    return {"dx": dd.sum(1), "dcenters": -dd.sum(0), "dlog_width": (g * (d ** 2).sum(-1) * s).sum(0)}


def case_radial_basis():
    rng = np.random.default_rng(12)
    return {"subject": (rbf_features, rbf_features_backward),
            "inputs": (rng.normal(size=(5, 2)), rng.normal(size=(3, 2)), rng.normal(size=3) * 0.2)}


def cumulative_sum(x):
    return np.cumsum(x, axis=1), None


def cumulative_sum_backward(g, _):
    return np.cumsum(g[:, ::-1], axis=1)[:, ::-1]


def case_cumulative_sum_no_cache():
    rng = np.random.default_rng(13)
    return {"subject": (cumulative_sum, cumulative_sum_backward), "inputs": (rng.normal(size=(3, 5)),)}


def sort_rows(x):
    order = np.argsort(x, axis=1)
    return np.take_along_axis(x, order, axis=1), order


def sort_rows_backward(dy, order):
    dx = np.empty_like(dy)
    np.put_along_axis(dx, order, dy, axis=1)
    return dx


def case_sorting():
    rng = np.random.default_rng(14)
    return {"subject": (sort_rows, sort_rows_backward), "inputs": (rng.normal(size=(3, 6)),)}


def gather(x, index):
    """Rows of x may be asked for several times, or never."""
    return x[index], (x.shape, index)


def gather_backward(dy, cache):
    shape, index = cache
    dx = np.zeros(shape)
    np.add.at(dx, index, dy)
    return dx, None


def case_gather_with_repeats():
    rng = np.random.default_rng(15)
    return {"subject": (gather, gather_backward),
            "inputs": (rng.normal(size=(5, 3)), np.array([0, 4, 4, 2, 0, 0]))}


def where_forward(condition, a, b):
    return np.where(condition, a, b), condition


def where_backward(g, condition):
    zero = np.zeros_like(g)
    return None, np.where(condition, g, zero), np.where(condition, zero, g)


def case_select_by_condition():
    rng = np.random.default_rng(16)
    return {"subject": (where_forward, where_backward),
            "inputs": (rng.random((3, 4)) > 0.5, rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))}


def graph_convolution(adjacency, H, W):
    """Nodes mix along edges: the first axis of H is no batch. The adjacency is an integer matrix."""
    degree = adjacency.sum(axis=1, keepdims=True) + 1
    A = (adjacency + np.eye(len(adjacency))) / degree
    Z = A @ H @ W
    return np.maximum(Z, 0), (A, H, W, Z)


def graph_convolution_backward(dout, cache):
    A, H, W, Z = cache
    dZ = dout * (Z > 0)
    return None, A.T @ dZ @ W.T, (A @ H).T @ dZ


def case_graph_convolution():
    rng = np.random.default_rng(17)
    adjacency = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]])
    return {"subject": (graph_convolution, graph_convolution_backward),
            "inputs": (adjacency, rng.normal(size=(4, 3)), rng.normal(size=(3, 2)))}


def solve_forward(A, b):
    x = np.linalg.solve(A, b)
    return x, (A, x)


def solve_backward(dx, cache):
    A, x = cache
    db = np.linalg.solve(A.T, dx)
    return -db @ x.T, db


def case_linear_system():
    """A square matrix that is an input; nothing is a batch."""
    rng = np.random.default_rng(18)
    return {"subject": (solve_forward, solve_backward),
            "inputs": (np.eye(4) * 3 + 0.5 * rng.normal(size=(4, 4)), rng.normal(size=(4, 2)))}


def polynomial(x, coefficients):
    y = np.zeros_like(x)
    powers = []
    for c in coefficients[::-1]:
        powers.append(y)
        y = y * x + c
    return y, (x, powers)


def polynomial_backward(dy, cache):
    x, powers = cache
    dx = np.zeros_like(x)
    dc = []
    d = dy
    for previous in reversed(powers):
        dc.append(d.sum())
        dx = dx + d * previous
        d = d * x
    return dx, np.array(dc)


def case_horner_loop():
    rng = np.random.default_rng(19)
    return {"subject": (polynomial, polynomial_backward),
            "inputs": (rng.normal(size=(2, 5)), rng.normal(size=4))}
