"""Correct models that only offer step(x, target, learning_rate) -> loss (taken before the update)."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class TwoLayerNet:
    def __init__(self, n, h, c, rng):
        self.W1, self.b1 = rng.normal(size=(n, h)) * np.sqrt(2 / n), np.zeros(h)
        self.W2, self.b2 = rng.normal(size=(h, c)) * np.sqrt(1 / h), np.zeros(c)

    def step(self, x, target, learning_rate):
        h = np.maximum(x @ self.W1 + self.b1, 0)
        p = softmax(h @ self.W2 + self.b2)
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        dz = p.copy()
        dz[np.arange(len(x)), target] -= 1
        dz /= len(x)
        dh = dz @ self.W2.T
        dh[h <= 0] = 0
        self.W2 -= learning_rate * h.T @ dz
        self.b2 -= learning_rate * dz.sum(axis=0)
        self.W1 -= learning_rate * x.T @ dh
        self.b1 -= learning_rate * dh.sum(axis=0)
        return loss


def case_two_layer_softmax():
    rng = np.random.default_rng(0)
    return {
        "subject": TwoLayerNet(4, 6, 3, rng),
        "inputs": (rng.normal(size=(5, 4)),),
        "target": np.array([0, 2, 1, 1, 0]),
    }


class CourseNetwork:
    """Columns are samples; the mean's 1/m stands in dW and db, dZ is not divided."""

    def __init__(self, dims, seed=1):
        r = np.random.RandomState(seed)
        self.parameters = {}
        for l in range(1, len(dims)):
            self.parameters["W" + str(l)] = r.randn(dims[l], dims[l - 1]) / np.sqrt(dims[l - 1])
            self.parameters["b" + str(l)] = np.zeros((dims[l], 1))
        self.depth = len(dims) - 1

    def step(self, X, Y, learning_rate):
        P, A = self.parameters, [X]
        for l in range(1, self.depth + 1):
            Z = P[f"W{l}"] @ A[-1] + P[f"b{l}"]
            A.append(sigmoid(Z) if l == self.depth else np.tanh(Z))
        m = X.shape[1]
        cost = -np.sum(Y * np.log(A[-1]) + (1 - Y) * np.log(1 - A[-1])) / m
        grads = {}
        dZ = A[-1] - Y
        for l in range(self.depth, 0, -1):
            grads[f"dW{l}"] = dZ @ A[l - 1].T / m
            grads[f"db{l}"] = np.sum(dZ, axis=1, keepdims=True) / m
            if l > 1:
                dZ = (P[f"W{l}"].T @ dZ) * (1 - A[l - 1] ** 2)
        for l in range(1, self.depth + 1):
            P[f"W{l}"] = P[f"W{l}"] - learning_rate * grads[f"dW{l}"]
            P[f"b{l}"] = P[f"b{l}"] - learning_rate * grads[f"db{l}"]
        return float(cost)


def case_course_columns_mean_in_weights():
    r = np.random.RandomState(2)
    return {
        "subject": CourseNetwork((3, 5, 4, 1)),
        "inputs": (r.randn(3, 6),),
        "target": np.array([[1, 0, 0, 1, 1, 0]]),
    }


class UpdatingLayer:
    """The layer divides by the batch itself; the loss's gradient is not divided: right as a whole."""

    def __init__(self, n_in, n_out, rng, last=False):
        self.w, self.c, self.last = rng.normal(size=(n_in, n_out)) * 0.6, np.zeros(n_out), last

    def forward(self, x):
        self.x = x
        z = x @ self.w + self.c
        self.y = z if self.last else np.tanh(z)
        return self.y

    def backward(self, g, learning_rate):
        if not self.last:
            g = g * (1 - self.y**2)
        dx = g @ self.w.T
        self.w -= learning_rate * self.x.T @ g / len(g)
        self.c -= learning_rate * g.mean(axis=0)
        return dx


