"""REINFORCE with a baseline on a small grid world. Policy network and value head share a trunk."""
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Batch:
    states: np.ndarray
    actions: np.ndarray
    returns: np.ndarray


@dataclass
class PolicyNet:
    n_states: int = 16
    n_hidden: int = 24
    n_actions: int = 4
    seed: int = 0
    theta: dict = field(init=False)
    grad: dict = field(init=False, default_factory=dict)

    def __post_init__(self):
        r = np.random.default_rng(self.seed)
        self.theta = {
            "W1": r.normal(0, 1 / np.sqrt(self.n_states), (self.n_hidden, self.n_states)),
            "b1": np.zeros(self.n_hidden),
            "Wp": r.normal(0, 0.1, (self.n_actions, self.n_hidden)),
            "bp": np.zeros(self.n_actions),
            "Wv": r.normal(0, 0.1, (1, self.n_hidden)),
            "bv": np.zeros(1),
        }

    def forward(self, s):
        th = self.theta
        self.s = s
        self.h = np.tanh(s @ th["W1"].T + th["b1"])
        self.logits = self.h @ th["Wp"].T + th["bp"]
        self.value = (self.h @ th["Wv"].T + th["bv"])[:, 0]
        return self.logits, self.value

    def backward(self, dlogits, dvalue):
        th = self.theta
        self.grad["Wp"] = dlogits.T @ self.h
        self.grad["bp"] = dlogits.sum(0)
        self.grad["Wv"] = dvalue[None, :] @ self.h
        self.grad["bv"] = np.array([dvalue.sum()])
        dh = dlogits @ th["Wp"] + dvalue[:, None] @ th["Wv"]
        da = dh * (1 - self.h ** 2)
        self.grad["W1"] = da.T @ self.s
        self.grad["b1"] = da.sum(0)
        return da @ th["W1"]


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def policy_loss(logits, actions, advantage):
    """- E[ log pi(a|s) * A ], the advantage is a constant"""
    n = len(actions)
    return -np.sum(log_softmax(logits)[np.arange(n), actions] * advantage) / n


def policy_loss_grad(logits, actions, advantage):
    n = len(actions)
    d = np.exp(log_softmax(logits))
    d[np.arange(n), actions] -= 1.0
    return d * advantage[:, None] / n


def value_loss(value, returns):
    return 0.5 * np.mean((value - returns) ** 2)


def value_loss_grad(value, returns):
    return (value - returns) / len(returns)


class GridWorld:
    """4 x 4 cells, start anywhere, goal in the lower right corner, -0.1 per step"""
    moves = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])

    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        self.pos = self.rng.integers(0, 4, 2)
        return self.observe()

    def observe(self):
        return np.eye(16)[4 * self.pos[0] + self.pos[1]]

    def step(self, action):
        self.pos = np.clip(self.pos + self.moves[action], 0, 3)
        done = bool((self.pos == 3).all())
        return self.observe(), (1.0 if done else -0.1), done


def rollout(env, net, rng, gamma=0.95, max_steps=25):
    S, A, R = [], [], []
    s, done = env.reset(), False
    while not done and len(S) < max_steps:
        logits, _ = net.forward(s[None])
        a = rng.choice(4, p=np.exp(log_softmax(logits))[0])
        S.append(s)
        A.append(a)
        s, r, done = env.step(a)
        R.append(r)
    G, g = np.zeros(len(R)), 0.0
    for t in reversed(range(len(R))):
        g = R[t] + gamma * g
        G[t] = g
    return Batch(np.array(S), np.array(A), G), sum(R)


def update(net, batch, lr=0.3):
    logits, value = net.forward(batch.states)
    advantage = batch.returns - value
    net.backward(policy_loss_grad(logits, batch.actions, advantage), value_loss_grad(value, batch.returns))
    for k in net.theta:
        net.theta[k] -= lr * net.grad[k]


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    env, net = GridWorld(rng), PolicyNet()
    scores = []
    for episode in range(1, 401):
        batch, score = rollout(env, net, rng)
        update(net, batch)
        scores.append(score)
        if episode % 100 == 0:
            print(episode, "mean return %.2f" % np.mean(scores[-100:]))
