"""Whole networks. `build(name, **options)` makes one for images by name, which is how a run finds its model
again.
"""

from collections.abc import Callable
from typing import Any

from chainrule.layers import Layer

from .all_to_one import AllToOne
from .convnet import color_convnet, fashion_convnet, keras_convnet, pytorch_convnet, small_convnet
from .lenet5 import lenet5
from .many_to_one import ManyToOne
from .recurrent_classifier import RecurrentClassifier
from .recurrent_lm import RecurrentLM
from .row_classifier import RowClassifier
from .seq2seq_transformer import Seq2SeqState, Seq2SeqTransformer
from .token_embedding import TokenEmbedding
from .transformer_classifier import TransformerClassifier
from .transformer_lm import TransformerLM, TransformerLMState
from .vision_transformer import VisionTransformer

MODELS: dict[str, Callable[..., Layer]] = {
    "small": small_convnet,
    "keras": keras_convnet,
    "lenet5": lenet5,
    "pytorch": pytorch_convnet,
    "fashion": fashion_convnet,
    "color": color_convnet,
    "lstm": RowClassifier,
    "vit": VisionTransformer,
}


def build(name: str, **options: Any) -> Layer:
    """The model of this name. Raises ValueError, listing all names, if there is none."""
    if name not in MODELS:
        raise ValueError(f"no model is called {name!r}: there are {', '.join(MODELS)}")
    return MODELS[name](**options)


__all__ = [
    "MODELS", "AllToOne", "ManyToOne", "RecurrentClassifier", "RecurrentLM", "RowClassifier", "Seq2SeqState",
    "Seq2SeqTransformer", "TokenEmbedding", "TransformerClassifier", "TransformerLM", "TransformerLMState",
    "VisionTransformer", "build", "color_convnet", "fashion_convnet", "keras_convnet", "lenet5",
    "pytorch_convnet", "small_convnet",
]  # fmt: skip
