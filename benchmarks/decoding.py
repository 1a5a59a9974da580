"""Greedy decoding and beam search, chainrule against PyTorch's usual greedy loop on the CPU.

The usual loop, as tutorials have it, reads the source once and then, for every id, the whole target so far
again; chainrule keeps the keys and values of what was read (`past`), and is also timed without. All decode
the same number of ids, with the same random weights.

First, both must say the same about what chainrule decoded; then all sides are timed in turn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch  # first, so that the threads of all libraries are known
from common import Report, Table, alternate, main, milliseconds, quartiles, same_threads, timed
from transformer_sides import (
    CONTEXT,
    LENGTH,
    SYMBOLS,
    VOCABULARY,
    no_looking_ahead,
    our_model,
    their_model,
)

from chainrule.functions.arrays import Array
from chainrule.generation import beam_search, greedy

BOS, EOS = 1, 2
TOLERANCE = 1e-4
# name -> (model, rows, ids that are decoded for each, the end symbol among them)
KINDS = {
    "tiny, 64 sources": ("tiny", 64, LENGTH),
    "tiny, 1 source": ("tiny", 1, LENGTH),
    "gpt, 12 texts": ("gpt", 12, CONTEXT),
    "gpt, 1 text": ("gpt", 1, CONTEXT),
}
BASE = "chainrule, past kept"


class Recomputing:
    """A model whose state is the ids that it has read: each step reads all of them again."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def step(self, ids: Array, state: tuple[Array | None, Any]) -> tuple[Array, Any]:
        read, started = state
        ids = ids if read is None else np.concatenate([read, ids], axis=1)
        logits, _ = self.model.step(ids, started)
        return logits, (ids, started)


class Decoding:
    """What is decoded, by all sides."""

    def __init__(self, kind: str) -> None:
        name, self.rows, self.count = KINDS[kind]
        self.ours, self.theirs = our_model(name).eval(), their_model(name).eval()
        weights = {name: torch.from_numpy(array) for name, array in self.ours.state_dict().items()}
        self.theirs.load_state_dict(weights)
        self.encodes = name == "tiny"
        vocabulary = VOCABULARY if self.encodes else SYMBOLS
        source = np.random.default_rng(0).integers(EOS + 1, vocabulary, (self.rows, LENGTH))
        self.source = source if self.encodes else None
        self.prompt = np.full((self.rows, 1), BOS)
        # exactly so many: an end symbol may come last only, and has to
        self.limits = {"eos_id": EOS, "min_length": self.count - 1, "max_length": self.count - 1}

    def start(self) -> Any:
        return self.ours.start(self.source) if self.encodes else None

    def kept(self) -> list[Any]:
        return greedy(self.ours, self.prompt, state=self.start(), **self.limits)

    def recomputed(self) -> list[Any]:
        return greedy(Recomputing(self.ours), self.prompt, state=(None, self.start()), **self.limits)

    def beam(self) -> list[Any]:
        return beam_search(self.ours, self.prompt, state=self.start(), beam=5, **self.limits)

    @torch.inference_mode()
    def usual_loop(self) -> torch.Tensor:
        ids = torch.from_numpy(self.prompt)
        memory = self.their_memory()
        for _ in range(self.count):
            logits = self.their_logits(ids, memory, last=True)
            ids = torch.cat([ids, logits.argmax(-1)], dim=1)
        return ids

    def their_memory(self) -> torch.Tensor | None:
        if self.source is None:
            return None
        return self.theirs.encoder(self.theirs.source(torch.from_numpy(self.source)))

    def their_logits(self, ids: torch.Tensor, memory: torch.Tensor | None, last: bool) -> torch.Tensor:
        """Of the last position alone, or of all."""
        mask = no_looking_ahead(ids.shape[1])
        if memory is None:
            y = self.theirs.transformer(self.theirs.input(ids), mask=mask, is_causal=True)
        else:
            y = self.theirs.decoder(self.theirs.target(ids), memory, tgt_mask=mask, tgt_is_causal=True)
        return self.theirs.output(y[:, -1:] if last else y)

    @torch.inference_mode()
    def difference(self) -> float:
        """How far the log-probabilities of what chainrule decoded are apart, at most; raises if too far."""
        found = self.kept()
        ids = np.array([[*hypothesis.ids, EOS] for hypothesis in found])
        target_in = torch.from_numpy(np.concatenate([self.prompt, ids[:, :-1]], axis=1))
        log_p = self.their_logits(target_in, self.their_memory(), last=False).log_softmax(-1)
        theirs = log_p.gather(2, torch.from_numpy(ids)[:, :, None])[:, :, 0].numpy()
        apart = float(np.abs(theirs - [hypothesis.log_probabilities for hypothesis in found]).max())
        if not apart < TOLERANCE:
            raise ValueError(
                f"the two sides do not compute the same: log-probabilities differ by {apart:.1e}"
            )
        return apart


def measure(arguments: argparse.Namespace) -> Report:
    kinds = list(KINDS) if arguments.model == "all" else [arguments.model]
    table = Table(
        "Decoding",
        ["network", "side", "median ms", "quartiles", "ids/s", "ratio"],
        note=f"tiny: sources of {LENGTH} ids, {LENGTH} ids decoded for each; gpt: {CONTEXT} ids, as many as "
        "its context holds. ratio: of the medians, the side's by that of chainrule with past kept; above 1, "
        "that is faster. beam 5: five hypotheses for each source; ids/s counts those of the best.",
    )
    agree = Table("How far log-probabilities are apart, at most (float32)", ["network", "difference"])
    figures: dict[str, dict[str, Any]] = {}
    with same_threads(arguments.threads):
        for kind in kinds:
            decoding = Decoding(kind)
            apart = decoding.difference()
            agree.add(kind, f"{apart:.1e}")
            sides: dict[str, Callable[[], Any]] = {
                BASE: decoding.kept,
                "chainrule, recomputed": decoding.recomputed,
                "chainrule, past kept, beam 5": decoding.beam,
                "torch, recomputed": decoding.usual_loop,
            }
            # the pause outlasts the spinning of idle threads, which would take the cores from the other side
            laps = alternate(
                {side: timed(run) for side, run in sides.items()}, arguments.repeats, settle=0.05
            )
            spreads = {side: lap["all"] for side, lap in laps.items()}
            figures[kind] = {"difference": apart, "seconds": {}, "ratio": {}}
            for side, spread in spreads.items():
                ratio = spread.median / spreads[BASE].median
                figures[kind]["seconds"][side], figures[kind]["ratio"][side] = vars(spread), ratio
                table.add(
                    kind if side == BASE else "",
                    side,
                    milliseconds(spread.median),
                    quartiles(spread),
                    f"{decoding.rows * decoding.count / spread.median:,.0f}",
                    "" if side == BASE else f"{ratio:.2f}",
                )
    return Report([table, agree], figures)


if __name__ == "__main__":
    main(__doc__, measure, 10, lambda p: p.add_argument("--model", choices=[*KINDS, "all"], default="all"))
