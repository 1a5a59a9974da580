"""The training that the labs on Transformers share."""

import numpy as np

from chainrule.data.batches import IGNORED
from chainrule.labs.each_position import EachPosition
from chainrule.labs.lab import Watch
from chainrule.labs.lessons import Lesson, accuracy, learn
from chainrule.layers import LayerNorm, Linear, TransformerEncoderLayer, manual_seed
from chainrule.models.token_embedding import TokenEmbedding
from chainrule.training import Adam


class Counting(Watch):
    def __init__(self):
        self.steps = 0

    def advance(self, doing):
        self.steps += 1


def network():
    manual_seed(0)
    layers = [TransformerEncoderLayer(8, 2, 12, dropout=0.0, norm_first=True) for _ in range(2)]
    return EachPosition(TokenEmbedding(5, 8, "learned", 9), layers, LayerNorm(8), Linear(8, 5))


def the_same_again(generator):
    ids = generator.integers(0, 5, (16, 4))
    return ids, ids


def test_an_easy_lesson_ends_early_and_the_watch_is_told_of_all_steps():
    model, generator, watch = network(), np.random.default_rng(0), Counting()
    tested = the_same_again(np.random.default_rng(1))
    optimizer = Adam(model.parameters(), lr=0.02)
    lesson = learn(model, optimizer, lambda: the_same_again(generator), tested, 300, watch, "copying")
    assert lesson.learned
    assert lesson.steps[-1] == len(lesson.loss) < 300
    assert watch.steps == 300


def test_the_schedule_is_followed_and_a_loss_that_overflows_ends_it():
    model, generator = network(), np.random.default_rng(0)
    tested = the_same_again(generator)
    seen = []

    def schedule(step):
        seen.append(step)
        return 1e38

    optimizer = Adam(model.parameters(), lr=0.0)
    with np.errstate(all="ignore"):
        lesson = learn(model, optimizer, lambda: tested, tested, 9, Watch(), "", schedule)
    assert seen == list(range(len(seen)))
    assert 0 < len(lesson.loss) < 9
    assert not np.isfinite(lesson.loss[-1])


def test_learned_means_learned_from_there_on():
    lesson = Lesson([], [0, 25, 50, 75], [0.1, 0.95, 0.8, 0.95])
    assert lesson.learned_at == 75
    assert Lesson([], [0, 25], [0.95, 0.1]).learned_at is None


def test_what_is_not_asked_does_not_count():
    model = network()
    ids, _ = the_same_again(np.random.default_rng(0))
    answers = model(ids).argmax(-1)
    answers[:, 2:] = IGNORED
    assert accuracy(model, ids, answers) == 1


def test_the_gradient_that_arrives_comes_from_the_last_layer_to_the_first():
    model = network()
    ids, _ = the_same_again(np.random.default_rng(0))
    logits, cache = model.forward(ids)
    dlogits = np.random.default_rng(1).normal(size=logits.shape).astype(logits.dtype)
    above, between, below = model.arriving(dlogits, cache)
    last, first = reversed(cache.layers)
    np.testing.assert_array_equal(model.layers[1].backward(above, last), between)
    np.testing.assert_array_equal(model.layers[0].backward(between, first), below)
