"""All of it together: batches of ragged pairs, the loss that leaves padding out, and decoding to the end."""

from __future__ import annotations

import numpy as np

from chainrule.data import PairBatches, Tokenizer, pad
from chainrule.generation import greedy
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import Seq2SeqTransformer
from chainrule.training import Adam, fit

BOS, EOS, LETTERS = Tokenizer.bos_id, Tokenizer.eos_id, range(4, 9)
ALL = ("source", "target", "output")


def test_sequences_of_any_length_are_copied_to_their_end() -> None:
    """A model that has met a part of all sequences of one to four letters copies the others."""
    rng = np.random.default_rng(0)
    sequences = [
        np.array(ids) for n in range(1, 5) for ids in np.ndindex(*[len(LETTERS)] * n) if rng.random() < n / 4
    ]
    rng.shuffle(sequences)  # type: ignore[arg-type]
    ids = [sequence + LETTERS[0] for sequence in sequences]
    known, unseen = ids[60:], ids[:60]
    manual_seed(0)
    model = Seq2SeqTransformer(9, 9, 32, 2, 1, 1, 64, dropout=0.0, norm_first=True, tied=ALL)
    batches = PairBatches(known, known, max_tokens=256)
    fit(
        model,
        CrossEntropyLoss(axis=-1),
        Adam(list(model.parameters()), 5e-3),
        batches,
        epochs=10,
        max_norm=1.0,
    )

    model.eval()
    source, lengths = pad([np.append(sequence, EOS) for sequence in unseen])
    begin = np.full((len(unseen), 1), BOS)
    found = greedy(model, begin, state=model.start(source, lengths), eos_id=EOS, max_length=8)
    right = [np.array_equal(hypothesis.ids, ids) for hypothesis, ids in zip(found, unseen, strict=True)]
    assert len({len(sequence) for sequence in unseen}) > 1
    assert np.mean(right) > 0.9