class LayeredRegressor:
    def __init__(self, rng):
        self.stack = [UpdatingLayer(3, 5, rng), UpdatingLayer(5, 4, rng), UpdatingLayer(4, 2, rng, last=True)]

    def step(self, x, target, learning_rate):
        for layer in self.stack:
            x = layer.forward(x)
        error = x - target
        for layer in reversed(self.stack):
            error = layer.backward(error, learning_rate)
        return 0.5 * np.mean(np.sum((x - target) ** 2, axis=1))


def case_layers_average_themselves():
    rng = np.random.default_rng(3)
    return {
        "subject": LayeredRegressor(rng),
        "inputs": (rng.normal(size=(6, 3)),),
        "target": rng.normal(size=(6, 2)),
    }


class CharRNN:
    """One sequence of ids, next ids as target, summed cross-entropy; the state starts at zero each time."""

    def __init__(self, vocab, hidden, seed=4):
        np_rng = np.random.RandomState(seed)
        self.Wxh = np_rng.randn(hidden, vocab) * 0.3
        self.Whh = np_rng.randn(hidden, hidden) * 0.3
        self.Why = np_rng.randn(vocab, hidden) * 0.3
        self.bh, self.by = np.zeros((hidden, 1)), np.zeros((vocab, 1))

    def step(self, inputs, targets, learning_rate):
        xs, hs, ps, loss = {}, {-1: np.zeros_like(self.bh)}, {}, 0.0
        for t in range(len(inputs)):
            xs[t] = np.zeros_like(self.by)
            xs[t][inputs[t]] = 1
            hs[t] = np.tanh(self.Wxh @ xs[t] + self.Whh @ hs[t - 1] + self.bh)
            y = self.Why @ hs[t] + self.by
            ps[t] = np.exp(y) / np.sum(np.exp(y))
            loss += -np.log(ps[t][targets[t], 0])
        dWxh, dWhh, dWhy = np.zeros_like(self.Wxh), np.zeros_like(self.Whh), np.zeros_like(self.Why)
        dbh, dby, dhnext = np.zeros_like(self.bh), np.zeros_like(self.by), np.zeros_like(self.bh)
        for t in reversed(range(len(inputs))):
            dy = np.copy(ps[t])
            dy[targets[t]] -= 1
            dWhy += dy @ hs[t].T
            dby += dy
            dhraw = (1 - hs[t] ** 2) * (self.Why.T @ dy + dhnext)
            dbh += dhraw
            dWxh += dhraw @ xs[t].T
            dWhh += dhraw @ hs[t - 1].T
            dhnext = self.Whh.T @ dhraw
        for param, dparam in zip(
            (self.Wxh, self.Whh, self.Why, self.bh, self.by), (dWxh, dWhh, dWhy, dbh, dby)
        ):
            param += -learning_rate * dparam
        return loss


def case_char_rnn():
    return {
        "subject": CharRNN(5, 6),
        "inputs": (np.array([1, 4, 4, 0, 2, 3]),),
        "target": np.array([4, 4, 0, 2, 3, 1]),
    }


class LSTMClassifier:
    """Time-first sequences, last state to a softmax, mean loss; update of a dict of parameters."""

    def __init__(self, n, h, c, rng):
        self.p = {
            "W": rng.normal(size=(n + h, 4 * h)) * 0.4,
            "b": np.repeat([0.0, 1.0, 0.0, 0.0], h),
            "V": rng.normal(size=(h, c)) * 0.4,
        }
        self.h = h

    def step(self, x, target, learning_rate):
        p, H = self.p, self.h
        T, B, n = x.shape
        h = c = np.zeros((B, H))
        tape = []
        for t in range(T):
            joined = np.concatenate([x[t], h], axis=1)
            i, f, o, g = np.split(joined @ p["W"] + p["b"], 4, axis=1)
            i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            tape.append((joined, i, f, o, g, c_prev, np.tanh(c)))
        q = softmax(h @ p["V"])
        loss = -np.mean(np.log(q[np.arange(B), target]))
        dz = (q - np.eye(q.shape[1])[target]) / B
        grads = {"W": 0, "b": 0, "V": h.T @ dz}
        dh, dc = dz @ p["V"].T, np.zeros((B, H))
        for joined, i, f, o, g, c_prev, tc in tape[::-1]:
            dc = dc + dh * o * (1 - tc**2)
            da = np.concatenate(
                [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g**2)],
                axis=1,
            )
            grads["W"] = grads["W"] + joined.T @ da
            grads["b"] = grads["b"] + da.sum(axis=0)
            dh, dc = (da @ p["W"].T)[:, n:], dc * f
        for k in p:
            p[k] -= learning_rate * grads[k]
        return loss


