"""The protocol, tried before anything is built on it.

Linear, layer norm, dropout and attention as pairs of functions; layers on top; a compiled twin of layer norm; two threads
that share a batch; a recorder that wraps the layers from outside; an array type that refuses to become a NumPy array.
Run it: it prints what held. Needs NumPy and Numba.
"""

import contextvars
import operator
import threading
import time
from typing import NamedTuple

import numpy as np

# ---------------------------------------------------------------- functions


class LinearCache(NamedTuple):
    x: object
    weight: object
    bias: object


def linear(x, weight, bias=None):
    y = x @ weight.T
    if bias is not None:
        y = y + bias
    return y, LinearCache(x, weight, bias)


def linear_backward(dy, cache):
    x, weight, bias = cache
    dy_rows = dy.reshape(-1, dy.shape[-1])
    dx = dy @ weight
    dweight = dy_rows.T @ x.reshape(-1, x.shape[-1])
    dbias = None if bias is None else dy_rows.sum(0)
    return dx, dweight, dbias


class LayerNormCache(NamedTuple):
    normalized: object
    rstd: object
    weight: object


def layer_norm(x, weight, bias, eps=1e-5):
    centered = x - x.mean(-1, keepdims=True)
    rstd = (np.square(centered).mean(-1, keepdims=True) + eps) ** -0.5
    normalized = centered * rstd
    return normalized * weight + bias, LayerNormCache(normalized, rstd, weight)


def layer_norm_backward(dy, cache):
    normalized, rstd, weight = cache
    batch_axes = tuple(range(dy.ndim - 1))
    dbias = dy.sum(batch_axes)
    dweight = (dy * normalized).sum(batch_axes)
    dnormalized = dy * weight
    dx = rstd * (dnormalized - dnormalized.mean(-1, keepdims=True)
                 - normalized * (dnormalized * normalized).mean(-1, keepdims=True))
    return dx, dweight, dbias


class AttentionCache(NamedTuple):
    query: object
    key: object
    value: object
    weights: object
    scale: float


def attention(query, key, value, mask=None):
    scale = query.shape[-1] ** -0.5
    scores = query @ key.swapaxes(-1, -2) * scale
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exponents = np.exp(scores - scores.max(-1, keepdims=True))
    weights = exponents / exponents.sum(-1, keepdims=True)
    return weights @ value, AttentionCache(query, key, value, weights, scale)


def attention_backward(dy, cache):
    query, key, value, weights, scale = cache
    dvalue = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ value.swapaxes(-1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(-1, keepdims=True))
    dquery = dscores @ key * scale
    dkey = dscores.swapaxes(-1, -2) @ query * scale
    return dquery, dkey, dvalue, None


GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def dropout(x, p, keys):
    """keys (batch,): one stream per global sample, so that the mask does not depend on how a batch is cut."""
    elements = np.arange(1, x[0].size + 1, dtype=np.uint64, like=x)
    bits = mix(keys[:, None] + GOLDEN * elements)
    kept = (bits >> np.uint64(32) >= np.uint64(int(p * 2**32))).reshape(x.shape)
    mask = kept.astype(x.dtype) / (1 - p)
    return x * mask, mask


def dropout_backward(dy, mask):
    return dy * mask


# ---------------------------------------------------------------- a compiled twin and the dispatch


