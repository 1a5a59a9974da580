"""Unusual but right: printing, name collisions, dtypes, memory layouts, kinks, buffers. All correct."""
import time
from types import SimpleNamespace

import numpy as np

RNG = np.random.default_rng(2024)


class ChattyDense:
    """Prints as it goes, counts calls and keeps a log of times and shapes."""

    calls = 0

    def __init__(self, n_in, n_out, rng, verbose=True):
        self.W, self.b, self.verbose = rng.normal(size=(n_in, n_out)), np.zeros(n_out), verbose
        self.log = []

    def forward(self, x):
        start = time.perf_counter()
        ChattyDense.calls += 1
        self.x = x
        y = x @ self.W + self.b
        self.log.append(("forward", x.shape, time.perf_counter() - start))
        if self.verbose:
            print(f"[forward {self.calls}] {x.shape} -> {y.shape}, |y| = {np.linalg.norm(y):.3f}")
        return y

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        if self.verbose:
            print(f"[backward] |dW| = {np.linalg.norm(self.dW):.3f}")
        return dy @ self.W.T


def case_prints_and_logs():
    rng = np.random.default_rng(0)
    return {"subject": ChattyDense(4, 3, rng), "inputs": (rng.normal(size=(2, 4)),)}


class SameNameDense:
    """Same keys in two dictionaries; some attributes only sound like gradients."""

    def __init__(self, n_in, n_out, rng):
        self.weights = {"W": rng.normal(size=(n_in, n_out)), "dW": rng.normal(size=n_out)}
        self.gradients = {"W": np.zeros((n_in, n_out)), "dW": np.zeros(n_out)}
        self.gradient_clip = 5.0
        self.gradient_norm = None
        self.dW_history = []

    def forward(self, x):
        """'dW' is the width offset of the unit, a parameter like any other."""
        self.x = x
        return x @ self.weights["W"] + self.weights["dW"]

    def backward(self, delta):
        self.gradients = {"W": self.x.T @ delta, "dW": delta.sum(axis=0)}
        self.gradient_norm = float(np.sqrt(sum(np.sum(g ** 2) for g in self.gradients.values())))
        self.dW_history.append(self.gradient_norm)
        return delta @ self.weights["W"].T


def case_colliding_names():
    rng = np.random.default_rng(1)
    return {"subject": SameNameDense(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


class DeltaModel:
    """Parameters d and g (a decay and a gain), whose gradients are dd and dg."""

    def __init__(self, n):
        self.d = np.linspace(0.2, 0.9, n)
        self.g = np.linspace(1.5, 0.5, n)

    def forward(self, x):
        self.x, self.e = x, np.exp(-self.d * x ** 2)
        return self.g * self.e

    def backward(self, grad):
        self.dg = (grad * self.e).sum(0)
        self.dd = -(grad * self.g * self.e * self.x ** 2).sum(0)
        return grad * self.g * self.e * (-2 * self.d * self.x)


def case_parameters_called_d_and_g():
    rng = np.random.default_rng(2)
    return {"subject": DeltaModel(4), "inputs": (rng.normal(size=(3, 4)),)}


class Float32Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)).astype(np.float32)
        self.b = np.zeros(n_out, dtype=np.float32)

    def forward(self, x):
        self.x = np.asarray(x, dtype=np.float32)
        self.z = self.x @ self.W + self.b
        return np.tanh(self.z)

    def backward(self, dy):
        dz = dy.astype(np.float32) * (1 - np.tanh(self.z) ** 2)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


def case_float32_cast_inside():
    rng = np.random.default_rng(3)
    return {"subject": Float32Dense(4, 3, rng), "inputs": (rng.normal(size=(3, 4)).astype(np.float32),)}


class Float32Norm:
    """float32 parameters, otherwise dtype-agnostic."""

    def __init__(self, n):
        self.gamma = np.linspace(0.5, 1.5, n, dtype="float32")
        self.beta = np.zeros(n, dtype="float32")

    def forward(self, x):
        self.s = np.sqrt(x.var(axis=1, keepdims=True) + np.float32(1e-5))
        self.h = (x - x.mean(axis=1, keepdims=True)) / self.s
        return self.gamma * self.h + self.beta

    def backward(self, dy):
        self.gamma_grad, self.beta_grad = np.sum(dy * self.h, axis=0), np.sum(dy, axis=0)
        d = dy * self.gamma
        along = (d * self.h).mean(axis=1, keepdims=True)
        return (d - d.mean(axis=1, keepdims=True) - self.h * along) / self.s


def case_float32_layer_norm():
    rng = np.random.default_rng(4)
    return {"subject": Float32Norm(6), "inputs": (rng.normal(size=(4, 6)).astype("float32"),)}


