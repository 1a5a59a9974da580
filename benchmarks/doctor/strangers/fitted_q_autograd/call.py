import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    critic = module.Critic(n_state=3, n_action=1, hidden=6)
    return {"subject": critic, "inputs": (rng.normal(size=(5, 4)),), "target": rng.normal(size=5),
            "loss": (module.td_loss, module.td_loss_grad)}