def pair(forward, backward):
    """One exported pair: twins are tried first, backward follows the cache's type."""
    twins, backwards = [], {}

    def dispatched(*args, **kwargs):
        for twin in twins if BACKEND == "compiled" else ():
            result = twin(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return forward(*args, **kwargs)

    def dispatched_backward(dy, cache):
        return backwards.get(type(cache), backward)(dy, cache)

    def register(twin, cache_type, twin_backward):
        twins.append(twin)
        backwards[cache_type] = twin_backward

    return dispatched, dispatched_backward, register


BACKEND = "reference"


class FusedLayerNormCache(NamedTuple):
    x: object
    mean: object
    rstd: object
    weight: object


def compile_layer_norm():
    import numba

    @numba.njit("void(f4[:,::1], f4[::1], f4[::1], f4, f4[:,::1], f4[::1], f4[::1])", nogil=True, fastmath=True)
    def forward(x, weight, bias, eps, y, mean, rstd):
        for i in range(x.shape[0]):
            total = np.float32(0)
            for j in range(x.shape[1]):
                total += x[i, j]
            m = total / x.shape[1]
            square = np.float32(0)
            for j in range(x.shape[1]):
                square += (x[i, j] - m) ** 2
            r = np.float32(1) / np.sqrt(square / x.shape[1] + eps)
            mean[i], rstd[i] = m, r
            for j in range(x.shape[1]):
                y[i, j] = (x[i, j] - m) * r * weight[j] + bias[j]

    def fused(x, weight, bias, eps=1e-5):
        if type(x) is not np.ndarray or x.dtype != np.float32 or not x.flags.c_contiguous:
            return NotImplemented
        rows = x.reshape(-1, x.shape[-1])
        y, mean, rstd = np.empty_like(rows), np.empty(len(rows), "f4"), np.empty(len(rows), "f4")
        forward(rows, weight, bias, np.float32(eps), y, mean, rstd)
        return y.reshape(x.shape), FusedLayerNormCache(x, mean, rstd, weight)

    def fused_backward(dy, cache):
        shape = (*cache.x.shape[:-1], 1)
        rstd = cache.rstd.reshape(shape)
        normalized = (cache.x - cache.mean.reshape(shape)) * rstd
        return layer_norm_backward(dy, LayerNormCache(normalized, rstd, cache.weight))

    return fused, FusedLayerNormCache, fused_backward


layer_norm_dispatched, layer_norm_dispatched_backward, register_layer_norm = pair(layer_norm, layer_norm_backward)

# ---------------------------------------------------------------- layers

STEP = contextvars.ContextVar("step")


class Step:
    """Which draw this is: seed, step, the position of the first sample, and how many draws came before."""

    def __init__(self, seed, step, first_sample=0):
        self.seed, self.step, self.first_sample, self.draws = seed, step, first_sample, 0

    def keys(self, samples):
        self.draws += 1
        key = np.uint64(0)
        for part in (self.seed, self.step, self.draws):
            key = mix(np.asarray(key + GOLDEN * np.uint64(part + 1)))
        return mix(key + GOLDEN * np.arange(self.first_sample + 1, self.first_sample + samples + 1, dtype=np.uint64))


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)

    def add_grad(self, grad):
        self.grad += grad

    def replica(self):
        return Parameter(self.data)


class Layer:
    def __call__(self, *inputs):
        return self.forward(*inputs)[0]

    def children(self):
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield name, value
            elif isinstance(value, list):
                yield from ((f"{name}.{i}", v) for i, v in enumerate(value) if isinstance(v, Layer))

    def walk(self, path=""):
        yield path, self
        for name, child in self.children():
            yield from child.walk(f"{path}.{name}" if path else name)

    def parameters(self):
        return [p for _, layer in self.walk() for p in vars(layer).values() if isinstance(p, Parameter)]

    def replica(self):
        """Shares every weight, owns every gradient."""
        memo = {}

        def copy(value):
            if isinstance(value, Parameter):
                return memo.setdefault(id(value), value.replica())
            if isinstance(value, Layer):
                if id(value) not in memo:
                    twin = memo[id(value)] = object.__new__(type(value))
                    vars(twin).update({k: copy(v) for k, v in vars(value).items()})
                return memo[id(value)]
            if isinstance(value, list):
                return [copy(v) for v in value]
            return value

        return copy(self)


class Linear(Layer):
    def __init__(self, n, m, rng):
        self.weight, self.bias = Parameter(rng.normal(size=(m, n)) / n**0.5), Parameter(rng.normal(size=m))

    def forward(self, x):
        return linear(x, self.weight.data, self.bias.data)

    def backward(self, dy, cache):
        dx, dweight, dbias = linear_backward(dy, cache)
        self.weight.add_grad(dweight)
        self.bias.add_grad(dbias)
        return dx


class LayerNorm(Layer):
    def __init__(self, n, rng):
        self.weight, self.bias = Parameter(rng.normal(size=n)), Parameter(rng.normal(size=n))

    def forward(self, x):
        return layer_norm_dispatched(x, self.weight.data, self.bias.data)

    def backward(self, dy, cache):
        dx, dweight, dbias = layer_norm_dispatched_backward(dy, cache)
        self.weight.add_grad(dweight)
        self.bias.add_grad(dbias)
        return dx


