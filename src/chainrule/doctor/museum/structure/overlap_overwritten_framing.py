"""Cut a waveform into overlapping frames and taper them with a learned window.

Symptom: gradients on the raw audio are jagged, a filter in front of it learns badly.
Repair: samples shared by several frames collect the sum of their gradients.
"""
import numpy as np

CODES = ("overlap-overwritten",)
PLACES = ("x", "signal", "0")

HOP = 2


def frame_forward(signal, window, hop=HOP):
    # signal (batch, samples), window (length,) -> frames (batch, n_frames, length)
    L = len(window)
    n_frames = 1 + (signal.shape[1] - L) // hop
    idx = np.arange(n_frames)[:, None] * hop + np.arange(L)
    raw = signal[:, idx]
    return raw * window, (raw, window, hop, signal.shape)


def frame_backward(d_frames, ctx):
    raw, window, hop, shape = ctx
    d_window = np.einsum('bfl,bfl->l', d_frames, raw)
    d_raw = d_frames * window
    d_signal = np.zeros(shape)
    for f in range(raw.shape[1]):
        d_signal[:, f * hop:f * hop + len(window)] = d_raw[:, f]  # FAULT
    return d_signal, d_window


def frame_forward_repaired(signal, window, hop=HOP):
    # signal (batch, samples), window (length,) -> frames (batch, n_frames, length)
    L = len(window)
    n_frames = 1 + (signal.shape[1] - L) // hop
    idx = np.arange(n_frames)[:, None] * hop + np.arange(L)
    raw = signal[:, idx]
    return raw * window, (raw, window, hop, signal.shape)


def frame_backward_repaired(d_frames, ctx):
    raw, window, hop, shape = ctx
    d_window = np.einsum('bfl,bfl->l', d_frames, raw)
    d_raw = d_frames * window
    d_signal = np.zeros(shape)
    for f in range(raw.shape[1]):
        d_signal[:, f * hop:f * hop + len(window)] += d_raw[:, f]
    return d_signal, d_window


def faulty():
    rng = np.random.default_rng(11)
    return {"subject": (frame_forward, frame_backward), "inputs": (rng.standard_normal((2, 13)), np.hanning(7)[1:-1] + 0.1)}


def correct():
    rng = np.random.default_rng(11)
    return {"subject": (frame_forward_repaired, frame_backward_repaired), "inputs": (rng.standard_normal((2, 13)), np.hanning(7)[1:-1] + 0.1)}
