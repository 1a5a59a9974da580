"""The two sides of recurrent_step.py: the same networks, under the same names, and the same batches.

LSTM, GRU, RNN    a language model: embedding, two recurrent layers of 256, linear; 32 texts of 64 characters
names             surname -> language: embedding, a GRU in both directions, its last valid states, linear; 64
                  names of different lengths. PyTorch packs them; chainrule is given their lengths
"""

from __future__ import annotations

import numpy as np
import torch
from in_turn import Batch

from chainrule import layers, manual_seed
from chainrule.data import RaggedBatches
from chainrule.models import RecurrentClassifier, RecurrentLM

KINDS = ("LSTM", "GRU", "RNN", "names")
SYMBOLS, HIDDEN, LAYERS, BATCH, TIME = 65, 256, 2, 32, 64
NAMES, CLASSES, NAMES_BATCH = 1024, 18, 64


def our_model(kind: str) -> layers.Layer:
    manual_seed(0)
    if kind == "names":
        return RecurrentClassifier(SYMBOLS, CLASSES, 64, 128, cell="gru", bidirectional=True)
    return RecurrentLM(SYMBOLS, HIDDEN, HIDDEN, LAYERS, kind.lower())


def their_model(kind: str) -> torch.nn.Module:
    return TheirNames() if kind == "names" else TheirLM(kind)


class TheirLM(torch.nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(SYMBOLS, HIDDEN)
        self.rnn = getattr(torch.nn, kind)(HIDDEN, HIDDEN, LAYERS, batch_first=True)
        self.decoder = torch.nn.Linear(HIDDEN, SYMBOLS)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.rnn(self.embedding(ids))[0])


class TheirNames(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(SYMBOLS, 64)
        self.encoder = torch.nn.Module()
        self.encoder.rnn = torch.nn.GRU(64, 128, batch_first=True, bidirectional=True)
        self.decoder = torch.nn.Linear(256, CLASSES)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True, enforce_sorted=False
        )
        _, h_n = self.encoder.rnn(packed)
        return self.decoder(torch.cat([h_n[0], h_n[1]], dim=-1))


def batches(kind: str) -> list[Batch]:
    """Random symbols. Names have 2 to 20 characters, 7 on average, those of a batch about as many."""
    rng = np.random.default_rng(0)
    if kind == "names":
        lengths = np.clip(rng.normal(7, 2.3, NAMES).round().astype(int), 2, 20)
        names = [rng.integers(SYMBOLS, size=n) for n in lengths]
        return list(RaggedBatches(names, rng.integers(CLASSES, size=NAMES), NAMES_BATCH).epoch(0))
    ids = rng.integers(SYMBOLS, size=(8, BATCH, TIME + 1))
    return [(text[:, :-1], text[:, 1:]) for text in ids]


def symbols(kind: str) -> float:
    """How many characters a batch has, on average."""
    xs = [x for x, _ in batches(kind)]
    return float(np.mean([x.lengths.sum() if isinstance(x, tuple) else x.size for x in xs]))
