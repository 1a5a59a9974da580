"""Pairs of sequences, a source and a target, cut into batches of about the same number of tokens.

What a step costs depends on how many tokens there are, padding included, and not on how many rows. So a batch
is as many pairs as fit into `max_tokens`, each counted as long as the longest of the batch; pairs of about
the same length stand together, so that little of that is padding.

**Teacher forcing.** The decoder reads the right target up to here, and is asked for what follows:

    source        ids of the source, EOS
    target_in     BOS, ids of the target              what it reads
    target_out    ids of the target, EOS              what it should say, one place further

target_out is filled up with IGNORED, which the loss leaves out, and the others with PAD. Nobody looks at what
lies beyond the lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold

from .batches import IGNORED
from .ragged_batches import pad
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from chainrule.functions.arrays import Int

PAIRS = 6  # part of the key: what is drawn for other purposes from the same seed is drawn anew
PAD, BOS, EOS = Tokenizer.pad_id, Tokenizer.bos_id, Tokenizer.eos_id


class PairInputs(NamedTuple):
    """What Seq2SeqTransformer.forward takes, in its order."""

    source: Int[Array, "batch source"]
    target_in: Int[Array, "batch target"]
    source_lengths: Int[Array, " batch"]
    target_lengths: Int[Array, " batch"]


class PairBatches:
    """Sources and targets, ids (time,) each and without BOS or EOS, as batches (PairInputs, target_out).

        for (source, target_in, source_lengths, target_lengths), target_out in batches.epoch(0): ...

    `epoch(e)` sorts the pairs by length (equal ones shuffled), cuts, and shuffles the batches. All of it
    depends on (seed, e) alone, and every epoch has the same number of batches, so a resumed run can skip what
    it has seen. Iterating over the object itself goes through the data once, from the longest pairs to the
    shortest: for evaluation.

    Raises ValueError for an empty source or target, other counts of both, and if the longest pair alone has
    more than max_tokens.
    """

    def __init__(
        self, sources: Sequence[Array], targets: Sequence[Array], max_tokens: int, seed: int = 0
    ) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"there are {len(sources)} sources, but {len(targets)} targets")
        self.sources, self.targets = sources, targets
        self.max_tokens, self.seed = max_tokens, seed
        # with EOS, or BOS
        self.source_lengths, self.target_lengths = pad(sources).lengths + 1, pad(targets).lengths + 1
        # of pairs in order of length, where each batch begins: the same in every epoch
        self._starts = self._cut(self._by_length(np.arange(len(sources))))

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def target_tokens(self) -> int:
        """How many ids are predicted in one epoch, EOS counted."""
        return int(self.target_lengths.sum())

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[PairInputs, Array]]:
        """The shuffled batches of this epoch, without the first `skip`."""
        generator = np.random.Generator(np.random.Philox(key=fold(self.seed, epoch, PAIRS)))
        order = self._by_length(generator.permutation(len(self.sources)))
        parts = np.split(order, self._starts[1:])
        for i in generator.permutation(len(parts))[skip:]:
            yield self._batch(parts[i])

    def __iter__(self) -> Iterator[tuple[PairInputs, Array]]:
        order = self._by_length(np.arange(len(self.sources)))
        return (self._batch(part) for part in np.split(order, self._starts[1:]))

    def _by_length(self, order: Array) -> Array:
        """The longest first, by the longer side of a pair, then by the source."""
        source, target = self.source_lengths[order], self.target_lengths[order]
        return order[np.lexsort((-source, -np.maximum(source, target)))]

    def _cut(self, order: Array) -> list[int]:
        """Where the batches begin: each holds as many pairs as max_tokens allows, at the length of its
        first, which is the longest.
        """
        longest = np.maximum(self.source_lengths, self.target_lengths)[order]
        if longest[0] > self.max_tokens:
            raise ValueError(
                f"pair {order[0]} has {longest[0]} tokens, and a batch holds {self.max_tokens}: allow more "
                "tokens per batch, or leave that pair out"
            )
        starts = [0]
        while (end := starts[-1] + self.max_tokens // int(longest[starts[-1]])) < len(order):
            starts.append(end)
        return starts

    def _batch(self, rows: Array) -> tuple[PairInputs, Array]:
        source, source_lengths = pad([np.append(self.sources[row], EOS) for row in rows], PAD)
        target_in, target_lengths = pad([np.append(BOS, self.targets[row]) for row in rows], PAD)
        target_out, _ = pad([np.append(self.targets[row], EOS) for row in rows], IGNORED)
        return PairInputs(source, target_in, source_lengths, target_lengths), target_out
