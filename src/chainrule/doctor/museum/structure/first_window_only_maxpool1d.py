"""Max pooling along time as two functions; backward stops after the first window.

Symptom: everything below the pooling sees only the beginning of the sequence.
Repair: loop over all windows.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("x", "dx", "")


class Context:
    pass


def maxpool1d(x, width=3, step=2):
    """x (channels, time, batch)"""
    ctx = Context()
    ctx.shape, ctx.width, ctx.step = x.shape, width, step
    ctx.starts = list(range(0, x.shape[1] - width + 1, step))
    ctx.winners = []
    columns = []
    for s in ctx.starts:
        window = x[:, s:s + width]
        winner = window.argmax(axis=1)
        ctx.winners.append(winner)
        columns.append(np.take_along_axis(window, winner[:, None, :], axis=1)[:, 0])
    return np.stack(columns, axis=1), ctx


def maxpool1d_backward(dy, ctx):
    dx = np.zeros(ctx.shape)
    channel, sample = np.ogrid[:ctx.shape[0], :ctx.shape[2]]
    for n, (s, winner) in enumerate(zip(ctx.starts, ctx.winners)):
        dx[channel, s + winner, sample] += dy[:, n]
        break  # FAULT
    return dx


def maxpool1d_repaired(x, width=3, step=2):
    """x (channels, time, batch)"""
    ctx = Context()
    ctx.shape, ctx.width, ctx.step = x.shape, width, step
    ctx.starts = list(range(0, x.shape[1] - width + 1, step))
    ctx.winners = []
    columns = []
    for s in ctx.starts:
        window = x[:, s:s + width]
        winner = window.argmax(axis=1)
        ctx.winners.append(winner)
        columns.append(np.take_along_axis(window, winner[:, None, :], axis=1)[:, 0])
    return np.stack(columns, axis=1), ctx


def maxpool1d_backward_repaired(dy, ctx):
    dx = np.zeros(ctx.shape)
    channel, sample = np.ogrid[:ctx.shape[0], :ctx.shape[2]]
    for n, (s, winner) in enumerate(zip(ctx.starts, ctx.winners)):
        dx[channel, s + winner, sample] += dy[:, n]
    return dx


def faulty():
    x = np.random.default_rng(7).normal(size=(4, 8, 3))
    return {"subject": (maxpool1d, maxpool1d_backward), "inputs": (x,)}


def correct():
    x = np.random.default_rng(7).normal(size=(4, 8, 3))
    return {"subject": (maxpool1d_repaired, maxpool1d_backward_repaired), "inputs": (x,)}
