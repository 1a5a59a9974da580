"""Wasserstein GAN on a 1-D mixture. Networks are pairs of closures; weights are clipped after each critic step."""
import numpy as np


def make_mlp(sizes=(1, 16, 16, 1), slope=0.2, seed=0):
    """returns forward(x) -> (y, cache), backward(dy, cache) -> (dx, gradients), and the list of weights [W1, b1, W2, b2, ...]"""
    rng = np.random.default_rng(seed)
    weights = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        weights += [rng.normal(0, np.sqrt(2 / a), (a, b)), rng.normal(0, 0.1, b)]
    depth = len(sizes) - 1

    def forward(x):
        cache = []
        for l in range(depth):
            z = x @ weights[2 * l] + weights[2 * l + 1]
            cache.append((x, z))
            x = z if l == depth - 1 else np.maximum(z, slope * z)
        return x, cache

    def backward(dy, cache):
        grads = [None] * (2 * depth)
        for l in reversed(range(depth)):
            x, z = cache[l]
            if l < depth - 1:
                dy = dy * np.where(z > 0, 1.0, slope)
            grads[2 * l] = x.T @ dy
            grads[2 * l + 1] = dy.sum(axis=0)
            dy = dy @ weights[2 * l].T
        return dy, grads

    return forward, backward, weights


def rmsprop(weights, lr, decay=0.9):
    squares = [np.zeros_like(w) for w in weights]

    def step(grads, ascend=False):
        for w, g, s in zip(weights, grads, squares):
            s[...] = decay * s + (1 - decay) * g * g
            w += (lr if ascend else -lr) * g / (np.sqrt(s) + 1e-7)

    return step


def clip(weights, c=0.1):
    for w in weights:
        np.clip(w, -c, c, out=w)


def real_samples(n, rng):
    return (np.where(rng.random(n) < 0.5, -1.0, 1.0) + 0.1 * rng.normal(size=n))[:, None]


def critic_gap(critic_forward, real, fake):
    """the critic maximizes  E f(real) - E f(fake)"""
    return critic_forward(real)[0].mean() - critic_forward(fake)[0].mean()


def train(rounds=150, batch=64, n_critic=3):
    rng = np.random.default_rng(1)
    g_fwd, g_bwd, g_w = make_mlp((4, 16, 1), seed=2)
    f_fwd, f_bwd, f_w = make_mlp((1, 16, 16, 1), seed=3)
    g_step, f_step = rmsprop(g_w, 5e-3), rmsprop(f_w, 5e-3)
    clip(f_w)
    for r in range(rounds):
        for _ in range(n_critic):
            fake, _ = g_fwd(rng.normal(size=(batch, 4)))
            real = real_samples(batch, rng)
            y, cache_r = f_fwd(real)
            _, up = f_bwd(np.full_like(y, 1 / batch), cache_r)
            y, cache_f = f_fwd(fake)
            _, down = f_bwd(np.full_like(y, -1 / batch), cache_f)
            f_step([a + b for a, b in zip(up, down)], ascend=True)
            clip(f_w)
        fake, cache_g = g_fwd(rng.normal(size=(batch, 4)))
        y, cache_f = f_fwd(fake)
        dfake, _ = f_bwd(np.full_like(y, -1 / batch), cache_f)       # generator minimizes -E f(fake)
        _, grads = g_bwd(dfake, cache_g)
        g_step(grads)
        if r % 50 == 0:
            print("round", r, "gap", critic_gap(f_fwd, real_samples(256, rng), fake))


if __name__ == "__main__":
    train()
