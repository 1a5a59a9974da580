"""One whole training step of recurrent networks, chainrule against PyTorch on the CPU: forward,
cross-entropy, backward, clipping, Adam. Language models, and a classifier of names of different lengths.

Same batches, same number of threads, each side in a process of its own. First, loss and gradients must
agree, with the same weights; then all sides are timed in turn, and each round gives a ratio, torch /
chainrule: above 1, chainrule is faster.
"""

from __future__ import annotations

import argparse

import torch  # noqa: F401 - first, so that the threads of all libraries are known
from common import Report, main
from in_turn import Networks
from recurrent_sides import KINDS, batches, our_model, symbols, their_model

NETWORKS = Networks(KINDS, our_model, their_model, batches, symbols, 5.0, "float32")


def measure(arguments: argparse.Namespace) -> Report:
    return NETWORKS.measure(
        arguments,
        "One training step of recurrent networks",
        "LSTM, GRU, RNN: 2 layers of 256, batch 32, 64 steps, 65 symbols; names: a GRU of 128 in both "
        "directions, 64 names of 2 to 20 letters, packed on PyTorch's side.",
    )


if __name__ == "__main__":
    main(__doc__, measure, 15, NETWORKS.options)