def case_lstm_classifier():
    rng = np.random.default_rng(5)
    return {
        "subject": LSTMClassifier(3, 4, 5, rng),
        "inputs": (rng.normal(size=(4, 3, 3)),),
        "target": np.array([2, 0, 4]),
    }


class TinyConvNet:
    """One 3x3 convolution over (B, H, W) images, relu, global average, softmax; loops over the samples."""

    def __init__(self, filters, classes, rng):
        self.filters = rng.normal(size=(filters, 3, 3)) / 3
        self.dense = rng.normal(size=(filters, classes)) * 0.5
        self.offset = np.zeros(classes)

    def step(self, images, labels, learning_rate):
        dfilters, ddense, doffset = (
            np.zeros_like(self.filters),
            np.zeros_like(self.dense),
            np.zeros_like(self.offset),
        )
        loss = 0.0
        for image, label in zip(images, labels):
            windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
            maps = np.einsum("hwij,fij->fhw", windows, self.filters)
            pooled = np.maximum(maps, 0).mean(axis=(1, 2))
            p = softmax(pooled @ self.dense + self.offset)
            loss -= np.log(p[label])
            p[label] -= 1
            ddense += np.outer(pooled, p)
            doffset += p
            dmaps = (self.dense @ p)[:, None, None] * (maps > 0) / maps[0].size
            dfilters += np.einsum("fhw,hwij->fij", dmaps, windows)
        n = len(images)
        self.filters -= learning_rate * dfilters / n
        self.dense -= learning_rate * ddense / n
        self.offset -= learning_rate * doffset / n
        return loss / n


def case_tiny_convnet():
    rng = np.random.default_rng(6)
    return {
        "subject": TinyConvNet(4, 3, rng),
        "inputs": (rng.normal(size=(5, 6, 7)),),
        "target": np.array([0, 2, 1, 1, 0]),
    }


class LogisticRegressionL2:
    """Ridge penalty in the loss and in the gradient; the bias is not penalised."""

    def __init__(self, n, rng, l2=0.05):
        self.coef, self.intercept, self.l2 = rng.normal(size=n), np.array(0.3), l2

    def step(self, x, target, learning_rate):
        p = sigmoid(x @ self.coef + self.intercept)
        loss = (
            -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))
            + 0.5 * self.l2 * self.coef @ self.coef
        )
        self.coef = self.coef - learning_rate * (x.T @ (p - target) / len(x) + self.l2 * self.coef)
        self.intercept = self.intercept - learning_rate * np.mean(p - target)
        return loss


def case_logistic_with_decay():
    rng = np.random.default_rng(7)
    return {
        "subject": LogisticRegressionL2(4, rng),
        "inputs": (rng.normal(size=(6, 4)),),
        "target": np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0]),
    }


class Autoencoder:
    """target is the input; sigmoid output with binary cross-entropy, summed over pixels, averaged over
    samples.
    """

    def __init__(self, n, k, rng):
        self.params = [rng.normal(size=(n, k)) * 0.4, np.zeros(k), rng.normal(size=(k, n)) * 0.4, np.zeros(n)]
        self.grads = [np.zeros_like(p) for p in self.params]

    def step(self, x, target, learning_rate):
        W, b, V, c = self.params
        h = np.tanh(x @ W + b)
        y = sigmoid(h @ V + c)
        loss = -np.sum(target * np.log(y) + (1 - target) * np.log(1 - y)) / len(x)
        dz = (y - target) / len(x)
        dh = dz @ V.T * (1 - h**2)
        self.grads = [x.T @ dh, dh.sum(0), h.T @ dz, dz.sum(0)]
        for p, g in zip(self.params, self.grads):
            p -= learning_rate * g
        return loss


