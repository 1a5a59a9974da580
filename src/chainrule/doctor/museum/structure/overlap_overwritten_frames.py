"""A spectrogram-like front end: overlapping frames of a signal, each through one dense map.

Symptom: a model below the framing hears only the last frame that touches a sample.
Repair: overlap-add on the way back.
"""
import numpy as np

CODES = ("overlap-overwritten",)
PLACES = ("signal", "x", "")


class FrameEncoder:
    """(batch, samples) -> (batch, frames, units)"""

    def __init__(self, frame_length, hop, units, rng):
        self.frame_length, self.hop = frame_length, hop
        self.theta = {"filters": rng.normal(0, 0.4, (frame_length, units)), "offset": np.zeros(units)}
        self.dtheta = {}

    def forward(self, signal):
        self.n_samples = signal.shape[1]
        starts = range(0, self.n_samples - self.frame_length + 1, self.hop)
        self.index = np.array([np.arange(s, s + self.frame_length) for s in starts])
        self.frames = signal[:, self.index]
        self.out = np.tanh(self.frames @ self.theta["filters"] + self.theta["offset"])
        return self.out

    def backward(self, delta):
        dz = delta * (1 - self.out * self.out)
        self.dtheta["filters"] = np.tensordot(self.frames, dz, axes=([0, 1], [0, 1]))
        self.dtheta["offset"] = dz.sum(axis=(0, 1))
        dframes = dz @ self.theta["filters"].T
        dsignal = np.zeros((len(delta), self.n_samples))
        for t, where in enumerate(self.index):
            dsignal[:, where] = dframes[:, t]  # FAULT
        return dsignal


class FrameEncoderRepaired:
    """(batch, samples) -> (batch, frames, units)"""

    def __init__(self, frame_length, hop, units, rng):
        self.frame_length, self.hop = frame_length, hop
        self.theta = {"filters": rng.normal(0, 0.4, (frame_length, units)), "offset": np.zeros(units)}
        self.dtheta = {}

    def forward(self, signal):
        self.n_samples = signal.shape[1]
        starts = range(0, self.n_samples - self.frame_length + 1, self.hop)
        self.index = np.array([np.arange(s, s + self.frame_length) for s in starts])
        self.frames = signal[:, self.index]
        self.out = np.tanh(self.frames @ self.theta["filters"] + self.theta["offset"])
        return self.out

    def backward(self, delta):
        dz = delta * (1 - self.out * self.out)
        self.dtheta["filters"] = np.tensordot(self.frames, dz, axes=([0, 1], [0, 1]))
        self.dtheta["offset"] = dz.sum(axis=(0, 1))
        dframes = dz @ self.theta["filters"].T
        dsignal = np.zeros((len(delta), self.n_samples))
        for t, where in enumerate(self.index):
            dsignal[:, where] += dframes[:, t]
        return dsignal


def faulty():
    rng = np.random.default_rng(3)
    return {"subject": FrameEncoder(4, 2, 5, rng), "inputs": (rng.normal(size=(3, 10)),)}


def correct():
    rng = np.random.default_rng(3)
    return {"subject": FrameEncoderRepaired(4, 2, 5, rng), "inputs": (rng.normal(size=(3, 10)),)}
