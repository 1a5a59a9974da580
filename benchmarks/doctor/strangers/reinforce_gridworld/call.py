import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    net = module.PolicyNet(n_states=6, n_hidden=7, n_actions=4)
    s = rng.normal(size=(5, 6))
    actions, advantage = rng.integers(0, 4, 5), rng.normal(size=5)

    class Policy:
        theta, grad = net.theta, net.grad

        def forward(self, s):
            return net.forward(s)[0]

        def backward(self, dlogits):
            return net.backward(dlogits, np.zeros(len(dlogits)))

    def loss(logits, actions):
        return module.policy_loss(logits, actions, advantage)

    def loss_gradient(logits, actions):
        return module.policy_loss_grad(logits, actions, advantage)

    return {"subject": Policy(), "inputs": (s,), "target": actions, "loss": (loss, loss_gradient)}
