"""Layers: parameters and composition on top of the pairs of functions. Names and layouts are PyTorch's."""

from . import init
from .activations import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from .batch_norm import BatchNorm1d, BatchNorm2d
from .conv2d import Conv2d
from .dropout import Dropout
from .embedding import Embedding
from .feed_forward import FeedForward
from .flatten import Flatten
from .gru import GRU
from .identity import Identity
from .layer import Layer
from .layer_norm import LayerNorm
from .linear import Linear
from .losses import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss
from .lstm import LSTM
from .multihead_attention import MultiheadAttention
from .new import default_dtype
from .parameter import Buffer, Parameter
from .pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from .positional_encoding import LearnedPositionalEncoding, PositionalEncoding
from .randomness import manual_seed, randomness
from .recurrent_cells import GRUCell, LSTMCell, RNNCell
from .residual import Residual
from .rnn import RNN
from .sequential import Sequential
from .transformer_decoder import TransformerDecoder
from .transformer_decoder_layer import TransformerDecoderLayer
from .transformer_encoder import TransformerEncoder
from .transformer_encoder_layer import TransformerEncoderLayer

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "FeedForward",
    "Flatten",
    "GRUCell",
    "Identity",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LearnedPositionalEncoding",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "MultiheadAttention",
    "Parameter",
    "PositionalEncoding",
    "RNNCell",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "default_dtype",
    "init",
    "manual_seed",
    "randomness",
]  # fmt: skip