def case_autoencoder():
    rng = np.random.default_rng(8)
    x = rng.uniform(0.1, 0.9, size=(4, 6))
    return {"subject": Autoencoder(6, 3, rng), "inputs": (x,), "target": x.copy()}


class SkipGram:
    """Centre words in, context words as target, full softmax; rows of the table collect repeated ids."""

    def __init__(self, vocab, width, rng):
        self.inner, self.outer = rng.normal(size=(vocab, width)) * 0.5, rng.normal(size=(vocab, width)) * 0.5

    def step(self, centre, context, learning_rate):
        v = self.inner[centre]
        p = softmax(v @ self.outer.T)
        loss = -np.mean(np.log(p[np.arange(len(centre)), context]))
        p[np.arange(len(centre)), context] -= 1
        p /= len(centre)
        dv = p @ self.outer
        self.outer -= learning_rate * p.T @ v
        np.subtract.at(self.inner, centre, learning_rate * dv)
        return loss


def case_skip_gram():
    rng = np.random.default_rng(9)
    return {
        "subject": SkipGram(7, 3, rng),
        "inputs": (np.array([2, 2, 5, 0, 2]),),
        "target": np.array([1, 5, 6, 4, 3]),
    }


class MatrixFactorisation:
    """Pairs (user, item) in one integer array; ratings as target."""

    def __init__(self, users, items, k, rng):
        self.users, self.items = rng.normal(size=(users, k)) * 0.5, rng.normal(size=(items, k)) * 0.5
        self.user_bias, self.item_bias = np.zeros(users), np.zeros(items)

    def step(self, pairs, ratings, learning_rate):
        u, i = pairs[:, 0], pairs[:, 1]
        pu, qi = self.users[u], self.items[i]
        e = (pu * qi).sum(axis=1) + self.user_bias[u] + self.item_bias[i] - ratings
        g = 2 * e[:, None] / len(e)
        np.add.at(self.users, u, -learning_rate * g * qi)
        np.add.at(self.items, i, -learning_rate * g * pu)
        np.add.at(self.user_bias, u, -learning_rate * g[:, 0])
        np.add.at(self.item_bias, i, -learning_rate * g[:, 0])
        return np.mean(e**2)


def case_matrix_factorisation():
    rng = np.random.default_rng(10)
    pairs = np.array([[0, 1], [2, 1], [0, 3], [3, 2], [1, 0], [2, 4]])
    return {"subject": MatrixFactorisation(4, 5, 3, rng), "inputs": (pairs,), "target": rng.normal(size=6)}


class MomentumNet:
    """Classical momentum: the first step is the plain gradient step."""

    def __init__(self, n, h, rng, momentum=0.9):
        self.weights = {"a": rng.normal(size=(n, h)) * 0.5, "b": rng.normal(size=(h, 1)) * 0.5}
        self.velocity = {k: np.zeros_like(v) for k, v in self.weights.items()}
        self.momentum = momentum

    def step(self, x, target, learning_rate):
        a, b = self.weights["a"], self.weights["b"]
        h = sigmoid(x @ a)
        e = h @ b - target
        g = {"b": h.T @ e / len(x), "a": x.T @ (e @ b.T * h * (1 - h)) / len(x)}
        for k in g:
            self.velocity[k] = self.momentum * self.velocity[k] - learning_rate * g[k]
            self.weights[k] += self.velocity[k]
        return 0.5 * float(np.mean(e**2))


def case_momentum():
    rng = np.random.default_rng(11)
    return {
        "subject": MomentumNet(3, 5, rng),
        "inputs": (rng.normal(size=(6, 3)),),
        "target": rng.normal(size=(6, 1)),
    }


