"""A deep autoencoder in a functional style: parameters go in as a nested dict,
gradients come out as a nested dict of the same structure."""
from typing import Any, Callable, Dict, Tuple

import numpy as np

Array = np.ndarray
Params = Dict[str, Any]


def sigmoid(z: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def tree_map(f: Callable, *trees):
    if isinstance(trees[0], dict):
        return {k: tree_map(f, *(t[k] for t in trees)) for k in trees[0]}
    return f(*trees)


def init_dense(rng, n_in: int, n_out: int) -> Params:
    return {"w": rng.normal(0.0, 1.0 / np.sqrt(n_in), (n_in, n_out)), "b": np.zeros(n_out)}


def init_params(rng, n_pixels: int = 30, n_hidden: int = 16, n_code: int = 4) -> Params:
    return {
        "encoder": {"l1": init_dense(rng, n_pixels, n_hidden), "l2": init_dense(rng, n_hidden, n_code)},
        "decoder": {"l1": init_dense(rng, n_code, n_hidden), "l2": init_dense(rng, n_hidden, n_pixels)},
    }


def dense(p: Params, x: Array) -> Array:
    return x @ p["w"] + p["b"]


def dense_vjp(p: Params, x: Array, g: Array) -> Tuple[Params, Array]:
    return {"w": x.T @ g, "b": g.sum(axis=0)}, g @ p["w"].T


def forward(params: Params, x: Array) -> Tuple[Array, Tuple]:
    enc, dec = params["encoder"], params["decoder"]
    h1 = sigmoid(dense(enc["l1"], x))
    code = dense(enc["l2"], h1)
    h2 = sigmoid(dense(dec["l1"], code))
    logits = dense(dec["l2"], h2)
    return logits, (x, h1, code, h2)


def backward(params: Params, residuals: Tuple, g: Array) -> Tuple[Params, Array]:
    """Cotangents of (params, x) given the cotangent of the logits."""
    x, h1, code, h2 = residuals
    enc, dec = params["encoder"], params["decoder"]
    d_dec2, g = dense_vjp(dec["l2"], h2, g)
    g = g * h2 * (1.0 - h2)
    d_dec1, g = dense_vjp(dec["l1"], code, g)
    d_enc2, g = dense_vjp(enc["l2"], h1, g)
    g = g * h1 * (1.0 - h1)
    d_enc1, g = dense_vjp(enc["l1"], x, g)
    grads = {"encoder": {"l1": d_enc1, "l2": d_enc2}, "decoder": {"l1": d_dec1, "l2": d_dec2}}
    return grads, g


def bce_with_logits(logits: Array, x: Array) -> Tuple[float, Array]:
    """Binary cross-entropy summed over pixels, averaged over the batch."""
    n = x.shape[0]
    loss = np.sum(np.logaddexp(0.0, logits) - x * logits) / n
    return loss, (sigmoid(logits) - x) / n


def value_and_grad(params: Params, x: Array) -> Tuple[float, Params]:
    logits, residuals = forward(params, x)
    loss, g = bce_with_logits(logits, x)
    grads, _ = backward(params, residuals, g)
    return loss, grads


def sgd(params: Params, grads: Params, lr: float) -> Params:
    return tree_map(lambda p, g: p - lr * g, params, grads)


def main():
    rng = np.random.default_rng(0)
    prototypes = (rng.random((6, 30)) > 0.5).astype(float)
    params = init_params(rng)
    for step in range(301):
        x = prototypes[rng.integers(0, 6, size=24)]
        flip = rng.random(x.shape) < 0.05
        x = np.where(flip, 1.0 - x, x)
        loss, grads = value_and_grad(params, x)
        params = sgd(params, grads, 0.1)
        if step % 100 == 0:
            print(f"step {step}: {loss:.3f} nats per image")


if __name__ == "__main__":
    main()
