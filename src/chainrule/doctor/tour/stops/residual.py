"""Stop 7: the gradient of a residual connection left out."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.functions.arrays import Array

from ...check import check
from ...report import Report
from ...training import check_training
from ..stop import Figures, Proof, Stop, Symptom, Variant
from .common import Linear, Rng, cross_entropy, fit, softmax, softmax_backward

WIDTH, LENGTH, KINDS, WORDS = 12, 6, 4, 24
DEPTHS, RATE, BATCH, SEED = (1, 2, 4), 0.1, 40, 4

# ------------------------------------------------------------ the code


class Attention:
    """One head, with a small projection at its end."""

    def __init__(self, width: int, rng: Rng) -> None:
        self.query, self.key, self.value, self.out = (Linear(width, width, rng) for _ in range(4))
        self.out.W *= 0.1  # a block begins near the identity

    def forward(self, x: Array) -> Array:
        self.q, self.k, self.v = self.query.forward(x), self.key.forward(x), self.value.forward(x)
        self.scale = 1 / np.sqrt(x.shape[-1])
        self.p = softmax(self.scale * self.q @ self.k.swapaxes(1, 2))
        return self.out.forward(self.p @ self.v)

    def backward(self, dy: Array) -> Array:
        dcontext = self.out.backward(dy)
        dscores = self.scale * softmax_backward(dcontext @ self.v.swapaxes(1, 2), self.p)
        dx = self.value.backward(self.p.swapaxes(1, 2) @ dcontext)
        dx += self.key.backward(dscores.swapaxes(1, 2) @ self.q)
        return dx + self.query.backward(dscores @ self.k)


class FeedForward:
    """Linear, ReLU, linear."""

    def __init__(self, width: int, rng: Rng) -> None:
        self.up, self.down = Linear(width, 2 * width, rng), Linear(2 * width, width, rng)
        self.down.W *= 0.3

    def forward(self, x: Array) -> Array:
        self.z = self.up.forward(x)
        return self.down.forward(np.maximum(self.z, 0))

    def backward(self, dy: Array) -> Array:
        return self.up.backward(self.down.backward(dy) * (self.z > 0))


class BrokenBlock:
    """x + attention(x), then the same with a feed-forward layer."""

    def __init__(self, width: int, rng: Rng) -> None:
        self.attention = Attention(width, rng)
        self.feedforward = FeedForward(width, rng)

    def forward(self, x: Array) -> Array:
        h = x + self.attention.forward(x)
        return h + self.feedforward.forward(h)

    def backward(self, dy: Array) -> Array:
        dh = dy + self.feedforward.backward(dy)
        return self.attention.backward(dh)


class Block:
    """x + attention(x), then the same with a feed-forward layer."""

    def __init__(self, width: int, rng: Rng) -> None:
        self.attention = Attention(width, rng)
        self.feedforward = FeedForward(width, rng)

    def forward(self, x: Array) -> Array:
        h = x + self.attention.forward(x)
        return h + self.feedforward.forward(h)

    def backward(self, dy: Array) -> Array:
        dh = dy + self.feedforward.backward(dy)
        return dh + self.attention.backward(dh)


# ------------------------------------------------------------ its training


class Network:
    """An embedding, blocks, the mean over time, a linear layer."""

    def __init__(self, blocks: Sequence[BrokenBlock | Block], rng: Rng) -> None:
        self.embedding, self.blocks, self.head = Linear(WORDS, WIDTH, rng), blocks, Linear(WIDTH, KINDS, rng)
        self.embedding.W *= 0.1

    def predict(self, x: Array) -> Array:
        h = self.embedding.forward(x)
        for block in self.blocks:
            h = block.forward(h)
        return self.head.forward(h.mean(axis=1))

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        dh = np.repeat(self.head.backward(dlogits)[:, None] / LENGTH, LENGTH, axis=1)
        self.norms = [float(np.linalg.norm(dh))]
        for block in reversed(self.blocks):
            dh = block.backward(dh)
            self.norms.append(float(np.linalg.norm(dh)))
        self.embedding.backward(dh)
        parts = [(b.attention, b.feedforward) for b in self.blocks]
        inside = [x for a, f in parts for x in (a.query, a.key, a.value, a.out, f.up, f.down)]
        for linear in (*inside, self.embedding, self.head):
            linear.update(lr)
        return loss


def sentences(count: int, seed: int) -> tuple[Array, Array]:
    """Six of 24 words, which are of four kinds; the class is the kind that most of them are of."""
    rng = np.random.default_rng(seed)
    labels, words = rng.integers(KINDS, size=count), rng.integers(WORDS, size=(count, LENGTH))
    of_kind = KINDS * (words // KINDS) + labels[:, None]
    return np.eye(WORDS)[np.where(rng.random(words.shape) < 0.6, of_kind, words)], labels


def make(faulty: bool, depth: int) -> Network:
    rng = np.random.default_rng(SEED)
    blocks = (
        [BrokenBlock(WIDTH, rng) for _ in range(depth)]
        if faulty
        else [Block(WIDTH, rng) for _ in range(depth)]
    )
    return Network(blocks, rng)


def train() -> Symptom:
    data, test = sentences(800, seed=0), sentences(400, seed=1)
    runs, arrived = [], []
    for faulty in (True, False):
        networks = [make(faulty, depth) for depth in DEPTHS]
        for network in networks:
            network.step(data[0][:BATCH], data[1][:BATCH], 0.0)
        arrived.append([network.norms[-1] / network.norms[0] for network in networks])
        runs.append([fit(n, data, test, steps=400, lr=RATE, batch=BATCH) for n in networks])
    words = (
        "With one block it learns; with two it does not, nor with four. The gradient that "
        "arrives at the embedding shrinks by the same factor with every block, where it should pass "
        "nearly unchanged."
    )
    names = [f"{depth} block{'s' if depth > 1 else ''}" for depth in DEPTHS]
    answers = [[f"{run.accuracy:.0%}" for run in of] for of in runs]
    return Symptom(
        runs[0][1],
        runs[1][1],
        words,
        (
            Figures("right answers", names, answers),
            Figures("share of the gradient that reaches the embedding at first", names, arrived, bars=True),
        ),
    )


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    x, rng = np.random.default_rng(4).normal(size=(2, 5, WIDTH)), np.random.default_rng(3)
    return check(BrokenBlock(WIDTH, rng) if faulty else Block(WIDTH, rng), x)


def examine_training(faulty: bool = True) -> Report:
    return check_training(
        make(faulty, 4), *sentences(400, seed=0), learning_rate=RATE, batch_size=BATCH, steps=60
    )


def prove() -> Proof:
    """What is missing is what arrives at the addition."""
    rng = np.random.default_rng(4)
    x, dy, direction = (rng.normal(size=(2, 5, WIDTH)) for _ in range(3))
    columns = []
    for faulty in (True, False):
        block = make(faulty, 1).blocks[0]
        above, below = (float(np.vdot(block.forward(x + h * direction), dy)) for h in (1e-5, -1e-5))
        block.forward(x)
        dx = float(np.vdot(block.backward(dy), direction))
        through = float(np.vdot(dy + block.feedforward.backward(dy), direction))
        numeric = (above - below) / 2e-5
        columns.append([f"{v:.6f}" for v in (numeric, dx, numeric - dx, through)])
    names = [
        "numerical gradient",
        "backward's gradient",
        "what is missing",
        "gradient that arrives at x + attention",
    ]
    words = (
        "Along a random direction: what backward misses equals, digit by digit, the gradient that "
        "arrives at the addition. h = x + attention(x) has two paths back to x, and only one was walked."
    )
    return Proof(words, Figures("slope along a random direction", names, columns))


STOP = Stop(
    number=7,
    name="residual",
    title="A residual connection walked one way",
    codes=("residual-gradient-missing", "gradient-vanishes"),
    story=(
        "Forward adds the input of the attention to its output. Backward went through the attention and "
        "forgot the way around it. With one layer the network learns, so one trusts the code; with two "
        "the gradients vanish, and one suspects the depth, the first weights, the learning rate."
    ),
    task="of which kind are most of six words? (24 words, four kinds)",
    shown=((BrokenBlock, Block),),
    train=train,
    call="chainrule.check(BrokenBlock(12, rng), x)",
    examine=examine,
    prove=prove,
    repair="A value that is used twice receives two gradients, and they are added.",
    variants=(Variant("the same, seen from a training run of four blocks", None, examine_training),),
)
