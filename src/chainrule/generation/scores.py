"""How close translations are to those that people wrote: BLEU and chrF, by sacrebleu (Post 2018).

sacrebleu's numbers can be compared between papers, since its signature says all that was decided:

    bleu(hypotheses, references).signature       "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Bleu(NamedTuple):
    """score and precisions (of runs of 1, 2, 3 and 4 words) in percent; lengths in words."""

    score: float
    precisions: tuple[float, ...]
    brevity_penalty: float
    hypothesis_length: int
    reference_length: int
    signature: str


class Chrf(NamedTuple):
    """score in percent."""

    score: float
    signature: str


def bleu(
    hypotheses: Sequence[str], references: Sequence[str], lowercase: bool = False, tokenize: str = "13a"
) -> Bleu:
    """BLEU of a whole corpus, one reference for each hypothesis (Papineni, Roukos, Ward and Zhu 2002):

        precision[n] = how many of the hypotheses' runs of n words are in their reference, of all runs
        brevity penalty = 1 if the hypotheses are longer than the references, else
                          exp(1 - length of the references / length of the hypotheses)
        BLEU = brevity penalty · (precision[1] · precision[2] · precision[3] · precision[4]) ** (1/4)

    It is no mean over sentences: runs and lengths are counted over all of them.

    tokenize: how words are told apart; sacrebleu's "13a", "intl", "char", "zh" ... are for text as people
    write it. "none" splits at spaces, for text that was tokenized before. That is multi-bleu.perl, which
    many papers on Multi30k use (Wu et al. 2021, on lower-cased text), and like it smooths nothing: the score
    is 0 if any precision is. The others smooth such a precision (NIST). Scores with different tokenizers or
    cases cannot be compared.

    Raises ValueError for different counts, no texts, or an unknown tokenizer; ImportError if sacrebleu is
    missing.
    """
    _check(hypotheses, references)
    metric = _metrics().BLEU
    if tokenize not in metric.TOKENIZERS:
        known = ", ".join(metric.TOKENIZERS)
        raise ValueError(f"tokenize={tokenize!r} is none of sacrebleu's tokenizers: {known}")
    split = tokenize == "none"
    scorer = metric(lowercase, force=split, tokenize=tokenize, smooth_method="none" if split else "exp")
    found = scorer.corpus_score(list(hypotheses), [list(references)])
    precisions, signature = tuple(found.precisions), str(scorer.get_signature())
    return Bleu(found.score, precisions, found.bp, found.sys_len, found.ref_len, signature)


def chrf(hypotheses: Sequence[str], references: Sequence[str], lowercase: bool = False) -> Chrf:
    """chrF2 of a whole corpus (Popović 2015): as BLEU, but with runs of 1 to 6 characters, spaces left out,
    and recall counted twice as much as precision.

    It needs no tokenizer, and sees that a word is nearly right. Raises as `bleu`.
    """
    _check(hypotheses, references)
    scorer = _metrics().CHRF(lowercase=lowercase)
    found = scorer.corpus_score(list(hypotheses), [list(references)])
    return Chrf(found.score, str(scorer.get_signature()))


def exact_match(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """The share of hypotheses, 0 ... 1, that are their reference to the last character. Raises as `bleu`."""
    _check(hypotheses, references)
    pairs = zip(hypotheses, references, strict=True)
    return sum(hypothesis == reference for hypothesis, reference in pairs) / len(references)


def _check(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    for name, texts in (("hypotheses", hypotheses), ("references", references)):
        if isinstance(texts, str):
            raise TypeError(f"{name} must be several texts, a list of str, got one str")
    if len(hypotheses) != len(references):
        raise ValueError(
            f"each hypothesis needs one reference: got {len(hypotheses)} hypotheses and {len(references)} "
            "references"
        )
    if not hypotheses:
        raise ValueError("there is nothing to score: no hypotheses and no references")


def _metrics() -> Any:
    try:
        import sacrebleu.metrics
    except ImportError as error:
        raise ImportError("scores need the package sacrebleu: pip install 'chainrule[train]'") from error
    return sacrebleu.metrics
