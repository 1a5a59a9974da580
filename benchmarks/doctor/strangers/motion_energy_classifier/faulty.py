import numpy as np


class MotionNet:
    """Clips of grey video (B, T, H, W), 8 bits -> mean absolute change per frame pair -> probability of motion."""

    def __init__(self, n_frames, hidden, seed=0):
        rng = np.random.default_rng(seed)
        n = n_frames - 1
        self.W = rng.normal(0, n ** -0.5, (n, hidden))
        self.b = np.zeros(hidden)
        self.w = rng.normal(0, hidden ** -0.5, hidden)
        self.grads = {}

    def features(self, clips):
        video = np.asarray(clips)
        change = np.abs(video[:, 1:] - video[:, :-1])
        return change.mean(axis=(2, 3)) / 32.0

    def forward(self, clips):
        self.f = self.features(clips)
        self.h = np.tanh(self.f @ self.W + self.b)
        return 1 / (1 + np.exp(-(self.h @ self.w)))

    def loss(self, clips, moving):
        p = self.forward(clips)
        return -np.mean(moving * np.log(p) + (1 - moving) * np.log(1 - p))

    def step(self, clips, moving, learning_rate):
        value = self.loss(clips, moving)
        dz = (self.forward(clips) - moving) / len(moving)
        da = np.outer(dz, self.w) * (1 - self.h ** 2)
        self.grads = {"W": self.f.T @ da, "b": da.sum(axis=0), "w": self.h.T @ dz}
        for name, g in self.grads.items():
            getattr(self, name)[...] -= learning_rate * g
        return value
