"""Correct recurrent layers: plain, IRNN, GRU, LSTM, bidirectional, stacked, masked, in several
conventions.
"""

from collections import namedtuple

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


# --- plain recurrent networks ---------------------------------------------------------------------


class SimpleRNN:
    """(batch, time, features) -> (batch, time, hidden); caches on self, dW-like names."""

    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in)
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) / np.sqrt(n_hidden)
        self.b = rng.normal(size=n_hidden) * 0.1

    def forward(self, x):
        B, T, _ = x.shape
        self.x = x
        self.h = np.zeros((B, T + 1, self.b.size))
        for t in range(T):
            self.h[:, t] = np.tanh(x[:, t] @ self.Wx + self.h[:, t - 1] @ self.Wh + self.b)
        return self.h[:, :T].copy()

    def backward(self, dh):
        # slot T of self.h was never written, so that index -1 is the zero state before the first step
        B, T, _ = self.x.shape
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dx = np.empty_like(self.x)
        carry = np.zeros((B, self.b.size))
        for t in reversed(range(T)):
            dz = (dh[:, t] + carry) * (1 - self.h[:, t] ** 2)
            self.dWx += self.x[:, t].T @ dz
            self.dWh += self.h[:, t - 1].T @ dz
            self.db += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wx.T
            carry = dz @ self.Wh.T
        return dx


