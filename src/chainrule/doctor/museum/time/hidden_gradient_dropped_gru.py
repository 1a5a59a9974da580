"""A GRU on column vectors as two functions; the hidden gradient ends where it begins.

Symptom: gates never learn to remember for longer than a step.
Repair: return the gradient of h_{t-1} to the loop and add it there.
"""
import numpy as np

CODES = ("hidden-gradient-dropped",)
PLACES = ("X", "h0", "W", "U", "V", "")


def sigma(a):
    return 1.0 / (1.0 + np.exp(-a))


def gru_forward(X, h0, W, U, V):
    """X (T, F, B) time first, columns are samples; h0 (H, B).

    W (2H, F) and U (2H, H) hold update and reset gate, V (H, F + H) the candidate.
    """
    H = h0.shape[0]
    h, states, tape = h0, [], []
    for x in X:
        a = sigma(W @ x + U @ h)
        z, r = a[:H], a[H:]
        xr = np.vstack([x, r * h])
        c = np.tanh(V @ xr)
        tape.append((x, h, z, r, xr, c))
        h = (1 - z) * h + z * c
        states.append(h)
    return np.stack(states), (tape, W, U, V)


def gru_backward(dstates, cache):
    tape, W, U, V = cache
    F = tape[0][0].shape[0]
    dX = np.zeros((len(tape),) + tape[0][0].shape)
    dW, dU, dV = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V)
    carry = np.zeros_like(dstates[0])
    for t in range(len(tape) - 1, -1, -1):
        x, h, z, r, xr, c = tape[t]
        dh = dstates[t]  # FAULT
        dc = dh * z * (1 - c * c)
        dV += dc @ xr.T
        dxr = V.T @ dc
        dz = dh * (c - h) * z * (1 - z)
        dr = dxr[F:] * h * r * (1 - r)
        da = np.vstack([dz, dr])
        dW += da @ x.T
        dU += da @ h.T
        dX[t] = W.T @ da + dxr[:F]
        carry = dh * (1 - z) + dxr[F:] * r + U.T @ da
    return dX, carry, dW, dU, dV


def gru_forward_repaired(X, h0, W, U, V):
    """X (T, F, B) time first, columns are samples; h0 (H, B).

    W (2H, F) and U (2H, H) hold update and reset gate, V (H, F + H) the candidate.
    """
    H = h0.shape[0]
    h, states, tape = h0, [], []
    for x in X:
        a = sigma(W @ x + U @ h)
        z, r = a[:H], a[H:]
        xr = np.vstack([x, r * h])
        c = np.tanh(V @ xr)
        tape.append((x, h, z, r, xr, c))
        h = (1 - z) * h + z * c
        states.append(h)
    return np.stack(states), (tape, W, U, V)


def gru_backward_repaired(dstates, cache):
    tape, W, U, V = cache
    F = tape[0][0].shape[0]
    dX = np.zeros((len(tape),) + tape[0][0].shape)
    dW, dU, dV = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V)
    carry = np.zeros_like(dstates[0])
    for t in range(len(tape) - 1, -1, -1):
        x, h, z, r, xr, c = tape[t]
        dh = dstates[t] + carry
        dc = dh * z * (1 - c * c)
        dV += dc @ xr.T
        dxr = V.T @ dc
        dz = dh * (c - h) * z * (1 - z)
        dr = dxr[F:] * h * r * (1 - r)
        da = np.vstack([dz, dr])
        dW += da @ x.T
        dU += da @ h.T
        dX[t] = W.T @ da + dxr[:F]
        carry = dh * (1 - z) + dxr[F:] * r + U.T @ da
    return dX, carry, dW, dU, dV


def faulty():
    rng = np.random.default_rng(1)
    F, H, B, T = 3, 4, 2, 5
    X, h0 = rng.normal(size=(T, F, B)), rng.normal(size=(H, B))
    W, U, V = rng.normal(size=(2 * H, F)), rng.normal(size=(2 * H, H)), rng.normal(size=(H, F + H))
    return {"subject": (gru_forward, gru_backward), "inputs": (X, h0, W, U, V)}


def correct():
    rng = np.random.default_rng(1)
    F, H, B, T = 3, 4, 2, 5
    X, h0 = rng.normal(size=(T, F, B)), rng.normal(size=(H, B))
    W, U, V = rng.normal(size=(2 * H, F)), rng.normal(size=(2 * H, H)), rng.normal(size=(H, F + H))
    return {"subject": (gru_forward_repaired, gru_backward_repaired), "inputs": (X, h0, W, U, V)}
