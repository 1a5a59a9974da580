"""A trained Transformer out of its run directory, ready to translate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.data import Tokenizer
from chainrule.generation import Translation, translate
from chainrule.models import Seq2SeqTransformer
from chainrule.training import Run

from .kinds import usual_weights


@dataclass(frozen=True)
class Translator:
    """The model with its trained weights, in evaluation mode, and how it is asked."""

    model: Seq2SeqTransformer
    tokenizer: Tokenizer
    beam: int
    length_penalty: float

    def translate(self, texts: Sequence[str], beam: int | None = None, **options: Any) -> list[Translation]:
        """See `chainrule.generation.translate`. beam: as in training unless given; 1 is greedy."""
        return translate(
            self.model,
            self.tokenizer,
            self.tokenizer,
            texts,
            **{"beam": beam or self.beam, "alpha": self.length_penalty, **options},
        )


def load_translator(run: Run, weights: str | None = None) -> Translator:
    """weights: "last", "best" or "average"; by default those that the run's result was measured with.

    Raises FileNotFoundError or ValueError, naming the file, if something is missing or damaged.
    """
    description = run.read_json("model.json")
    if description.get("model") != "seq2seq-transformer":
        raise ValueError(f"{run.path} holds a {description.get('model')!r} model, which does not translate")
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
    return Translator(model, tokenizer, description["beam"], description["length_penalty"])