class PixelScaler:
    """Bytes in, numbers in [-1, 1] through a dense layer out; no gradient for bytes."""

    def __init__(self, pixels, units, rng):
        self.kernel = rng.normal(size=(pixels, units)) / np.sqrt(pixels)
        self.kernel_grad = np.zeros_like(self.kernel)

    def forward(self, image):
        self.flat = image.reshape(len(image), -1).astype(float) / 127.5 - 1.0
        return self.flat @ self.kernel

    def backward(self, dy):
        self.kernel_grad[:] = self.flat.T @ dy
        return None


def case_bytes_as_input():
    rng = np.random.default_rng(5)
    return {"subject": PixelScaler(12, 4, rng),
            "inputs": (rng.integers(0, 256, size=(3, 3, 4), dtype=np.uint8),)}


class GeneralDense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = np.asarray(x)
        return self.x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


def case_integer_numbers_as_input():
    """Counts (a bag of words): integers that are amounts and no ids."""
    rng = np.random.default_rng(6)
    return {"subject": GeneralDense(rng.normal(size=(5, 3)), rng.normal(size=3)),
            "inputs": (rng.integers(0, 4, size=(4, 5)),)}


def case_fortran_order():
    rng = np.random.default_rng(7)
    W = np.asfortranarray(rng.normal(size=(5, 3)))
    return {"subject": GeneralDense(W, np.zeros(3)), "inputs": (np.asfortranarray(rng.normal(size=(4, 5))),)}


def case_strided_views_everywhere():
    """Weight and input are views into larger arrays, one transposed, one with negative stride."""
    rng = np.random.default_rng(8)
    W = rng.normal(size=(6, 10)).T[::2]
    x = rng.normal(size=(4, 10))[:, ::-2]
    return {"subject": GeneralDense(W, np.zeros(6)), "inputs": (x,)}


def case_read_only_input():
    rng = np.random.default_rng(9)
    x = rng.normal(size=(3, 5))
    x.setflags(write=False)
    return {"subject": GeneralDense(rng.normal(size=(5, 2)), rng.normal(size=2)), "inputs": (x,)}


def case_square_and_single():
    """Everything square, one sample."""
    rng = np.random.default_rng(10)
    return {"subject": GeneralDense(rng.normal(size=(3, 3)), rng.normal(size=3)),
            "inputs": (rng.normal(size=(1, 3)),)}


def case_all_zero_input():
    """Weight gradients are zero because the input is."""
    rng = np.random.default_rng(11)
    return {"subject": GeneralDense(rng.normal(size=(4, 3)), rng.normal(size=3)),
            "inputs": (np.zeros((2, 4)),)}


class ModuleGeneratorDropout:
    """Its mask comes from a generator at module level, which no attribute reaches."""

    def __init__(self, p):
        self.p = p

    def forward(self, x):
        self.mask = RNG.random(x.shape) >= self.p
        return np.where(self.mask, x / (1 - self.p), 0.0)

    def backward(self, dy):
        return np.where(self.mask, dy / (1 - self.p), 0.0)


def case_module_generator():
    rng = np.random.default_rng(12)
    return {"subject": ModuleGeneratorDropout(0.3), "inputs": (rng.normal(size=(5, 6)),)}


class WorkspaceLayer:
    """Allocates its buffers once and computes in them; what it returns are copies."""

    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out))
        self.dW = np.zeros_like(self.W)
        self._z = self._dz = None

    def forward(self, x):
        self.x = x
        if self._z is None or self._z.shape != (len(x), self.W.shape[1]):
            self._z = np.empty((len(x), self.W.shape[1]))
            self._dz = np.empty_like(self._z)
        np.matmul(x, self.W, out=self._z)
        np.tanh(self._z, out=self._z)
        return self._z.copy()

    def backward(self, dy):
        np.multiply(self._z, self._z, out=self._dz)
        np.subtract(1.0, self._dz, out=self._dz)
        self._dz *= dy
        np.matmul(self.x.T, self._dz, out=self.dW)
        return self._dz @ self.W.T


def case_in_place_on_own_buffers():
    rng = np.random.default_rng(13)
    return {"subject": WorkspaceLayer(5, 4, rng), "inputs": (rng.normal(size=(3, 5)),)}


class SlottedScale:
    __slots__ = ("scale", "grad_scale", "_x")

    def __init__(self, scale):
        self.scale = scale
        self.grad_scale = None

    def forward(self, x):
        self._x = x
        return x * self.scale

    def backward(self, dy):
        self.grad_scale = np.sum(dy * self._x, axis=0)
        return dy * self.scale


def case_slots():
    rng = np.random.default_rng(14)
    return {"subject": SlottedScale(rng.normal(size=4)), "inputs": (rng.normal(size=(3, 4)),)}


