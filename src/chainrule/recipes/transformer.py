"""`chainrule train transformer`: a Transformer learns to translate. This file is the tutorial.

data      ->  pairs of texts; one vocabulary of tokens for both sides: characters, words or pieces of words
model     ->  "Attention Is All You Need", figure 1 (chainrule.models.Seq2SeqTransformer), with one table for
              source, target and output
training  ->  as many pairs in a batch as fit into max_tokens; the decoder reads the right target, shifted by
              one (teacher forcing); smoothed labels; Adam under a schedule that rises first
result    ->  the mean of the last epochs' weights translates the test part, with a beam: BLEU, chrF, and how
              often every character is right
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data import PairBatches, Pairs, PairSplits, Tokenizer, load_pairs
from chainrule.generation import Translation, translate
from chainrule.generation.scores import Bleu, bleu, chrf, exact_match
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.models import Seq2SeqTransformer
from chainrule.training import (
    Adam,
    Callback,
    CosineAnnealingLR,
    InverseSqrtLR,
    PolynomialLR,
    Run,
    Schedule,
    WarmUp,
    mean_loss,
)
from chainrule.training.pictures import learning_curves
from chainrule.training.sharding import usual_threads

from .configs import (
    check_choice,
    check_counts,
    check_heads,
    check_not_negative,
    check_positive,
    check_shares,
    lasting,
    new_config,
    read_config,
)
from .fitting import figures_of_training, fit_experiment, write_description
from .translations import write_translations


@dataclass(frozen=True)
class TransformerConfig:
    """Everything that determines a run. It is stored with the run, as config.json."""

    data: str = "dates"  # multi30k, multi30k-bpe, eng-fra, or a table (.tsv) of pairs
    tokens: str = "bpe"  # chars, words, pieces (words that were cut already, as in "pul@@ ley")
    vocabulary: int | None = None  # at most so many tokens; bpe: 8,000
    layers: int = 3  # of the encoder, and of the decoder
    d_model: int = 128
    heads: int = 4
    dim_feedforward: int = 256
    norm: str = "post"  # as in the paper; or pre
    dropout: float = 0.1
    label_smoothing: float = 0.1
    epochs: int = 10
    max_tokens: int = 1024  # per batch and side, padding included
    lr: float = 2.5e-3  # the highest
    schedule: str = "linear"  # after the warm-up: to 0 along a line; cosine; inverse-sqrt (the paper's)
    warmup: int = 400  # steps; linear and cosine: at most a quarter of all
    eps: float = 1e-9  # Adam's, as in the paper, section 5.3
    max_norm: float = 1.0  # gradients are clipped to it
    average: int = 3  # the weights of so many last epochs are averaged in the end; 0: those of the last
    patience: int | None = None  # epochs without a better validation loss, then training ends
    beam: int = 5  # hypotheses that are kept while the test part is translated
    length_penalty: float = 1.0  # the power of the length that a hypothesis' score is divided by
    threads: int = 0  # each takes a part of the batch; 0: one per core where that is faster
    seed: int = 0


# what a data set is trained with unless told otherwise
DEFAULTS: dict[str, dict[str, Any]] = {
    "dates": {
        "tokens": "chars",
        "layers": 2,
        "d_model": 64,
        "dim_feedforward": 128,
        "dropout": 0.0,
        "label_smoothing": 0.0,
        "max_tokens": 2048,
        "lr": 4e-3,
        "epochs": 8,
        "beam": 1,
        "warmup": 200,
        "average": 1,
    },
    "multi30k-bpe": {"tokens": "pieces", "layers": 4},
    "multi30k": {"vocabulary": 8000},
}
# whole recipes by name: "wu2021" is that of Wu et al. 2021 for Transformer-Tiny on multi30k-bpe (8,000
# updates of twice 4,096 tokens, fewer where the validation loss has not fallen for ten epochs)
PRESETS: dict[str, dict[str, Any]] = {
    "wu2021": {
        "data": "multi30k-bpe",
        "layers": 4, "d_model": 128, "heads": 4, "dim_feedforward": 256, "norm": "post", "dropout": 0.3,
        "label_smoothing": 0.1, "epochs": 140, "max_tokens": 8192, "lr": 5e-3, "schedule": "inverse-sqrt",
        "warmup": 2000, "max_norm": 25.0, "average": 10, "patience": 10, "beam": 5, "length_penalty": 1.0,
        "eps": 1e-8,
    },
}  # fmt: skip
SCHEDULES = ("linear", "cosine", "inverse-sqrt")
LONGEST = 256  # tokens: longer pairs are left out of training
EVALUATION_TOKENS = 4096  # per batch
MEASURED = 1000  # pairs of the validation part that are translated after each epoch


def configure(data: str | None = None, preset: str | None = None, **options: Any) -> TransformerConfig:
    """The defaults of this data, those of a preset over them, and over both the options that are not None.
    data: by default the preset's own, else dates.
    """
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"no preset is called {preset!r}: there is {', '.join(PRESETS)}")
    whole = PRESETS[preset] if preset else {}
    data = lasting(data or whole.get("data", "dates"))
    defaults = DEFAULTS.get(data.partition(":")[0], {}) | whole | {"data": data}
    config = new_config(TransformerConfig, data, defaults, options)
    check_choice(config, "norm", ("post", "pre"))
    check_choice(config, "schedule", SCHEDULES)
    check_counts(config, "layers", "d_model", "heads", "dim_feedforward", "epochs", "warmup", "beam")
    check_counts(config, "max_tokens")
    check_heads(config)
    check_positive(config, "lr", "max_norm", "eps")
    check_not_negative(config, "average", "length_penalty", "threads", "seed")
    if config.patience is not None:
        check_counts(config, "patience")
    check_shares(config, "dropout", "label_smoothing")
    return config


def config_of(run: Run) -> TransformerConfig:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    return read_config(run, TransformerConfig)


@dataclass(frozen=True)
class TransformerExperiment:
    """Pairs, model and all that stands between them, made from a config."""

    config: TransformerConfig
    pairs: PairSplits
    tokenizer: Tokenizer
    train: PairBatches
    validation: PairBatches
    test: PairBatches
    left_out: int  # pairs of the training part that are too long, or empty
    options: dict[str, Any]  # what it takes to build the model again
    model: Seq2SeqTransformer
    loss: CrossEntropyLoss


def prepare(config: TransformerConfig) -> TransformerExperiment:
    """Reads the pairs, numbers their tokens, and builds the model with its initial weights."""
    pairs = load_pairs(config.data)
    both = [*pairs.train.source, *pairs.train.target]
    tokenizer = Tokenizer.train(config.tokens, both, config.vocabulary)
    train, left_out = in_batches(tokenizer, pairs.train, config.max_tokens, config.seed)
    options: dict[str, Any] = {
        "source_vocabulary": len(tokenizer),
        "target_vocabulary": len(tokenizer),
        "d_model": config.d_model,
        "nhead": config.heads,
        "num_encoder_layers": config.layers,
        "num_decoder_layers": config.layers,
        "dim_feedforward": config.dim_feedforward,
        "dropout": config.dropout,
        "attention_dropout": 0.0,  # the paper's dropout falls on what is added, not inside of the layers
        "activation_dropout": 0.0,
        "norm_first": config.norm == "pre",
        "final_norm": config.norm == "pre",
        "tied": ["source", "target", "output"],
    }
    manual_seed(config.seed)
    return TransformerExperiment(
        config,
        pairs,
        tokenizer,
        train=train,
        validation=in_batches(tokenizer, pairs.validation, EVALUATION_TOKENS)[0],
        test=in_batches(tokenizer, pairs.test, EVALUATION_TOKENS)[0],
        left_out=left_out,
        options=options,
        model=Seq2SeqTransformer(**options),
        loss=CrossEntropyLoss(label_smoothing=config.label_smoothing, axis=-1),
    )


def in_batches(tokenizer: Tokenizer, pairs: Pairs, max_tokens: int, seed: int = 0) -> tuple[PairBatches, int]:
    """The pairs as batches, and how many were left out: longer than LONGEST tokens, or without any."""
    ids = zip(tokenizer.encode_all(pairs.source), tokenizer.encode_all(pairs.target), strict=True)
    most = min(LONGEST, max_tokens - 1)  # EOS comes with them
    kept = [(s, t) for s, t in ids if 0 < len(s) <= most and 0 < len(t) <= most]
    if not kept:
        raise ValueError(f"none of the {len(pairs)} pairs has 1 to {most} tokens on both sides")
    sources, targets = zip(*kept, strict=True)
    return PairBatches(sources, targets, max_tokens, seed), len(pairs) - len(kept)


def train_transformer(
    config: TransformerConfig, run: Run, resume: bool = False, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Trains, translates the test part, and leaves everything in the run's directory. Returns what
    result.json holds.
    """
    experiment = prepare(config)
    write_description(run, experiment, describe_model(experiment), check_same_data)
    run.write_json("tokenizer.json", experiment.tokenizer.to_json())
    history = fit_experiment(
        experiment,
        build_optimizer(config, experiment.model),
        build_schedule(config, len(experiment.train)),
        run,
        resume,
        callbacks,
        epochs=config.epochs,
        best_by="loss",
        threads=config.threads or usual_threads(len(experiment.train.sources) // len(experiment.train)),
        keep=config.average,
        patience=config.patience,
        measure=measure_translations(experiment),
        validation_loss=CrossEntropyLoss(axis=-1),  # labels not smoothed, as on the test part
    )
    learning_curves(history, run.path / "learning_curves.png")
    if config.average:
        run.load_weights(experiment.model, "average")
    translations = translate_test(experiment)
    test = experiment.pairs.test
    sources, references = whole_words(experiment, test.source), whole_words(experiment, test.target)
    write_translations(run.path / "translations.tsv", sources, references, translations)
    result = {
        **figures_of_test(experiment, translations),
        **figures_of_training(experiment.model, history),
        "left_out": experiment.left_out,
        "weights": "average" if config.average else "last",
    }
    run.write_json("result.json", result)
    return result


def build_optimizer(config: TransformerConfig, model: Seq2SeqTransformer) -> Adam:
    """Adam with the β₂ of the paper, section 5.3."""
    return Adam(list(model.parameters()), config.lr, betas=(0.9, 0.98), eps=config.eps)


def build_schedule(config: TransformerConfig, steps_per_epoch: int) -> Schedule:
    steps = config.epochs * steps_per_epoch
    if config.schedule == "inverse-sqrt":
        return InverseSqrtLR(config.lr, config.warmup, start_lr=1e-7)
    warmup = max(1, min(config.warmup, steps // 4))  # in a short training, it should fall for a while, too
    falls = CosineAnnealingLR if config.schedule == "cosine" else PolynomialLR
    return WarmUp(falls(config.lr, steps), warmup, start_factor=1 / warmup)


# ------------------------------------------------------------ what it can do


def measure_translations(experiment: TransformerExperiment) -> Callable[[], dict[str, float]]:
    """For `fit`: after each epoch a part of the validation pairs is translated, greedily."""
    pairs = experiment.pairs.validation
    part = pairs.subset(np.arange(min(MEASURED, len(pairs))))
    references = whole_words(experiment, part.target)
    # BLEU counts runs of four words: of a date or a word, which have none, it knows nothing
    short = np.mean([len(reference.split()) for reference in references]) < 4

    def measure() -> dict[str, float]:
        texts = [t.text for t in translated(experiment, part.source, beam=1)]
        if short:
            return {"validation_exact_match": exact_match(texts, references)}
        return {"validation_bleu": bleu_of(experiment, texts, references).score}

    return measure


def translate_test(experiment: TransformerExperiment) -> list[Translation]:
    experiment.model.eval()
    return translated(experiment, experiment.pairs.test.source, experiment.config.beam)


def translated(experiment: TransformerExperiment, texts: Sequence[str], beam: int) -> list[Translation]:
    return translate(
        experiment.model,
        experiment.tokenizer,
        experiment.tokenizer,
        texts,
        beam=beam,
        alpha=experiment.config.length_penalty,
    )


def figures_of_test(
    experiment: TransformerExperiment, translations: Sequence[Translation] | None = None
) -> dict[str, Any]:
    """How well the model, as it is now, translates the test part."""
    if translations is None:
        translations = translate_test(experiment)
    texts, references = [t.text for t in translations], whole_words(experiment, experiment.pairs.test.target)
    test_loss = mean_loss(experiment.model, CrossEntropyLoss(axis=-1), experiment.test)
    of_bleu = bleu_of(experiment, texts, references)
    return {
        "test_loss": test_loss,  # nats per token, labels not smoothed
        "perplexity": math.exp(test_loss),
        "exact_match": exact_match(texts, references),
        "bleu": of_bleu.score,
        "bleu_signature": of_bleu.signature,
        "chrf": chrf(texts, references).score,
        "test_pairs": len(references),
    }


def whole_words(experiment: TransformerExperiment, texts: Sequence[str]) -> Sequence[str]:
    """Texts as people write them: what was cut into pieces is joined, as in the translations."""
    return [text.replace("@@ ", "") for text in texts] if experiment.config.tokens == "pieces" else texts


def bleu_of(experiment: TransformerExperiment, texts: Sequence[str], references: Sequence[str]) -> Bleu:
    """Text that was tokenized and lowercased before it came here is scored as it is, as in Wu et al. 2021."""
    if experiment.config.tokens == "pieces":
        return bleu(texts, references, tokenize="none", lowercase=True)
    return bleu(texts, references)


# ------------------------------------------------------------ what is left behind


def check_same_data(experiment: TransformerExperiment, run: Run) -> None:
    """Raises ValueError if the pairs have changed since: what the run learned from might then be tested."""
    if run.read_json("model.json").get("pairs") != experiment.pairs.fingerprint():
        raise ValueError(
            f"the pairs of {experiment.config.data} are not those that {run.path} was trained with (those of "
            "dates come with Babel, and may change with its version): put them back, or train anew"
        )


def describe_model(experiment: TransformerExperiment) -> dict[str, Any]:
    """What it takes to use the trained weights without the pairs: see `chainrule.recipes.translator`."""
    config = experiment.config
    return {
        "recipe": "transformer",
        "model": "seq2seq-transformer",
        "options": experiment.options,
        "pairs": experiment.pairs.fingerprint(),
        "weights": "average" if config.average else "last",
        "beam": config.beam,
        "length_penalty": config.length_penalty,
        "longest": int(experiment.train.source_lengths.max()) - 1,  # tokens of a source, without EOS
    }
