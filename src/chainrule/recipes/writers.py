"""Models that write, whatever they are made of: out of their run directories, and how they are judged."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from chainrule.data import CharVocabulary, Text
from chainrule.generation import generate_text
from chainrule.models import RecurrentLM, TransformerLM
from chainrule.training import Run

Writer: TypeAlias = RecurrentLM | TransformerLM
WRITERS: dict[str, type[Writer]] = {"recurrent-lm": RecurrentLM, "transformer-lm": TransformerLM}


def load_writer(run: Run, weights: str = "last") -> tuple[Writer, CharVocabulary]:
    """A trained model in evaluation mode, and its vocabulary: for `generate_text`. It needs no data.

    weights: "last", those of the end, or "best", those with the best validation loss.
    """
    description = run.read_json("model.json")
    if description.get("model") not in WRITERS:
        raise ValueError(f"{run.path} holds a {description.get('model')!r} model, which writes no text")
    model = WRITERS[description["model"]](**description["options"])
    run.load_weights(model, weights)
    model.eval()
    return model, CharVocabulary.from_json(description["vocabulary"])


def samples(run: Run, count: int = 2, characters: int = 300, seed: int = 0) -> list[str]:
    """What a trained model writes from nothing."""
    model, vocabulary = load_writer(run)
    prompt = usual_prompt(vocabulary)
    return [
        "".join(generate_text(model, vocabulary, prompt, characters, temperature=0.7, seed=seed + i))
        for i in range(count)
    ]


def usual_prompt(vocabulary: CharVocabulary) -> str:
    """What a text begins with unless something is given: a line break, if the model knows it."""
    return "\n" if "\n" in vocabulary.characters else vocabulary.characters[0]


def example_prompt(run: Run) -> str:
    """One to begin with, of characters that the model knows; its weights are not read."""
    vocabulary = CharVocabulary.from_json(run.read_json("model.json")["vocabulary"])
    capital = next((c for c in vocabulary.characters if c.isalpha()), vocabulary.characters[0])
    return "The " if set("The ") <= set(vocabulary.characters) else capital


def figures_of_text(test_loss: float, text: Text) -> dict[str, Any]:
    """What result.json says about the test part, each character of which was predicted once."""
    return {
        "test_loss": test_loss,  # nats per character
        "bits_per_character": test_loss / math.log(2),
        "perplexity": math.exp(test_loss),
        "test_characters": len(text.test),
        "test_is_validation": not text.has_own_test,
    }


def check_same_data(experiment: Any, run: Run) -> None:
    """Raises ValueError if the text has changed since: the run may have learned what is now tested."""
    text: Text = experiment.text
    if run.read_json("model.json").get("text") != text.sha256:
        raise ValueError(
            f"the text {text.name} is not the one that {run.path} was trained with (its checksum "
            "differs; that of python-docs is another for every version of Python): put it back, or train anew"
        )
