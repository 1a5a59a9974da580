"""A trained Transformer out of its run directory, ready to translate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.data import Tokenizer
from chainrule.data.text_files import one_line
from chainrule.generation import Translation, translate
from chainrule.models import Seq2SeqTransformer
from chainrule.training import Run

from .kinds import usual_weights
from .remarks import unknown_remark

MOST_TOKENS = 4096  # attention compares each with each: 4,096 of them are 16 million pairs
KEYS = ("options", "beam", "length_penalty", "longest")  # in model.json


@dataclass(frozen=True)
class Translator:
    """The model with its trained weights, in evaluation mode, and how it is asked."""

    model: Seq2SeqTransformer
    tokenizer: Tokenizer
    beam: int
    length_penalty: float
    longest: int  # tokens of a source in training

    def translate(self, texts: Sequence[str], beam: int | None = None, **options: Any) -> list[Translation]:
        """See `chainrule.generation.translate`; each text is read as `one_line` makes it. beam: as in
        training unless given; 1 is greedy.

        Raises ValueError for a text of more than MOST_TOKENS tokens.
        """
        lines = [one_line(text) for text in texts]
        for place, length in enumerate(self._lengths(lines), start=1):
            if length > MOST_TOKENS:
                raise ValueError(
                    f"text {place} has {length:,} tokens, and the most that are translated at once are "
                    f"{MOST_TOKENS:,}: cut it into sentences, one per line"
                )
        settings = {"beam": self.beam if beam is None else beam, "alpha": self.length_penalty, **options}
        return translate(self.model, self.tokenizer, self.tokenizer, lines, **settings)

    def remarks(self, text: str) -> list[str]:
        """What it knows nothing about in a text, and whether that is longer than all that it learned from."""
        line = one_line(text)
        remarks = unknown_remark("tokens", self.tokenizer.unknown(line))
        (length,) = self._lengths([line])
        if length > self.longest:
            remarks.append(
                f"it has {length:,} tokens, and training had at most {self.longest:,}: the translation is a "
                "guess; cut it into sentences"
            )
        return remarks

    def _lengths(self, lines: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self.tokenizer.encode_all(lines)]


def load_translator(run: Run, weights: str | None = None) -> Translator:
    """weights: "last", "best" or "average"; by default those that the run's result was measured with.

    Raises FileNotFoundError or ValueError, naming the file, if something is missing or damaged.
    """
    description = run.read_json("model.json")
    if (model := description.get("model")) != "seq2seq-transformer":
        raise ValueError(f"{run.path} holds a {model!r} model, which does not translate")
    if missing := [key for key in KEYS if key not in description]:
        raise ValueError(f"{run.path / 'model.json'} is damaged, or of another version: no {missing[0]}")
    tokenizer = Tokenizer.from_json(run.read_json("tokenizer.json"))
    options = description["options"]
    if len(tokenizer) != options["source_vocabulary"]:
        raise ValueError(
            f"{run.path / 'tokenizer.json'} has {len(tokenizer)} tokens, and the model "
            f"{options['source_vocabulary']}: they do not belong together"
        )
    model = Seq2SeqTransformer(**options)
    run.load_weights(model, weights or usual_weights(run))
    model.eval()
    beam, length_penalty, longest = (description[key] for key in KEYS[1:])
    return Translator(model, tokenizer, beam, length_penalty, longest)
