"""The same training twice: a recurrent language model on a text, chainrule and PyTorch, step by step.

Same initial weights, same batches in the same order, same carried state, clipping, Adam and learning rate.
What comes out must be the same model, up to rounding: the losses are compared at the end, on the validation
part.
The text is tinyshakespeare where CHAINRULE_DATA has it, else the one that comes with Python.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import torch  # first, so that the threads of all libraries are known
from common import Report, Table, main, same_threads

from chainrule import manual_seed
from chainrule.data import CharVocabulary, StreamsInOrder, TextStreams, load_text
from chainrule.layers import CrossEntropyLoss
from chainrule.models import RecurrentLM
from chainrule.training import Adam, mean_loss, train_step

HIDDEN, LAYERS, EMBEDDING, BATCH, TIME = 256, 2, 64, 32, 64
LR, MAX_NORM = 2e-3, 1.0


class TheirModel(torch.nn.Module):
    """RecurrentLM's layers under the same names."""

    def __init__(self, cell: str, vocabulary: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, EMBEDDING)
        self.rnn = getattr(torch.nn, cell.upper())(EMBEDDING, HIDDEN, LAYERS, batch_first=True)
        self.decoder = torch.nn.Linear(HIDDEN, vocabulary)

    def forward(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        h, state_n = self.rnn(self.embedding(ids), state)
        return self.decoder(h).flatten(0, 1), state_n


def detached(state: Any) -> Any:
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def their_loss(model: TheirModel, batches: Any) -> float:
    total, targets, state = 0.0, 0, None
    with torch.no_grad():
        for x, target in batches:
            logits, state = model(torch.from_numpy(x), state)
            flat = torch.from_numpy(target).flatten()
            total += torch.nn.functional.cross_entropy(logits, flat, reduction="sum").item()
            targets += int((flat != -100).sum())
    return total / targets


def measure(arguments: argparse.Namespace) -> Report:
    table = Table(
        f"{arguments.repeats} steps of training from the same weights: nats per character",
        ["cell", "side", "training, last 50 steps", "validation", "ratio", "seconds"],
        note="ratio: chainrule's validation loss divided by PyTorch's.",
    )
    figures: dict[str, Any] = {}
    cells = ("lstm", "gru", "rnn") if arguments.cell == "all" else (arguments.cell,)
    with same_threads(arguments.threads):
        for cell in cells:
            figures[cell] = both(cell, arguments.repeats, arguments.threads)
            for side in ("chainrule", "torch"):
                f = figures[cell][side]
                ratio = f"{figures[cell]['ratio']:.4f}" if side == "chainrule" else ""
                table.add(cell, side, f"{f['train']:.4f}", f"{f['validation']:.4f}", ratio, f"{f['s']:.0f}")
    return Report([table], figures)


def both(cell: str, steps: int, threads: int) -> dict[str, Any]:
    folder = os.environ.get("CHAINRULE_DATA")
    has_text = folder is not None and (Path(folder) / "tinyshakespeare" / "input.txt").is_file()
    text = load_text("tinyshakespeare" if has_text else "python-docs")
    vocabulary = CharVocabulary.of(text.whole)
    ids = text.encode(vocabulary)
    stream = TextStreams(ids.train, BATCH, TIME)
    manual_seed(0)
    ours = RecurrentLM(len(vocabulary), EMBEDDING, HIDDEN, LAYERS, cell)
    theirs = TheirModel(cell, len(vocabulary))
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    loss, optimizer = CrossEntropyLoss(axis=-1), Adam(list(ours.parameters()), LR)
    adam = torch.optim.Adam(theirs.parameters(), LR)
    losses: dict[str, list[float]] = {"chainrule": [], "torch": []}
    seconds = {"chainrule": 0.0, "torch": 0.0}
    state, their_state = None, None
    batches = chain.from_iterable(enumerate(stream.epoch(epoch)) for epoch in count())
    for place, (x, target) in islice(batches, steps):
        if place == 0:
            state, their_state = None, None
        begin = time.perf_counter()
        result = train_step(ours, loss, optimizer, x, target, MAX_NORM, state=state, threads=threads)
        state = result.state
        seconds["chainrule"] += time.perf_counter() - begin
        losses["chainrule"].append(result.loss / result.count)

        begin = time.perf_counter()
        logits, their_state = theirs(torch.from_numpy(x), their_state)
        their = torch.nn.functional.cross_entropy(logits, torch.from_numpy(target).flatten())
        adam.zero_grad()
        their.backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), MAX_NORM)
        adam.step()
        their_state = detached(their_state)
        seconds["torch"] += time.perf_counter() - begin
        losses["torch"].append(their.item())
    validation = StreamsInOrder(ids.validation, 8, 256)
    scores = {
        "chainrule": mean_loss(ours, loss, validation, carry_state=True),
        "torch": their_loss(theirs, validation),
    }
    found: dict[str, Any] = {
        side: {"train": statistics.mean(losses[side][-50:]), "validation": scores[side], "s": seconds[side]}
        for side in losses
    }
    return {**found, "ratio": scores["chainrule"] / scores["torch"], "text": text.name}


if __name__ == "__main__":
    main(
        __doc__,
        measure,
        1000,
        lambda p: p.add_argument("--cell", choices=["lstm", "gru", "rnn", "all"], default="lstm"),
    )
