"""One whole training step of Transformers, chainrule against PyTorch on the CPU: forward, cross-entropy,
backward, clipping, Adam. An encoder with a decoder, as for translation, and a language model.

Same batches, same number of threads, each side in a process of its own. First, loss and gradients must
agree, with the same weights and without dropout; then all sides are timed in turn, and each round gives a
ratio, torch / chainrule: above 1, chainrule is faster.
"""

from __future__ import annotations

import argparse

import torch  # noqa: F401 - first, so that the threads of all libraries are known
from common import Report, main
from in_turn import Networks
from transformer_sides import KINDS, batches, label_smoothing, our_model, symbols, their_model

NETWORKS = Networks(KINDS, our_model, their_model, batches, symbols, 1.0, "float64", label_smoothing)


def measure(arguments: argparse.Namespace) -> Report:
    return NETWORKS.measure(
        arguments,
        "One training step of Transformers",
        "tiny: 4 + 4 layers of 128, 4 heads, 256 in the feed-forward part, 8,000 ids in one table, 64 pairs "
        "of 16, label smoothing 0.1, dropout 0.1 (tiny 0.3: 0.3; padded: pairs of 4 to 16); gpt: 4 causal "
        "layers of 128, 4 heads, 65 symbols, 12 texts of 64, no dropout.",
    )


if __name__ == "__main__":
    main(__doc__, measure, 15, NETWORKS.options)