class ScalarGain:
    """One number, kept in an array without axes."""

    def __init__(self, gain):
        self.gain = np.array(gain)
        self.dgain = np.array(0.0)

    def forward(self, x):
        self.x = x
        return self.gain * x

    def backward(self, dy):
        self.dgain = np.array(np.vdot(dy, self.x))
        return self.gain * dy


def case_scalar_parameter():
    rng = np.random.default_rng(15)
    return {"subject": ScalarGain(1.7), "inputs": (rng.normal(size=(2, 3, 4)),)}


class BackPointers:
    """Layers know their model and their neighbors: references in circles."""

    def __init__(self, layers):
        self.layers = layers
        for k, layer in enumerate(layers):
            layer.model = self
            layer.previous = layers[k - 1] if k else None

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


def case_references_in_circles():
    rng = np.random.default_rng(16)
    first = GeneralDense(rng.normal(size=(4, 5)), np.zeros(5))
    second = GeneralDense(rng.normal(size=(5, 2)), np.zeros(2))
    return {"subject": BackPointers([first, second]), "inputs": (rng.normal(size=(3, 4)),)}


class BiasBeforeNorm:
    """The bias is canceled by the batch norm behind it: its true gradient is zero up to rounding."""

    def __init__(self, n_in, n_out, rng):
        self.W, self.b = rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)
        self.gamma = rng.uniform(0.5, 1.5, n_out)

    def forward(self, x):
        self.x = x
        z = x @ self.W + self.b
        self.s = np.sqrt(z.var(axis=0) + 1e-5)
        self.zhat = (z - z.mean(axis=0)) / self.s
        return self.gamma * self.zhat

    def backward(self, dy):
        self.dgamma = (dy * self.zhat).sum(axis=0)
        d = dy * self.gamma
        dz = (d - d.mean(axis=0) - self.zhat * (d * self.zhat).mean(axis=0)) / self.s
        self.dW, self.db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W.T


def case_bias_before_batch_norm():
    rng = np.random.default_rng(17)
    return {"subject": BiasBeforeNorm(4, 3, rng), "inputs": (rng.normal(size=(6, 4)),), "training": True}


class UnusedHead:
    """The auxiliary head takes no part in this forward; its gradients stay empty."""

    def __init__(self, rng):
        self.body = GeneralDense(rng.normal(size=(4, 5)), np.zeros(5))
        self.head = GeneralDense(rng.normal(size=(5, 2)), np.zeros(2))
        self.auxiliary = GeneralDense(rng.normal(size=(5, 3)), np.zeros(3))
        self.auxiliary.dW, self.auxiliary.db = np.zeros((5, 3)), np.zeros(3)

    def forward(self, x, use_auxiliary=False):
        self.chosen = self.auxiliary if use_auxiliary else self.head
        return self.chosen.forward(np.tanh(self._body(x)))

    def _body(self, x):
        self.h = self.body.forward(x)
        return self.h

    def backward(self, dy):
        return self.body.backward(self.chosen.backward(dy) * (1 - np.tanh(self.h) ** 2))


def case_head_not_used():
    rng = np.random.default_rng(18)
    return {"subject": UnusedHead(rng), "inputs": (rng.normal(size=(3, 4)),)}


class AbsoluteValue:
    def forward(self, x):
        self.x = x
        return np.abs(x)

    def backward(self, dy):
        return dy * np.sign(self.x)


def case_inputs_next_to_the_kink():
    """Closer to the corner than any step of a numerical derivative."""
    x = np.array([[3e-8, -2e-9, 1.0], [-0.5, 1e-7, -4e-8]])
    return {"subject": AbsoluteValue(), "inputs": (x,)}


class SteepSigmoid:
    """Nearly a step: large derivatives of high order."""

    def __init__(self, k=40.0):
        self.k = k

    def forward(self, x):
        self.s = 0.5 * (1 + np.tanh(0.5 * self.k * x))
        return self.s

    def backward(self, dy):
        return self.k * dy * self.s * (1 - self.s)


def case_steep_sigmoid():
    rng = np.random.default_rng(19)
    return {"subject": SteepSigmoid(), "inputs": (0.05 * rng.normal(size=(3, 4)),)}


def case_tiny_and_huge_numbers():
    """Inputs of size 1e-4, weights of size 1e3."""
    rng = np.random.default_rng(20)
    return {"subject": GeneralDense(1e3 * rng.normal(size=(4, 3)), np.zeros(3)),
            "inputs": (1e-4 * rng.normal(size=(5, 4)),)}


