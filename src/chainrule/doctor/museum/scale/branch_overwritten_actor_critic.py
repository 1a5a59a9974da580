"""An actor-critic network: one body, two heads, two outputs.

Symptom: the body follows the value loss; the policy never improves beyond its own last layer.
Repair: both heads send a gradient to the body.
"""
import numpy as np

CODES = ("branch-overwritten",)
PLACES = ("body", "params['body_w']", "params['body_b']", "body_w", "body_b", "observation", "",
          "params.body_w", "params.body_b")


class ActorCritic:
    def __init__(self, n_obs, n_hidden, n_actions, rng):
        self.params = dict(
            body_w=rng.normal(size=(n_obs, n_hidden)) / np.sqrt(n_obs),
            body_b=rng.normal(size=n_hidden) * 0.1,
            actor_w=rng.normal(size=(n_hidden, n_actions)) / np.sqrt(n_hidden),
            actor_b=rng.normal(size=n_actions) * 0.1,
            critic_w=rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden),
            critic_b=rng.normal(size=1) * 0.1,
        )
        self.grads = {}

    def forward(self, observation):
        p = self.params
        self.observation = observation
        self.features = np.tanh(observation @ p["body_w"] + p["body_b"])
        scores = self.features @ p["actor_w"] + p["actor_b"]
        value = self.features @ p["critic_w"] + p["critic_b"]
        return scores, value

    def backward(self, dscores, dvalue):
        p = self.params
        # policy head
        self.grads["actor_w"] = self.features.T @ dscores
        self.grads["actor_b"] = dscores.sum(axis=0)
        dfeatures = dscores @ p["actor_w"].T
        # value head
        self.grads["critic_w"] = self.features.T @ dvalue
        self.grads["critic_b"] = dvalue.sum(axis=0)
        dfeatures = dvalue @ p["critic_w"].T  # FAULT
        # body
        dz = dfeatures * (1.0 - self.features ** 2)
        self.grads["body_w"] = self.observation.T @ dz
        self.grads["body_b"] = dz.sum(axis=0)
        return dz @ p["body_w"].T


class ActorCriticRepaired:
    def __init__(self, n_obs, n_hidden, n_actions, rng):
        self.params = dict(
            body_w=rng.normal(size=(n_obs, n_hidden)) / np.sqrt(n_obs),
            body_b=rng.normal(size=n_hidden) * 0.1,
            actor_w=rng.normal(size=(n_hidden, n_actions)) / np.sqrt(n_hidden),
            actor_b=rng.normal(size=n_actions) * 0.1,
            critic_w=rng.normal(size=(n_hidden, 1)) / np.sqrt(n_hidden),
            critic_b=rng.normal(size=1) * 0.1,
        )
        self.grads = {}

    def forward(self, observation):
        p = self.params
        self.observation = observation
        self.features = np.tanh(observation @ p["body_w"] + p["body_b"])
        scores = self.features @ p["actor_w"] + p["actor_b"]
        value = self.features @ p["critic_w"] + p["critic_b"]
        return scores, value

    def backward(self, dscores, dvalue):
        p = self.params
        # policy head
        self.grads["actor_w"] = self.features.T @ dscores
        self.grads["actor_b"] = dscores.sum(axis=0)
        dfeatures = dscores @ p["actor_w"].T
        # value head
        self.grads["critic_w"] = self.features.T @ dvalue
        self.grads["critic_b"] = dvalue.sum(axis=0)
        dfeatures += dvalue @ p["critic_w"].T
        # body
        dz = dfeatures * (1.0 - self.features ** 2)
        self.grads["body_w"] = self.observation.T @ dz
        self.grads["body_b"] = dz.sum(axis=0)
        return dz @ p["body_w"].T


def faulty():
    rng = np.random.default_rng(46)
    return {"subject": ActorCritic(4, 6, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(46)
    return {"subject": ActorCriticRepaired(4, 6, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