class Dropout(Layer):
    def __init__(self, p):
        self.p = p

    def forward(self, x):
        return dropout(x, self.p, STEP.get().keys(len(x)))

    def backward(self, dy, cache):
        return dropout_backward(dy, cache)


class AttentionBlock(Layer):
    """Post-norm self-attention with a residual; one norm used twice, on purpose."""

    def __init__(self, d, heads, rng):
        self.heads = heads
        self.projections = [Linear(d, d, rng) for _ in range(3)]
        self.out, self.norm, self.dropout = Linear(d, d, rng), LayerNorm(d, rng), Dropout(0.3)

    def split(self, x):
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(0, 2, 1, 3)

    def merge(self, x):
        x = x.transpose(0, 2, 1, 3)
        return x.reshape(*x.shape[:2], -1)

    def forward(self, x):
        normalized, first_norm = self.norm.forward(x)
        qkv = [layer.forward(normalized) for layer in self.projections]
        context, attended = attention(*(self.split(y) for y, _ in qkv))
        output, out = self.out.forward(self.merge(context))
        dropped, drop = self.dropout.forward(output)
        y, second_norm = self.norm.forward(x + dropped)
        return y, (first_norm, [c for _, c in qkv], attended, out, drop, second_norm)

    def backward(self, dy, cache):
        first_norm, qkv, attended, out, drop, second_norm = cache
        dsum = self.norm.backward(dy, second_norm)
        doutput = self.dropout.backward(dsum, drop)
        dcontext = self.out.backward(doutput, out)
        dheads = attention_backward(self.split(dcontext), attended)[:3]
        dnormalized = sum(layer.backward(self.merge(d), c) for layer, d, c in zip(self.projections, dheads, qkv))
        return dsum + self.norm.backward(dnormalized, first_norm)


# ---------------------------------------------------------------- the recorder, from outside


class recorder:
    def __init__(self, model):
        self.model, self.calls = model, []

    def __enter__(self):
        for path, layer in self.model.walk():
            for way in ("forward", "backward"):
                original = getattr(layer, way)

                def wrapped(*args, original=original, path=path, way=way):
                    result = original(*args)
                    self.calls.append((way, path, result))
                    return result

                setattr(layer, way, wrapped)
        return self

    def __exit__(self, *_):
        for _, layer in self.model.walk():
            del layer.forward, layer.backward


# ---------------------------------------------------------------- the array type that refuses