def case_simple_rnn():
    rng = np.random.default_rng(0)
    return {"subject": SimpleRNN(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


class SequenceClassifierRNN:
    """Many to one: only the last state goes on to the readout. Parameters and gradients in two dicts."""

    def __init__(self, features, hidden, classes, seed):
        r = np.random.RandomState(seed)
        self.params = {
            "Wxh": r.randn(features, hidden) * 0.4,
            "Whh": r.randn(hidden, hidden) * 0.4,
            "Why": r.randn(hidden, classes) * 0.4,
            "bh": r.randn(hidden) * 0.1,
            "by": r.randn(classes) * 0.1,
        }
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def forward(self, inputs):
        p = self.params
        self.inputs = inputs
        self.states = [np.zeros((inputs.shape[0], p["bh"].shape[0]))]
        for t in range(inputs.shape[1]):
            self.states.append(np.tanh(inputs[:, t, :] @ p["Wxh"] + self.states[-1] @ p["Whh"] + p["bh"]))
        return self.states[-1] @ p["Why"] + p["by"]

    def backward(self, dlogits):
        p, g = self.params, self.grads
        for k in g:
            g[k] = np.zeros_like(p[k])
        g["Why"] = self.states[-1].T @ dlogits
        g["by"] = dlogits.sum(0)
        dstate = dlogits @ p["Why"].T
        dinputs = np.zeros_like(self.inputs)
        for t in range(self.inputs.shape[1] - 1, -1, -1):
            da = dstate * (1 - self.states[t + 1] ** 2)
            g["Wxh"] += self.inputs[:, t, :].T @ da
            g["Whh"] += self.states[t].T @ da
            g["bh"] += da.sum(0)
            dinputs[:, t, :] = da @ p["Wxh"].T
            dstate = da @ p["Whh"].T
        return dinputs


def case_sequence_classifier():
    x = np.random.RandomState(1).randn(3, 5, 2)
    return {"subject": SequenceClassifierRNN(2, 4, 6, seed=2), "inputs": (x,)}


class TimeMajorRNN:
    """(time, batch, features); lists of time steps are kept; gradients accumulate until zero_grad()."""

    def __init__(self, size_in, size_out, rng):
        self.kernel = rng.standard_normal((size_in, size_out)) * 0.5
        self.recurrent_kernel = rng.standard_normal((size_out, size_out)) * 0.5
        self.bias = rng.standard_normal(size_out) * 0.1
        self.zero_grad()

    def zero_grad(self):
        self.kernel_grad = np.zeros_like(self.kernel)
        self.recurrent_kernel_grad = np.zeros_like(self.recurrent_kernel)
        self.bias_grad = np.zeros_like(self.bias)

    def forward(self, sequence):
        state = np.zeros((sequence.shape[1], self.bias.size))
        self.tape = []
        outputs = []
        for x in sequence:
            previous = state
            state = np.tanh(x @ self.kernel + previous @ self.recurrent_kernel + self.bias)
            self.tape.append((x, previous, state))
            outputs.append(state)
        return np.stack(outputs)

    def backward(self, upstream):
        to_previous = np.zeros_like(upstream[0])
        dsequence = []
        for (x, previous, state), g in zip(reversed(self.tape), upstream[::-1]):
            delta = (g + to_previous) * (1.0 - state * state)
            self.kernel_grad += x.T @ delta
            self.recurrent_kernel_grad += previous.T @ delta
            self.bias_grad += delta.sum(axis=0)
            dsequence.insert(0, delta @ self.kernel.T)
            to_previous = delta @ self.recurrent_kernel.T
        return np.array(dsequence)


def case_time_major_accumulating():
    rng = np.random.default_rng(3)
    return {"subject": TimeMajorRNN(4, 3, rng), "inputs": (rng.normal(size=(5, 2, 4)),)}


class ColumnRNN:
    """Textbook columns: x is (features, batch, time), state (hidden, batch); weights multiply from the
    left.
    """

    def __init__(self, n_x, n_a, n_y, seed=1):
        rs = np.random.RandomState(seed)
        self.Waa, self.Wax, self.Wya = (
            rs.randn(n_a, n_a) * 0.4,
            rs.randn(n_a, n_x) * 0.4,
            rs.randn(n_y, n_a) * 0.4,
        )
        self.ba, self.by = rs.randn(n_a, 1) * 0.1, rs.randn(n_y, 1) * 0.1

    def forward(self, x):
        n_x, m, T_x = x.shape
        self.x = x
        self.a = np.zeros((self.Waa.shape[0], m, T_x + 1))
        y = np.zeros((self.Wya.shape[0], m, T_x))
        for t in range(T_x):
            self.a[:, :, t + 1] = np.tanh(self.Waa @ self.a[:, :, t] + self.Wax @ x[:, :, t] + self.ba)
            y[:, :, t] = self.Wya @ self.a[:, :, t + 1] + self.by
        return y

    def backward(self, dy):
        self.dWaa, self.dWax, self.dWya = map(np.zeros_like, (self.Waa, self.Wax, self.Wya))
        self.dba, self.dby = np.zeros_like(self.ba), np.zeros_like(self.by)
        dx = np.zeros(self.x.shape)
        da_next = np.zeros(self.a.shape[:2])
        for t in range(dy.shape[2] - 1, -1, -1):
            self.dWya += dy[:, :, t] @ self.a[:, :, t + 1].T
            self.dby += dy[:, :, t].sum(axis=1, keepdims=True)
            da = self.Wya.T @ dy[:, :, t] + da_next
            dz = da * (1 - self.a[:, :, t + 1] ** 2)
            self.dWaa += dz @ self.a[:, :, t].T
            self.dWax += dz @ self.x[:, :, t].T
            self.dba += dz.sum(axis=1, keepdims=True)
            dx[:, :, t] = self.Wax.T @ dz
            da_next = self.Waa.T @ dz
        return dx


def case_columns():
    return {"subject": ColumnRNN(3, 5, 2), "inputs": (np.random.RandomState(5).randn(3, 4, 6),)}


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dz = dnext_h * (1 - next_h**2)
    return dz.dot(Wx.T), dz.dot(Wh.T), x.T.dot(dz), prev_h.T.dot(dz), dz.sum(axis=0)


def case_step_pair():
    r = np.random.default_rng(4)
    arguments = (
        r.normal(size=(3, 4)),
        r.normal(size=(3, 5)),
        r.normal(size=(4, 5)),
        r.normal(size=(5, 5)),
        r.normal(size=5),
    )
    return {"subject": (rnn_step_forward, rnn_step_backward), "inputs": arguments}


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, caches = np.zeros((N, T, h0.shape[1])), []
    prev = h0
    for t in range(T):
        prev, cache = rnn_step_forward(x[:, t], prev, Wx, Wh, b)
        h[:, t] = prev
        caches.append(cache)
    return h, caches


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx, dWx, dWh, db = np.zeros((N, T, D)), np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + dprev, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev, dWx, dWh, db


def case_sequence_pair():
    r = np.random.default_rng(5)
    arguments = (
        r.normal(size=(2, 4, 3)),
        r.normal(size=(2, 5)),
        r.normal(size=(3, 5)),
        r.normal(size=(5, 5)) * 0.5,
        r.normal(size=5),
    )
    return {"subject": (rnn_forward, rnn_backward), "inputs": arguments}


class IdentityInitialisedRNN:
    """The IRNN: rectified units, recurrent matrix near the identity, weights stored (out, in)."""

    def __init__(self, features, units, rng):
        self.U = rng.uniform(-0.7, 0.7, size=(units, features))
        self.V = np.eye(units) + 0.05 * rng.normal(size=(units, units))
        self.c = rng.uniform(0.05, 0.2, size=units)

    def forward(self, x):
        self.steps = []
        h = np.zeros((len(x), len(self.c)))
        for t in range(x.shape[1]):
            z = x[:, t] @ self.U.T + h @ self.V.T + self.c
            self.steps.append({"x": x[:, t], "h": h, "on": z > 0})
            h = np.maximum(z, 0)
        return h

    def backward(self, grad):
        self.grad_U, self.grad_V, self.grad_c = 0.0, 0.0, 0.0
        dx = []
        for step in self.steps[::-1]:
            grad = grad * step["on"]
            self.grad_U = self.grad_U + np.einsum("bo,bi->oi", grad, step["x"])
            self.grad_V = self.grad_V + np.einsum("bo,bi->oi", grad, step["h"])
            self.grad_c = self.grad_c + grad.sum(axis=0)
            dx.append(grad @ self.U)
            grad = grad @ self.V
        return np.stack(dx[::-1], axis=1)


def case_irnn():
    rng = np.random.default_rng(6)
    return {"subject": IdentityInitialisedRNN(3, 6, rng), "inputs": (rng.normal(size=(4, 5, 3)),)}


class IndependentRNN:
    """IndRNN: every unit keeps its own scalar memory (an elementwise recurrent weight)."""

    def __init__(self, d_in, d_out, rng):
        self.weight = rng.normal(size=(d_in, d_out)) * 0.5
        self.recurrence = rng.uniform(0.3, 0.95, size=d_out)
        self.bias = rng.normal(size=d_out) * 0.2

    def forward(self, x):
        drive = x @ self.weight + self.bias
        h = np.zeros((x.shape[0], x.shape[1] + 1, self.bias.size))
        for t in range(x.shape[1]):
            h[:, t + 1] = np.tanh(drive[:, t] + self.recurrence * h[:, t])
        self._x, self._h = x, h
        return h[:, 1:]

    def backward(self, grad_out):
        x, h = self._x, self._h
        delta = np.zeros_like(grad_out)
        running = np.zeros_like(grad_out[:, 0])
        for t in range(x.shape[1])[::-1]:
            delta[:, t] = (grad_out[:, t] + running) * (1 - h[:, t + 1] ** 2)
            running = delta[:, t] * self.recurrence
        self.weight_grad = np.tensordot(x, delta, axes=((0, 1), (0, 1)))
        self.recurrence_grad = np.sum(delta * h[:, :-1], axis=(0, 1))
        self.bias_grad = delta.sum((0, 1))
        return delta @ self.weight.T


def case_indrnn_returns_view():
    rng = np.random.default_rng(7)
    return {"subject": IndependentRNN(4, 5, rng), "inputs": (rng.normal(size=(2, 6, 4)),)}


class MaskedRNN:
    """Padded steps copy the previous state; the mask (batch, time) is the second input and has no
    gradient.
    """

    def __init__(self, n_in, n_hid, rng):
        self.W = rng.normal(size=(n_in + n_hid, n_hid)) / np.sqrt(n_in + n_hid)
        self.b = np.full(n_hid, 0.05)

    def forward(self, x, mask):
        keep = mask.astype(float)[:, :, None]
        state = np.zeros((x.shape[0], self.b.size))
        self.cache = []
        for t in range(x.shape[1]):
            joined = np.concatenate([x[:, t], state], axis=1)
            candidate = np.tanh(joined @ self.W + self.b)
            self.cache.append((joined, candidate, keep[:, t]))
            state = keep[:, t] * candidate + (1 - keep[:, t]) * state
        self.n_in = x.shape[2]
        return state

    def backward(self, dstate):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dx = []
        for joined, candidate, m in reversed(self.cache):
            dz = dstate * m * (1 - candidate**2)
            self.dW += joined.T @ dz
            self.db += dz.sum(0)
            djoined = dz @ self.W.T
            dx.append(djoined[:, : self.n_in])
            dstate = djoined[:, self.n_in :] + dstate * (1 - m)
        return np.stack(dx[::-1], axis=1)


def case_masked_padding():
    rng = np.random.default_rng(8)
    mask = np.array(
        [[True, True, True, True, True], [True, True, True, False, False], [True, True, False, False, False]]
    )
    return {
        "subject": MaskedRNN(4, 6, rng),
        "inputs": (rng.normal(size=(3, 5, 4)), mask),
        "intent": {"padding"},
    }


class UpdatingRNN:
    """backward(dh, learning_rate) makes the step itself, after every use of the old weights."""

    def __init__(self, inputs, units, rng):
        self.Wx = rng.normal(0, 0.5, (inputs, units))
        self.Wh = rng.normal(0, 0.5, (units, units))
        self.b = np.zeros(units)

    def forward(self, x):
        self.x = x
        self.hs = [np.zeros((x.shape[0], self.b.shape[0]))]
        for t in range(x.shape[1]):
            self.hs.append(np.tanh(x[:, t] @ self.Wx + self.hs[t] @ self.Wh + self.b))
        return np.stack(self.hs[1:], axis=1)

    def backward(self, dh, learning_rate):
        gx, gh, gb = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dx, dnext = np.zeros_like(self.x), 0.0
        for t in range(dh.shape[1] - 1, -1, -1):
            dz = (dh[:, t] + dnext) * (1 - self.hs[t + 1] ** 2)
            gx += self.x[:, t].T @ dz
            gh += self.hs[t].T @ dz
            gb += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wx.T
            dnext = dz @ self.Wh.T
        self.Wx -= learning_rate * gx
        self.Wh -= learning_rate * gh
        self.b -= learning_rate * gb
        return dx


def case_updates_in_backward():
    rng = np.random.default_rng(9)
    return {"subject": UpdatingRNN(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


class Reservoir:
    """Echo state network: the reservoir is fixed (trainable = False), only the readout learns."""

    trainable = False

    def __init__(self, n_in, n_res, n_out, rng, leak=0.3):
        self.W_in = rng.uniform(-1, 1, (n_in, n_res))
        W = rng.normal(size=(n_res, n_res))
        self.W_res = 0.8 * W / np.abs(np.linalg.eigvals(W)).max()
        self.W_in.setflags(write=False)
        self.W_res.setflags(write=False)
        self.leak = leak
        self.W_out = rng.normal(size=(n_res, n_out)) * 0.3

    def forward(self, x):
        h = np.zeros((x.shape[0], self.W_res.shape[0]))
        self.acts, self.states = [], []
        for t in range(x.shape[1]):
            a = np.tanh(x[:, t] @ self.W_in + h @ self.W_res)
            h = (1 - self.leak) * h + self.leak * a
            self.acts.append(a)
            self.states.append(h)
        return np.stack(self.states, 1) @ self.W_out

    def backward(self, dy):
        self.dW_out = np.einsum("bth,bto->ho", np.stack(self.states, 1), dy)
        dstates = dy @ self.W_out.T
        dx, carry = [], np.zeros_like(self.states[0])
        for t in reversed(range(dy.shape[1])):
            dh = dstates[:, t] + carry
            da = self.leak * dh * (1 - self.acts[t] ** 2)
            dx.append(da @ self.W_in.T)
            carry = (1 - self.leak) * dh + da @ self.W_res.T
        return np.stack(dx[::-1], axis=1)


def case_reservoir_frozen():
    rng = np.random.default_rng(10)
    res = Reservoir(2, 7, 3, rng)
    return {"subject": res, "inputs": (rng.normal(size=(3, 5, 2)),), "params": {"W_out": res.W_out}}


# --- LSTM -----------------------------------------------------------------------------------------


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    tc = np.tanh(next_c)
    return o * tc, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc = cache
    dc = dnext_c + dnext_h * o * (1 - tc**2)
    da = np.hstack(
        [dc * g * i * (1 - i), dc * prev_c * f * (1 - f), dnext_h * tc * o * (1 - o), dc * i * (1 - g**2)]
    )
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def case_lstm_step_pair_two_outputs():
    r = np.random.default_rng(11)
    arguments = (
        r.normal(size=(3, 4)),
        r.normal(size=(3, 2)),
        r.normal(size=(3, 2)),
        r.normal(size=(4, 8)),
        r.normal(size=(2, 8)),
        r.normal(size=8),
    )
    return {"subject": (lstm_step_forward, lstm_step_backward), "inputs": arguments}


def lstm_forward(x, h0, Wx, Wh, b):
    h, c, hs, caches = h0, np.zeros_like(h0), [], []
    for t in range(x.shape[1]):
        h, c, cache = lstm_step_forward(x[:, t, :], h, c, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches


def lstm_backward(dh, caches):
    dh_prev, dc = np.zeros_like(dh[:, 0]), np.zeros_like(dh[:, 0])
    dx, total = [], [0, 0, 0]
    for t in range(dh.shape[1] - 1, -1, -1):
        dx_t, dh_prev, dc, *weights = lstm_step_backward(dh[:, t] + dh_prev, dc, caches[t])
        dx.append(dx_t)
        total = [s + w for s, w in zip(total, weights)]
    return (np.stack(dx[::-1], axis=1), dh_prev, *total)


def case_lstm_sequence_pair():
    r = np.random.default_rng(12)
    arguments = (
        r.normal(size=(2, 5, 4)),
        r.normal(size=(2, 3)),
        r.normal(size=(4, 12)) * 0.6,
        r.normal(size=(3, 12)) * 0.6,
        r.normal(size=12),
    )
    return {"subject": (lstm_forward, lstm_backward), "inputs": arguments}


class LSTMWithForgetBias:
    """Four named weight matrices on [h, x]; the forget gate's bias starts at one."""

    def __init__(self, x_dim, h_dim, rng):
        z = x_dim + h_dim
        self.h_dim = h_dim
        self.Wf, self.Wi, self.Wc, self.Wo = (rng.normal(size=(z, h_dim)) / np.sqrt(z) for _ in range(4))
        self.bf = np.ones(h_dim)
        self.bi, self.bc, self.bo = np.zeros(h_dim), np.zeros(h_dim), np.zeros(h_dim)

    def forward(self, x):
        h = c = np.zeros((x.shape[0], self.h_dim))
        self.cache = []
        hs = []
        for t in range(x.shape[1]):
            z = np.concatenate((h, x[:, t]), axis=1)
            f, i = sigmoid(z @ self.Wf + self.bf), sigmoid(z @ self.Wi + self.bi)
            g, o = np.tanh(z @ self.Wc + self.bc), sigmoid(z @ self.Wo + self.bo)
            c_old, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.cache.append((z, f, i, g, o, c_old, c))
            hs.append(h)
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        for n in ("Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo"):
            setattr(self, "d" + n, np.zeros_like(getattr(self, n)))
        dx = []
        dh_next = dc_next = np.zeros((dhs.shape[0], self.h_dim))
        for t in reversed(range(dhs.shape[1])):
            z, f, i, g, o, c_old, c = self.cache[t]
            dh = dhs[:, t] + dh_next
            tanh_c = np.tanh(c)
            dc = dc_next + dh * o * (1 - tanh_c**2)
            df, di, dg = dc * c_old * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g * g)
            do = dh * tanh_c * o * (1 - o)
            dz = 0
            for letter, da in zip("fico", (df, di, dg, do)):
                getattr(self, "dW" + letter).__iadd__(z.T @ da)
                getattr(self, "db" + letter).__iadd__(da.sum(axis=0))
                dz = dz + da @ getattr(self, "W" + letter).T
            dh_next, dc_next = dz[:, : self.h_dim], dc * f
            dx.append(dz[:, self.h_dim :])
        return np.stack(dx[::-1], axis=1)


def case_lstm_forget_bias():
    rng = np.random.default_rng(13)
    return {"subject": LSTMWithForgetBias(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


class PeepholeLSTM:
    """Input and forget gates see the old cell, the output gate sees the new one; time-first."""

    def __init__(self, n_in, n_cell, rng):
        self.W = rng.normal(size=(n_in, 4 * n_cell)) * 0.4
        self.R = rng.normal(size=(n_cell, 4 * n_cell)) * 0.4
        self.b = rng.normal(size=4 * n_cell) * 0.2
        self.p_i, self.p_f, self.p_o = rng.normal(size=(3, n_cell)) * 0.5

    def forward(self, x):
        T, B, _ = x.shape
        n = self.p_i.size
        y, c = np.zeros((B, n)), np.zeros((B, n))
        self.x, self.memory, out = x, [], np.empty((T, B, n))
        for t in range(T):
            zi, zf, zo, zg = np.split(x[t] @ self.W + y @ self.R + self.b, 4, axis=1)
            i, f, g = sigmoid(zi + self.p_i * c), sigmoid(zf + self.p_f * c), np.tanh(zg)
            c_new = f * c + i * g
            o = sigmoid(zo + self.p_o * c_new)
            self.memory.append((y, c, c_new, i, f, o, g))
            c, y = c_new, o * np.tanh(c_new)
            out[t] = y
        return out

    def backward(self, dout):
        self.grad_W, self.grad_R, self.grad_b = (
            np.zeros_like(self.W),
            np.zeros_like(self.R),
            np.zeros_like(self.b),
        )
        self.grad_p_i, self.grad_p_f, self.grad_p_o = np.zeros((3, self.p_i.size))
        dx = np.zeros_like(self.x)
        dy_next, dc_next = np.zeros_like(dout[0]), np.zeros_like(dout[0])
        for t in range(len(dout) - 1, -1, -1):
            y, c, c_new, i, f, o, g = self.memory[t]
            dy = dout[t] + dy_next
            tc = np.tanh(c_new)
            dzo = dy * tc * o * (1 - o)
            dc = dc_next + dy * o * (1 - tc * tc) + dzo * self.p_o
            dzi, dzf, dzg = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g)
            dz = np.concatenate([dzi, dzf, dzo, dzg], axis=1)
            self.grad_W += x_t_dot(self.x[t], dz)
            self.grad_R += x_t_dot(y, dz)
            self.grad_b += dz.sum(axis=0)
            self.grad_p_i += (dzi * c).sum(0)
            self.grad_p_f += (dzf * c).sum(0)
            self.grad_p_o += (dzo * c_new).sum(0)
            dx[t] = dz @ self.W.T
            dy_next = dz @ self.R.T
            dc_next = dc * f + dzi * self.p_i + dzf * self.p_f
        return dx


def x_t_dot(a, b):
    return a.T @ b


def case_lstm_peepholes_time_first():
    rng = np.random.default_rng(14)
    return {"subject": PeepholeLSTM(4, 3, rng), "inputs": (rng.normal(size=(5, 2, 4)),)}


class StatefulLSTM:
    """The state is an argument and a result: forward(x, h, c) -> (hs, h, c). Nothing is remembered
    across batches.
    """

    def __init__(self, n_in, n_hidden, rng):
        self.weights = {
            "ih": rng.normal(size=(4 * n_hidden, n_in)) * 0.4,
            "hh": rng.normal(size=(4 * n_hidden, n_hidden)) * 0.4,
            "bias": rng.normal(size=4 * n_hidden) * 0.1,
        }
        self.gradients = {}

    def forward(self, x, h, c):
        w = self.weights
        self.saved, hs = [], []
        for t in range(x.shape[1]):
            z = x[:, t] @ w["ih"].T + h @ w["hh"].T + w["bias"]
            i, f, g, o = np.split(z, 4, axis=1)  # the order of a well-known framework
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            c1 = f * c + i * g
            h1 = o * np.tanh(c1)
            self.saved.append((x[:, t], h, c, c1, i, f, g, o))
            h, c = h1, c1
            hs.append(h)
        return np.stack(hs, axis=1), h, c

    def backward(self, dhs, dh, dc):
        w = self.weights
        g_ = {k: np.zeros_like(v) for k, v in w.items()}
        dxs = []
        for t, (x, h, c, c1, i, f, g, o) in reversed(list(enumerate(self.saved))):
            dh = dh + dhs[:, t]
            tc = np.tanh(c1)
            dc = dc + dh * o * (1 - tc**2)
            dz = np.concatenate(
                [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tc * o * (1 - o)],
                axis=1,
            )
            g_["ih"] += dz.T @ x
            g_["hh"] += dz.T @ h
            g_["bias"] += dz.sum(axis=0)
            dxs.append(dz @ w["ih"])
            dh, dc = dz @ w["hh"], dc * f
        self.gradients = g_
        return np.stack(dxs[::-1], axis=1), dh, dc


def case_lstm_state_in_and_out():
    rng = np.random.default_rng(15)
    return {
        "subject": StatefulLSTM(3, 4, rng),
        "inputs": (rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))),
    }


CellCache = namedtuple("CellCache", "xt a_prev c_prev a_next c_next gates parameters")


def lstm_cell_columns(xt, a_prev, c_prev, Wf, Wi, Wc, Wo):
    concat = np.concatenate([a_prev, xt], axis=0)
    ft, it, ot = sigmoid(Wf @ concat), sigmoid(Wi @ concat), sigmoid(Wo @ concat)
    cct = np.tanh(Wc @ concat)
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, CellCache(xt, a_prev, c_prev, a_next, c_next, (ft, it, cct, ot), (Wf, Wi, Wc, Wo))


def lstm_cell_columns_backward(da_next, dc_next, cache):
    ft, it, cct, ot = cache.gates
    Wf, Wi, Wc, Wo = cache.parameters
    n_a = cache.a_prev.shape[0]
    concat = np.vstack([cache.a_prev, cache.xt])
    dot = da_next * np.tanh(cache.c_next) * ot * (1 - ot)
    dc = dc_next + ot * (1 - np.square(np.tanh(cache.c_next))) * da_next
    dcct, dit, dft = dc * it * (1 - cct**2), dc * cct * it * (1 - it), dc * cache.c_prev * ft * (1 - ft)
    dconcat = Wf.T @ dft + Wi.T @ dit + Wc.T @ dcct + Wo.T @ dot
    return {
        "dxt": dconcat[n_a:],
        "da_prev": dconcat[:n_a],
        "dc_prev": dc * ft,
        "dWf": dft @ concat.T,
        "dWi": dit @ concat.T,
        "dWc": dcct @ concat.T,
        "dWo": dot @ concat.T,
    }


def case_lstm_cell_columns_dict():
    r = np.random.default_rng(16)
    weights = tuple(r.normal(size=(5, 8)) * 0.5 for _ in range(4))
    return {
        "subject": (lstm_cell_columns, lstm_cell_columns_backward),
        "inputs": (r.normal(size=(3, 2)), r.normal(size=(5, 2)), r.normal(size=(5, 2)), *weights),
    }


# --- GRU ------------------------------------------------------------------------------------------


class GRU:
    """Reset before the product: n = tanh(Wx + U(r * h)); h = (1 - z) * n + z * h."""

    def __init__(self, n_in, n_h, rng):
        self.params = {
            name + gate: rng.normal(size=(rows, n_h)) * 0.5
            for gate in "zrn"
            for name, rows in (("W", n_in), ("U", n_h))
        }
        self.params.update({"b" + gate: rng.normal(size=n_h) * 0.1 for gate in "zrn"})
        self.n_h = n_h

    def forward(self, x):
        p = self.params
        h = np.zeros((x.shape[0], self.n_h))
        self.x, self.history, out = x, [], []
        for t in range(x.shape[1]):
            z = sigmoid(x[:, t] @ p["Wz"] + h @ p["Uz"] + p["bz"])
            r = sigmoid(x[:, t] @ p["Wr"] + h @ p["Ur"] + p["br"])
            n = np.tanh(x[:, t] @ p["Wn"] + (r * h) @ p["Un"] + p["bn"])
            self.history.append((h, z, r, n))
            h = (1 - z) * n + z * h
            out.append(h)
        return np.stack(out, axis=1)

    def backward(self, dout):
        p = self.params
        g = self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dx = np.zeros_like(self.x)
        dh = np.zeros((len(dout), self.n_h))
        for t in range(dout.shape[1] - 1, -1, -1):
            h, z, r, n = self.history[t]
            x = self.x[:, t]
            dh = dh + dout[:, t]
            dan = dh * (1 - z) * (1 - n * n)
            daz = dh * (h - n) * z * (1 - z)
            drh = dan @ p["Un"].T
            dar = drh * h * r * (1 - r)
            for gate, da, state in (("z", daz, h), ("r", dar, h), ("n", dan, r * h)):
                g["W" + gate] += x.T @ da
                g["U" + gate] += state.T @ da
                g["b" + gate] += da.sum(axis=0)
            dx[:, t] = daz @ p["Wz"].T + dar @ p["Wr"].T + dan @ p["Wn"].T
            dh = dh * z + drh * r + daz @ p["Uz"].T + dar @ p["Ur"].T
        return dx


def case_gru_reset_before():
    rng = np.random.default_rng(17)
    return {"subject": GRU(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


class FusedGRU:
    """Reset after the product, with two biases: n = tanh(Wx + b + r * (Uh + c)). Gates r, z, n in one
    matrix.
    """

    def __init__(self, input_size, hidden_size, seed=0):
        rng = np.random.default_rng(seed)
        bound = 1 / np.sqrt(hidden_size)
        self.hidden_size = hidden_size
        self.weight_ih = rng.uniform(-bound, bound, (3 * hidden_size, input_size))
        self.weight_hh = rng.uniform(-bound, bound, (3 * hidden_size, hidden_size))
        self.bias_ih = rng.uniform(-bound, bound, 3 * hidden_size)
        self.bias_hh = rng.uniform(-bound, bound, 3 * hidden_size)

    def forward(self, x):  # (T, B, input)
        H = self.hidden_size
        h = np.zeros((x.shape[1], H))
        self.x, self.steps, hs = x, [], []
        for x_t in x:
            gi = x_t @ self.weight_ih.T + self.bias_ih
            gh = h @ self.weight_hh.T + self.bias_hh
            r = sigmoid(gi[:, :H] + gh[:, :H])
            z = sigmoid(gi[:, H : 2 * H] + gh[:, H : 2 * H])
            n = np.tanh(gi[:, 2 * H :] + r * gh[:, 2 * H :])
            self.steps.append((h, r, z, n, gh[:, 2 * H :]))
            h = n + z * (h - n)
            hs.append(h)
        return np.array(hs)

    def backward(self, dhs):
        self.weight_ih_grad, self.weight_hh_grad = (
            np.zeros_like(self.weight_ih),
            np.zeros_like(self.weight_hh),
        )
        self.bias_ih_grad, self.bias_hh_grad = np.zeros_like(self.bias_ih), np.zeros_like(self.bias_hh)
        dx, dh = np.zeros_like(self.x), 0
        for t in reversed(range(len(dhs))):
            h, r, z, n, hn = self.steps[t]
            dh = dh + dhs[t]
            dn = dh * (1 - z) * (1 - n**2)
            dz = dh * (h - n) * z * (1 - z)
            dr = dn * hn * r * (1 - r)
            dgi = np.concatenate((dr, dz, dn), axis=1)
            dgh = np.concatenate((dr, dz, dn * r), axis=1)
            self.weight_ih_grad += dgi.T @ self.x[t]
            self.weight_hh_grad += dgh.T @ h
            self.bias_ih_grad += dgi.sum(axis=0)
            self.bias_hh_grad += dgh.sum(axis=0)
            dx[t] = dgi @ self.weight_ih
            dh = dh * z + dgh @ self.weight_hh
        return dx


def case_gru_reset_after_time_first():
    return {"subject": FusedGRU(4, 3), "inputs": (np.random.default_rng(18).normal(size=(5, 2, 4)),)}


def gru_cell(x, h, W, U, b):
    """W (features, 3H), U (H, 3H): update, reset, candidate. h' = z * c + (1 - z) * h, the older
    convention.
    """
    n = h.shape[1]
    zr = sigmoid(x @ W[:, : 2 * n] + h @ U[:, : 2 * n] + b[: 2 * n])
    z, r = zr[:, :n], zr[:, n:]
    c = np.tanh(x @ W[:, 2 * n :] + (r * h) @ U[:, 2 * n :] + b[2 * n :])
    return z * c + (1 - z) * h, {"x": x, "h": h, "W": W, "U": U, "z": z, "r": r, "c": c}


def gru_cell_backward(dh_new, cache):
    x, h, W, U, z, r, c = (cache[k] for k in ("x", "h", "W", "U", "z", "r", "c"))
    n = h.shape[1]
    dc = dh_new * z * (1 - c**2)
    dz = dh_new * (c - h) * z * (1 - z)
    drh = dc @ U[:, 2 * n :].T
    dr = drh * h * r * (1 - r)
    gates = np.concatenate([dz, dr], axis=1)
    every = np.concatenate([gates, dc], axis=1)
    return {
        "x": every @ W.T,
        "h": dh_new * (1 - z) + drh * r + gates @ U[:, : 2 * n].T,
        "W": x.T @ every,
        "U": np.concatenate([h.T @ gates, (r * h).T @ dc], axis=1),
        "b": every.sum(axis=0),
    }


def case_gru_cell_pair_dict():
    r = np.random.default_rng(19)
    return {
        "subject": (gru_cell, gru_cell_backward),
        "inputs": (
            r.normal(size=(2, 4)),
            r.normal(size=(2, 3)),
            r.normal(size=(4, 9)),
            r.normal(size=(3, 9)),
            r.normal(size=9),
        ),
    }


class MinimalGatedUnit:
    """One gate; features first, (T, features, batch)."""

    def __init__(self, n, m, rng):
        self.theta = [
            rng.normal(size=(m, n)) * 0.5,
            rng.normal(size=(m, m)) * 0.5,
            rng.normal(size=(m, 1)) * 0.1,
            rng.normal(size=(m, n)) * 0.5,
            rng.normal(size=(m, m)) * 0.5,
            rng.normal(size=(m, 1)) * 0.1,
        ]
        self.theta_grads = [np.zeros_like(p) for p in self.theta]

    def parameters(self):
        return self.theta

    def forward(self, xs):
        Wf, Uf, bf, Wh, Uh, bh = self.theta
        h = np.zeros((bf.shape[0], xs.shape[2]))
        self.trace, hs = [], []
        for x in xs:
            f = sigmoid(Wf @ x + Uf @ h + bf)
            n = np.tanh(Wh @ x + Uh @ (f * h) + bh)
            self.trace.append((x, h, f, n))
            h = (1 - f) * h + f * n
            hs.append(h)
        return np.stack(hs)

    def backward(self, deltas):
        Wf, Uf, bf, Wh, Uh, bh = self.theta
        grads = [np.zeros_like(p) for p in self.theta]
        dxs, dh = [], np.zeros_like(deltas[0])
        for delta, (x, h, f, n) in zip(deltas[::-1], self.trace[::-1]):
            dh = dh + delta
            dn = dh * f * (1 - n * n)
            dfh = Uh.T @ dn
            df = (dh * (n - h) + dfh * h) * f * (1 - f)
            for k, (d, s) in enumerate(((df, h), (dn, f * h))):
                grads[3 * k] += d @ x.T
                grads[3 * k + 1] += d @ s.T
                grads[3 * k + 2] += d.sum(axis=1, keepdims=True)
            dxs.append(Wf.T @ df + Wh.T @ dn)
            dh = dh * (1 - f) + dfh * f + Uf.T @ df
        self.theta_grads = grads
        return np.stack(dxs[::-1])


def case_minimal_gated_unit_lists():
    rng = np.random.default_rng(20)
    return {"subject": MinimalGatedUnit(3, 4, rng), "inputs": (rng.normal(size=(5, 3, 2)),)}


# --- bidirectional, stacked -----------------------------------------------------------------------


class Bidirectional:
    """Two instances, one fed the reversed sequence, outputs concatenated."""

    def __init__(self, n_in, n_hidden, rng):
        self.fwd = SimpleRNN(n_in, n_hidden, rng)
        self.bwd = SimpleRNN(n_in, n_hidden, rng)
        self.n_hidden = n_hidden

    def forward(self, x):
        return np.concatenate([self.fwd.forward(x), self.bwd.forward(x[:, ::-1])[:, ::-1]], axis=-1)

    def backward(self, dy):
        left, right = dy[..., : self.n_hidden], dy[..., self.n_hidden :]
        return self.fwd.backward(left) + self.bwd.backward(right[:, ::-1])[:, ::-1]


def case_bidirectional_concat():
    rng = np.random.default_rng(21)
    return {"subject": Bidirectional(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


class BidirectionalSum:
    def __init__(self, n_in, n_cell, rng):
        self.directions = {
            "left_to_right": PeepholeLSTM(n_in, n_cell, rng),
            "right_to_left": PeepholeLSTM(n_in, n_cell, rng),
        }

    def forward(self, x):  # (T, B, F), summed outputs
        a = self.directions["left_to_right"].forward(x)
        b = self.directions["right_to_left"].forward(np.flip(x, axis=0))
        return a + np.flip(b, axis=0)

    def backward(self, grad):
        dx = self.directions["left_to_right"].backward(grad)
        dx += np.flip(self.directions["right_to_left"].backward(np.flip(grad, axis=0)), axis=0)
        return dx


def case_bidirectional_sum_lstm():
    rng = np.random.default_rng(22)
    return {"subject": BidirectionalSum(2, 3, rng), "inputs": (rng.normal(size=(4, 3, 2)),)}


class StackedRNN:
    """A list of layers whose backward takes the learning rate."""

    def __init__(self, sizes, rng):
        self.layers = [UpdatingRNN(a, b, rng) for a, b in zip(sizes[:-1], sizes[1:])]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy, learning_rate):
        for layer in reversed(self.layers):
            dy = layer.backward(dy, learning_rate)
        return dy


def case_stacked_updating():
    rng = np.random.default_rng(23)
    return {"subject": StackedRNN((3, 5, 4, 2), rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


class Cell:
    """A cell called once per time step: a stack of caches, pushed forward and popped backward."""

    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) * 0.5
        self.U = rng.normal(size=(n_out, n_out)) * 0.5
        self.b = rng.normal(size=n_out) * 0.1
        self.stack = []
        self.reset()

    def reset(self):
        self.stack.clear()
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)

    def step_forward(self, x, h):
        new = np.tanh(x @ self.W + h @ self.U + self.b)
        self.stack.append((x, h, new))
        return new

    def step_backward(self, dnew):
        x, h, new = self.stack.pop()
        dz = dnew * (1 - new * new)
        self.dW += x.T @ dz
        self.dU += h.T @ dz
        self.db += dz.sum(axis=0)
        return dz @ self.W.T, dz @ self.U.T


class DeepCellNetwork:
    """Two cells unrolled together; caches on a stack, cleared when forward begins."""

    def __init__(self, n_in, hidden, rng):
        self.cells = [Cell(n_in, hidden[0], rng), Cell(hidden[0], hidden[1], rng)]

    def forward(self, x):
        for cell in self.cells:
            cell.reset()
        state = [np.zeros((x.shape[0], cell.b.size)) for cell in self.cells]
        for t in range(x.shape[1]):
            signal = x[:, t]
            for k, cell in enumerate(self.cells):
                signal = state[k] = cell.step_forward(signal, state[k])
        self.shape = x.shape
        return signal

    def backward(self, dlast):
        dstate = [np.zeros((len(dlast), cell.b.size)) for cell in self.cells]
        dstate[-1] = dlast
        dx = np.zeros(self.shape)
        for t in reversed(range(self.shape[1])):
            dsignal = 0
            for k in (1, 0):
                dsignal, dstate[k] = self.cells[k].step_backward(dstate[k] + dsignal)
            dx[:, t] = dsignal
        return dx


def case_cells_with_cache_stack():
    rng = np.random.default_rng(24)
    return {"subject": DeepCellNetwork(3, (5, 4), rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


class CharacterModel:
    """ids (batch, time) -> logits (batch, time, vocabulary); ids have no gradient, backward returns None."""

    def __init__(self, vocabulary, width, hidden, rng):
        self.embedding = rng.normal(size=(vocabulary, width)) * 0.5
        self.rnn = SimpleRNN(width, hidden, rng)
        self.Why = rng.normal(size=(hidden, vocabulary)) * 0.5
        self.by = np.zeros(vocabulary)

    def forward(self, ids):
        self.ids = ids
        self.h = self.rnn.forward(self.embedding[ids])
        return self.h @ self.Why + self.by

    def backward(self, dlogits):
        self.dWhy = np.tensordot(self.h, dlogits, axes=([0, 1], [0, 1]))
        self.dby = dlogits.sum(axis=(0, 1))
        dvectors = self.rnn.backward(dlogits @ self.Why.T)
        self.dembedding = np.zeros_like(self.embedding)
        np.add.at(self.dembedding, self.ids, dvectors)
        return None


def case_character_model():
    rng = np.random.default_rng(25)
    return {
        "subject": CharacterModel(7, 3, 4, rng),
        "inputs": (np.array([[1, 5, 5, 2, 0], [3, 1, 6, 6, 4]]),),
    }


class ResidualLayerNormRNN:
    """Layer normalization inside the recurrence, and a skip from input to output."""

    def __init__(self, width, rng):
        self.A = rng.normal(size=(width, width)) * 0.4
        self.R = rng.normal(size=(width, width)) * 0.4
        self.gain = rng.uniform(0.5, 1.5, width)
        self.shift = rng.normal(size=width) * 0.3

    def forward(self, x):
        h = np.zeros_like(x[:, 0])
        self.kept, ys = [], []
        for t in range(x.shape[1]):
            pre = x[:, t] @ self.A + h @ self.R
            sd = np.sqrt(pre.var(axis=1, keepdims=True) + 1e-3)
            hat = (pre - pre.mean(axis=1, keepdims=True)) / sd
            new = np.tanh(self.gain * hat + self.shift)
            self.kept.append((x[:, t], h, sd, hat, new))
            h = new
            ys.append(new + x[:, t])
        return np.stack(ys, axis=1)

    def backward(self, dys):
        self.dA, self.dR = np.zeros_like(self.A), np.zeros_like(self.R)
        self.dgain, self.dshift = np.zeros_like(self.gain), np.zeros_like(self.shift)
        dxs, dh = [], 0.0
        for t in range(dys.shape[1] - 1, -1, -1):
            x, h, sd, hat, new = self.kept[t]
            dn = (dys[:, t] + dh) * (1 - new**2)
            self.dgain += (dn * hat).sum(axis=0)
            self.dshift += dn.sum(axis=0)
            dhat = dn * self.gain
            dpre = (dhat - dhat.mean(1, keepdims=True) - hat * (dhat * hat).mean(1, keepdims=True)) / sd
            self.dA += x.T @ dpre
            self.dR += h.T @ dpre
            dxs.append(dpre @ self.A.T + dys[:, t])
            dh = dpre @ self.R.T
        return np.stack(dxs[::-1], axis=1)


def case_layer_norm_recurrence():
    rng = np.random.default_rng(26)
    return {"subject": ResidualLayerNormRNN(6, rng), "inputs": (rng.normal(size=(3, 4, 6)),)}


def make_elman(batch=2, steps=4, features=3, hidden=5):
    """A factory: any sizes."""
    rng = np.random.default_rng(27)
    return SimpleRNN(features, hidden, rng)


def case_factory():
    return {"subject": make_elman, "inputs": (np.random.default_rng(28).normal(size=(2, 4, 3)),)}