class AdamNet:
    """Adam with bias correction and one counter; gradients stay in self.grads."""

    def __init__(self, n, c, rng):
        self.params = {"W": rng.normal(size=(n, c)) * 0.5, "b": np.zeros(c)}
        self.grads = {}
        self.m = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.t = 0

    def step(self, x, target, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
        p = softmax(x @ self.params["W"] + self.params["b"])
        loss = -np.log(p[np.arange(len(x)), target]).mean()
        p[np.arange(len(x)), target] -= 1
        self.grads = {"W": x.T @ p / len(x), "b": p.mean(axis=0)}
        self.t += 1
        for k, g in self.grads.items():
            self.m[k] = beta1 * self.m[k] + (1 - beta1) * g
            self.v[k] = beta2 * self.v[k] + (1 - beta2) * g * g
            m, v = self.m[k] / (1 - beta1**self.t), self.v[k] / (1 - beta2**self.t)
            self.params[k] -= learning_rate * m / (np.sqrt(v) + eps)
        return loss


def case_adam_inside():
    rng = np.random.default_rng(12)
    return {
        "subject": AdamNet(4, 3, rng),
        "inputs": (rng.normal(size=(6, 4)),),
        "target": np.array([0, 1, 2, 2, 1, 0]),
    }


class TinyLanguageModel:
    """One causal head, residual, tied table; teacher forcing: x = text[:, :-1], target = text[:, 1:]."""

    def __init__(self, vocab, longest, d, rng):
        self.E, self.P = rng.normal(size=(vocab, d)) * 0.6, rng.normal(size=(longest, d)) * 0.3
        self.Wq, self.Wk, self.Wv = rng.normal(size=(3, d, d)) * 0.5

    def step(self, ids, target, learning_rate):
        B, T = ids.shape
        d = self.E.shape[1]
        x = self.E[ids] + self.P[:T]
        q, k, v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = q @ k.swapaxes(1, 2) / np.sqrt(d)
        s[:, np.triu(np.ones((T, T), bool), 1)] = -1e9
        a = softmax(s)
        y = x + a @ v
        p = softmax(y @ self.E.T)
        b, t = np.indices(target.shape)
        loss = -np.log(p[b, t, target]).mean()
        p[b, t, target] -= 1
        dz = p / target.size
        dE = np.einsum("btv,btd->vd", dz, y)
        dy = dz @ self.E
        da = dy @ v.swapaxes(1, 2)
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(d)
        dq, dk, dv = ds @ k, ds.swapaxes(1, 2) @ q, a.swapaxes(1, 2) @ dy
        dx = dy + dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
        np.add.at(dE, ids, dx)
        for W, g in ((self.Wq, dq), (self.Wk, dk), (self.Wv, dv)):
            W -= learning_rate * np.einsum("bti,btj->ij", x, g)
        self.P[:T] -= learning_rate * dx.sum(axis=0)
        self.E -= learning_rate * dE
        return loss


def case_tiny_language_model():
    rng = np.random.default_rng(13)
    text = np.array([[1, 4, 4, 0, 3], [5, 2, 1, 5, 0]])
    return {
        "subject": TinyLanguageModel(6, 7, 4, rng),
        "inputs": (text[:, :-1],),
        "target": text[:, 1:],
        "intent": {"causal"},
    }


class TranslationRNN:
    """Encoder and decoder, teacher forced; one array of ids: the source first, then the decoder's input."""

    def __init__(self, vocab, h, source_length, rng):
        self.E = rng.normal(size=(vocab, h)) * 0.5
        self.enc, self.dec = rng.normal(size=(h, h)) * 0.4, rng.normal(size=(h, h)) * 0.4
        self.out = rng.normal(size=(h, vocab)) * 0.4
        self.source_length = source_length

    def step(self, ids, target, learning_rate):
        S, total = self.source_length, ids.shape[1]
        hs = [np.zeros((len(ids), self.enc.shape[0]))]
        for t in range(total):
            hs.append(np.tanh(self.E[ids[:, t]] + hs[-1] @ (self.enc if t < S else self.dec)))
        decoded = np.stack(hs[S + 1 :], axis=1)
        p = softmax(decoded @ self.out)
        b, t = np.indices(target.shape)
        loss = -np.log(p[b, t, target]).sum() / len(ids)
        p[b, t, target] -= 1
        p /= len(ids)
        g = {
            "E": np.zeros_like(self.E),
            "enc": np.zeros_like(self.enc),
            "dec": np.zeros_like(self.dec),
            "out": np.einsum("bth,btv->hv", decoded, p),
        }
        dh = np.zeros_like(hs[0])
        for t in range(total - 1, -1, -1):
            name = "enc" if t < S else "dec"
            if t >= S:
                dh = dh + p[:, t - S] @ self.out.T
            da = dh * (1 - hs[t + 1] ** 2)
            np.add.at(g["E"], ids[:, t], da)
            g[name] += hs[t].T @ da
            dh = da @ getattr(self, name).T
        for name, grad in g.items():
            setattr(self, name, getattr(self, name) - learning_rate * grad)
        return loss


def case_translation_teacher_forcing():
    rng = np.random.default_rng(14)
    ids = np.array([[3, 5, 2, 0, 4, 1], [1, 1, 5, 0, 2, 3]])  # three source ids, then <start> and two more
    return {
        "subject": TranslationRNN(6, 4, 3, rng),
        "inputs": (ids,),
        "target": np.array([[4, 1, 5], [2, 3, 5]]),
    }


class PrintingPerceptron:
    """Prints now and then, keeps a history, clips only gradients whose norm exceeds a bound that is
    never met here.
    """

    def __init__(self, n, c, rng):
        self.W, self.history, self.gradient_clip = rng.normal(size=(c, n)) * 0.3, [], 50.0

    def step(self, x, target, learning_rate):
        y = x @ self.W.T
        e = y - target
        loss = np.mean(e**2)
        dW = 2 * e.T @ x / e.size
        norm = np.sqrt((dW**2).sum())
        if norm > self.gradient_clip:
            dW *= self.gradient_clip / norm
        self.W -= learning_rate * dW
        self.history.append(loss)
        if len(self.history) % 1000 == 1:
            print(f"step {len(self.history)}: loss {loss:.4f}")
        return loss


def case_prints_and_keeps_history():
    rng = np.random.default_rng(15)
    return {
        "subject": PrintingPerceptron(4, 2, rng),
        "inputs": (rng.normal(size=(5, 4)),),
        "target": rng.normal(size=(5, 2)),
    }


class BatchNormNet:
    """Batch statistics in the step: samples mix by design; running statistics are buffers."""

    def __init__(self, n, h, c, rng):
        self.W1, self.W2 = rng.normal(size=(n, h)) * 0.6, rng.normal(size=(h, c)) * 0.6
        self.gamma, self.beta = rng.uniform(0.5, 1.5, h), rng.normal(size=h) * 0.3
        self.running_mean, self.running_var = np.zeros(h), np.ones(h)

    def step(self, x, target, learning_rate):
        n = len(x)
        z = x @ self.W1
        mean, var = z.mean(axis=0), z.var(axis=0)
        self.running_mean += 0.1 * (mean - self.running_mean)
        self.running_var += 0.1 * (var - self.running_var)
        inv = 1 / np.sqrt(var + 1e-5)
        zhat = (z - mean) * inv
        h = np.maximum(self.gamma * zhat + self.beta, 0)
        p = softmax(h @ self.W2)
        loss = -np.log(p[np.arange(n), target]).mean()
        p[np.arange(n), target] -= 1
        p /= n
        dn = (p @ self.W2.T) * (h > 0)
        dgamma, dbeta = (dn * zhat).sum(axis=0), dn.sum(axis=0)
        dz = self.gamma * inv * (dn - dbeta / n - zhat * dgamma / n)
        self.W2 -= learning_rate * h.T @ p
        self.W1 -= learning_rate * x.T @ dz
        self.gamma -= learning_rate * dgamma
        self.beta -= learning_rate * dbeta
        return loss

    def predict(self, x):
        z = (x @ self.W1 - self.running_mean) / np.sqrt(self.running_var + 1e-5)
        return softmax(np.maximum(self.gamma * z + self.beta, 0) @ self.W2)


def case_batch_norm_step():
    rng = np.random.default_rng(16)
    return {
        "subject": BatchNormNet(3, 5, 4, rng),
        "inputs": (rng.normal(size=(7, 3)),),
        "target": np.array([0, 3, 1, 2, 2, 1, 0]),
    }