class Refusing:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __array__(self, *_, **__):
        raise TypeError("this array lives elsewhere: it must not become a NumPy array")

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if out is not None:
            kwargs["out"] = unwrap(out)
        return wrap(getattr(ufunc, method)(*unwrap(inputs), **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        kwargs = {k: v for k, v in kwargs.items() if k != "like"}
        return wrap(function(*unwrap(args), **unwrap(kwargs)))

    def __getattr__(self, name):
        attribute = getattr(self.value, name)
        return wrap(lambda *a, **k: wrap(attribute(*unwrap(a), **unwrap(k)))) if callable(attribute) else wrap(attribute)

    def __getitem__(self, index):
        return wrap(self.value[unwrap(index)])

    def __setitem__(self, index, value):
        self.value[unwrap(index)] = unwrap(value)

    def __len__(self):
        return len(self.value)


for name in ("add sub mul truediv matmul pow rshift xor ge lt gt and_ neg iadd".split()):
    dunder = f"__{name.strip('_')}__"
    op = getattr(operator, name)
    setattr(Refusing, dunder, lambda self, *o, op=op: wrap(op(self.value, *unwrap(o))))
for name in ("add", "sub", "mul", "matmul", "truediv"):
    op = getattr(operator, name)
    setattr(Refusing, f"__r{name}__", lambda self, o, op=op: wrap(op(unwrap(o), self.value)))


def wrap(value):
    if isinstance(value, np.ndarray | np.generic):
        return Refusing(value)
    return tuple(map(wrap, value)) if type(value) is tuple else value


def unwrap(value):
    if isinstance(value, Refusing):
        return value.value
    if isinstance(value, tuple | list):
        return type(value)(map(unwrap, value))
    return {k: unwrap(v) for k, v in value.items()} if isinstance(value, dict) else value


# ---------------------------------------------------------------- what held?


def numerical(function, array, direction, h=1e-5):
    array += h * direction
    up = function()
    array -= 2 * h * direction
    down = function()
    array += h * direction
    return (up - down) / (2 * h)


def main():
    global BACKEND
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(4, 5, 6)), rng.normal(size=(4, 5, 6))
    model = AttentionBlock(6, 3, rng)

    def objective():
        STEP.set(Step(seed=1, step=7))
        return float((model.forward(x)[0] * dy).sum())

    objective()
    y, cache = (STEP.set(Step(1, 7)), model.forward(x))[1]
    dx = model.backward(dy, cache)
    direction = rng.normal(size=x.shape)
    print("input gradient, relative error", abs(numerical(objective, x, direction) / (dx * direction).sum() - 1))
    worst = max(abs(numerical(objective, p.data, d := rng.normal(size=p.data.shape)) - (p.grad * d).sum())
                for p in model.parameters())
    print("parameter gradients, one norm used twice, worst absolute error", worst)

    # two threads share the batch
    replicas, results = [model.replica(), model.replica()], [None, None]

    def work(i, rows):
        STEP.set(Step(1, 7, first_sample=rows.start))
        out, kept = replicas[i].forward(x[rows])
        results[i] = (out, replicas[i].backward(dy[rows], kept))

    threads = [threading.Thread(target=work, args=(i, r)) for i, r in enumerate((slice(0, 1), slice(1, 4)))]
    [t.start() for t in threads], [t.join() for t in threads]
    same = np.allclose(np.concatenate([r[0] for r in results]), y, rtol=0, atol=1e-14)
    summed = all(np.allclose(a.grad + b.grad, p.grad, rtol=0, atol=1e-12)
                 for p, a, b in zip(model.parameters(), *(r.parameters() for r in replicas)))
    print("two threads on uneven shards: same outputs and masks", same, "- gradients add up", summed)

    # a recorder from outside
    with recorder(model) as record:
        STEP.set(Step(1, 7))
        model.backward(dy, model.forward(x)[1])
    print("recorded:", " ".join(f"{w[0]}:{p or 'model'}" for w, p, _ in record.calls))
    print("removed again:", not any("forward" in vars(layer) for _, layer in model.walk()))

    # the refusing array type
    keys = Step(1, 7).keys(4)
    for function, backward, arguments in (
        (linear, linear_backward, (x, rng.normal(size=(3, 6)), rng.normal(size=3))),
        (layer_norm, layer_norm_backward, (x, rng.normal(size=6), rng.normal(size=6))),
        (attention, attention_backward, (x, x, x, np.tri(5, dtype=bool))),
        (lambda a, k: dropout(a, 0.3, k), dropout_backward, (x, keys)),
    ):
        out, kept = function(*map(Refusing, arguments))
        grads = backward(Refusing(rng.normal(size=out.shape)), kept)
        print("refusing array:", function.__name__, type(out).__name__, [type(g).__name__ for g in np.atleast_1d(grads)]
              if not isinstance(grads, tuple) else [type(g).__name__ for g in grads])

    # the compiled twin
    register_layer_norm(*compile_layer_norm())
    x32, w32, b32 = rng.normal(size=(64, 16, 128)).astype("f4"), np.ones(128, "f4"), np.zeros(128, "f4")
    times = {}
    for backend in ("reference", "compiled"):
        BACKEND = backend
        out, kept = layer_norm_dispatched(x32, w32, b32)
        start = time.perf_counter()
        for _ in range(50):
            layer_norm_dispatched(x32, w32, b32)
        times[backend] = (time.perf_counter() - start) / 50 * 1e3
        BACKEND = "reference"  # the switch moves between forward and backward: the cache's type decides
        grads = layer_norm_dispatched_backward(x32, kept)
        print(backend, type(kept).__name__, f"{times[backend]:.3f} ms", float(np.abs(out).sum()), float(grads[0].sum()))


main()
