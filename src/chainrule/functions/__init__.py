"""The mathematics: pairs of plain functions, forward and backward, to be read side by side.

    y, cache = conv2d(x, weight, bias, stride=2)
    dx, dweight, dbias = conv2d_backward(dy, cache)

Every pair is pure: it changes none of its arguments and keeps no state. A gradient is named after what it
belongs to: `dweight` is ∂L/∂weight, in the shape of weight. backward returns one entry per array argument, in
forward's order.

Read in this order: linear, relu, softmax, cross_entropy, conv2d, max_pool2d, batch_norm; for sequences
embedding, rnn_cell, rnn, lstm_cell, lstm, gru_cell, gru; for Transformers scaled_dot_product_attention,
positional_encoding, rotary_embedding, layer_norm; the rest as you need it.
"""

from . import adaptive_avg_pool2d as _adaptive_avg_pool2d
from . import avg_pool2d as _avg_pool2d
from . import batch_norm as _batch_norm
from . import binary_cross_entropy_with_logits as _binary_cross_entropy_with_logits
from . import conv2d as _conv2d
from . import cross_entropy as _cross_entropy
from . import dropout as _dropout
from . import embedding as _embedding
from . import flatten as _flatten
from . import gelu as _gelu
from . import gru as _gru
from . import gru_cell as _gru_cell
from . import layer_norm as _layer_norm
from . import leaky_relu as _leaky_relu
from . import linear as _linear
from . import log_softmax as _log_softmax
from . import lstm as _lstm
from . import lstm_cell as _lstm_cell
from . import max_pool2d as _max_pool2d
from . import mse_loss as _mse_loss
from . import positional_encoding as _positional_encoding
from . import relu as _relu
from . import rnn as _rnn
from . import rnn_cell as _rnn_cell
from . import rotary_embedding as _rotary_embedding
from . import scaled_dot_product_attention as _scaled_dot_product_attention
from . import sigmoid as _sigmoid
from . import softmax as _softmax
from . import tanh as _tanh
from .dispatch import backend as backend
from .dispatch import pair
from .dispatch import register_twin as register_twin

adaptive_avg_pool2d, adaptive_avg_pool2d_backward = pair(
    _adaptive_avg_pool2d.adaptive_avg_pool2d,
    _adaptive_avg_pool2d.adaptive_avg_pool2d_backward,
)
avg_pool2d, avg_pool2d_backward = pair(_avg_pool2d.avg_pool2d, _avg_pool2d.avg_pool2d_backward)
batch_norm, batch_norm_backward = pair(_batch_norm.batch_norm, _batch_norm.batch_norm_backward)
binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_backward = pair(
    _binary_cross_entropy_with_logits.binary_cross_entropy_with_logits,
    _binary_cross_entropy_with_logits.binary_cross_entropy_with_logits_backward,
)
conv2d, conv2d_backward = pair(_conv2d.conv2d, _conv2d.conv2d_backward)
cross_entropy, cross_entropy_backward = pair(
    _cross_entropy.cross_entropy,
    _cross_entropy.cross_entropy_backward,
)
dropout, dropout_backward = pair(_dropout.dropout, _dropout.dropout_backward)
embedding, embedding_backward = pair(_embedding.embedding, _embedding.embedding_backward)
flatten, flatten_backward = pair(_flatten.flatten, _flatten.flatten_backward)
gelu, gelu_backward = pair(_gelu.gelu, _gelu.gelu_backward)
gru, gru_backward = pair(_gru.gru, _gru.gru_backward)
gru_cell, gru_cell_backward = pair(_gru_cell.gru_cell, _gru_cell.gru_cell_backward)
layer_norm, layer_norm_backward = pair(_layer_norm.layer_norm, _layer_norm.layer_norm_backward)
leaky_relu, leaky_relu_backward = pair(_leaky_relu.leaky_relu, _leaky_relu.leaky_relu_backward)
linear, linear_backward = pair(_linear.linear, _linear.linear_backward)
log_softmax, log_softmax_backward = pair(_log_softmax.log_softmax, _log_softmax.log_softmax_backward)
lstm, lstm_backward = pair(_lstm.lstm, _lstm.lstm_backward)
lstm_cell, lstm_cell_backward = pair(_lstm_cell.lstm_cell, _lstm_cell.lstm_cell_backward)
max_pool2d, max_pool2d_backward = pair(_max_pool2d.max_pool2d, _max_pool2d.max_pool2d_backward)
mse_loss, mse_loss_backward = pair(_mse_loss.mse_loss, _mse_loss.mse_loss_backward)
positional_encoding, positional_encoding_backward = pair(
    _positional_encoding.positional_encoding,
    _positional_encoding.positional_encoding_backward,
)
relu, relu_backward = pair(_relu.relu, _relu.relu_backward)
rnn, rnn_backward = pair(_rnn.rnn, _rnn.rnn_backward)
rnn_cell, rnn_cell_backward = pair(_rnn_cell.rnn_cell, _rnn_cell.rnn_cell_backward)
rotary_embedding, rotary_embedding_backward = pair(
    _rotary_embedding.rotary_embedding,
    _rotary_embedding.rotary_embedding_backward,
)
scaled_dot_product_attention, scaled_dot_product_attention_backward = pair(
    _scaled_dot_product_attention.scaled_dot_product_attention,
    _scaled_dot_product_attention.scaled_dot_product_attention_backward,
)
sigmoid, sigmoid_backward = pair(_sigmoid.sigmoid, _sigmoid.sigmoid_backward)
softmax, softmax_backward = pair(_softmax.softmax, _softmax.softmax_backward)
tanh, tanh_backward = pair(_tanh.tanh, _tanh.tanh_backward)
