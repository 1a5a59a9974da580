"""The mathematics: pairs of plain functions, forward and backward, to be read side by side.

    y, cache = conv2d(x, weight, bias, stride=2)
    dx, dweight, dbias = conv2d_backward(dy, cache)

Every pair is pure: it changes none of its arguments and keeps no state. A gradient is named after what it belongs to:
`dweight` is ∂L/∂weight, in the shape of weight. backward returns one entry per array argument, in forward's order.

Read in this order: linear, relu, softmax, cross_entropy, conv2d, max_pool2d, batch_norm; the rest as you need it.
"""

from . import conv2d as _conv2d
from . import cross_entropy as _cross_entropy
from . import dropout as _dropout
from . import flatten as _flatten
from . import linear as _linear
from . import max_pool2d as _max_pool2d
from . import relu as _relu
from .dispatch import backend, pair, register_twin

conv2d, conv2d_backward = pair(_conv2d.conv2d, _conv2d.conv2d_backward)
cross_entropy, cross_entropy_backward = pair(_cross_entropy.cross_entropy, _cross_entropy.cross_entropy_backward)
dropout, dropout_backward = pair(_dropout.dropout, _dropout.dropout_backward)
flatten, flatten_backward = pair(_flatten.flatten, _flatten.flatten_backward)
linear, linear_backward = pair(_linear.linear, _linear.linear_backward)
max_pool2d, max_pool2d_backward = pair(_max_pool2d.max_pool2d, _max_pool2d.max_pool2d_backward)
relu, relu_backward = pair(_relu.relu, _relu.relu_backward)