class GradientList:
    """parameters() and gradients() return fresh lists of the arrays; storage is private."""

    def __init__(self, n_in, n_out, rng):
        self._store = SimpleNamespace(w=rng.normal(size=(n_in, n_out)), b=rng.normal(size=n_out))
        self._grad = SimpleNamespace(w=None, b=None)

    def parameters(self):
        return [self._store.w, self._store.b]

    def gradients(self):
        return [self._grad.w, self._grad.b]

    def forward(self, x):
        self._x = x
        return x @ self._store.w + self._store.b

    def backward(self, dy):
        self._grad.w, self._grad.b = self._x.T @ dy, dy.sum(axis=0)
        return dy @ self._store.w.T


def case_methods_return_parameters():
    rng = np.random.default_rng(21)
    return {"subject": GradientList(3, 4, rng), "inputs": (rng.normal(size=(5, 3)),)}


class CacheStack:
    """A stack of caches: the same instance may be used several times, last in, first out."""

    def __init__(self, n, rng):
        self.W = rng.normal(size=(n, n)) * 0.6
        self.dW = np.zeros_like(self.W)
        self.stack = []

    def zero_grad(self):
        self.dW[...] = 0
        self.stack.clear()

    def forward(self, x):
        y = np.tanh(x @ self.W)
        self.stack.append((x, y))
        return y

    def backward(self, dy):
        x, y = self.stack.pop()
        dz = dy * (1 - y * y)
        self.dW += x.T @ dz
        return dz @ self.W.T


class AppliedTwice:
    def __init__(self, n, rng):
        self.shared = CacheStack(n, rng)

    def zero_grad(self):
        self.shared.zero_grad()

    def forward(self, x):
        return self.shared.forward(self.shared.forward(x))

    def backward(self, dy):
        return self.shared.backward(self.shared.backward(dy))


def case_one_layer_used_twice():
    """Both uses add up in dW; zero_grad() resets it."""
    rng = np.random.default_rng(22)
    return {"subject": AppliedTwice(4, rng), "inputs": (rng.normal(size=(3, 4)),)}


class HistoryKeeper:
    """Keeps a list of what every time step did, (time, batch, features), and a moving average as a buffer."""

    def __init__(self, n, rng):
        self.U = rng.normal(size=(n, n)) * 0.5
        self.average = np.zeros(n)
        self.history = []

    def forward(self, x):
        self.history = []
        s = np.zeros(x.shape[1:])
        for x_t in x:
            previous = s
            s = np.tanh(x_t + previous @ self.U)
            self.history.append({"previous": previous, "s": s})
        self.average = 0.9 * self.average + 0.1 * s.mean(axis=0)
        return s

    def backward(self, ds):
        self.dU = np.zeros_like(self.U)
        dx = []
        for record in reversed(self.history):
            dz = ds * (1 - record["s"] ** 2)
            self.dU += record["previous"].T @ dz
            dx.append(dz)
            ds = dz @ self.U.T
        return np.array(dx[::-1])


def case_list_of_time_steps():
    rng = np.random.default_rng(23)
    return {"subject": HistoryKeeper(3, rng), "inputs": (rng.normal(size=(4, 2, 3)),)}


class CallableLayer:
    """Called, not forwarded; every array is float64 whatever comes."""

    def __init__(self, n, rng):
        self.a = rng.uniform(0.5, 1.5, n)
        self.a_grad = None

    def __call__(self, x):
        self.saved = np.array(x, dtype=np.float64)
        return np.sinh(self.a * self.saved)

    def backward(self, dy):
        c = np.cosh(self.a * self.saved) * dy
        self.a_grad = (c * self.saved).sum(axis=0)
        return c * self.a


def case_call_and_backward():
    rng = np.random.default_rng(24)
    return {"subject": CallableLayer(3, rng), "inputs": (rng.normal(size=(4, 3)),)}


class ObjectOfArrays:
    """A nested model: a dict of lists of dicts."""

    def __init__(self, rng):
        blocks = [{"dense": GeneralDense(rng.normal(size=(3, 3)) * 0.5, np.zeros(3)), "gain": 0.5}
                  for _ in range(2)]
        self.tree = {"blocks": blocks, "out": {"dense": GeneralDense(rng.normal(size=(3, 2)), np.zeros(2))}}

    def forward(self, x):
        for block in self.tree["blocks"]:
            x = x + block["gain"] * block["dense"].forward(x)
        return self.tree["out"]["dense"].forward(x)

    def backward(self, g):
        g = self.tree["out"]["dense"].backward(g)
        for block in self.tree["blocks"][::-1]:
            g = g + block["dense"].backward(block["gain"] * g)
        return g


def case_nested_containers():
    rng = np.random.default_rng(25)
    return {"subject": ObjectOfArrays(rng), "inputs": (rng.normal(size=(4, 3)),)}
