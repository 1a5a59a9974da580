"""Why does my network predict one class for everything?

The same convolutional network learns the digits from four kinds of initial weights. Before and after, its
*spread* is measured layer by layer: by how much a unit's value differs from image to image. Where that is
gone, all images look alike, and no later layer can tell them apart again.

**What theory says.** z = W x has var(z) = fan_in · var(W) · var(x), so a layer multiplies the spread by slope
· std(W) · √fan_in, and the gradient, on its way back, by slope · std(W) · √fan_out. "slope" is what the
activation function lets pass: 1 for tanh near 0, √½ for ReLU (half of its inputs), ¼ for the sigmoid. One
factor per layer, multiplied: 0.1 becomes 10⁻⁶ in six layers.

Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*: both
factors should be 1, that is fan_in · var(W) = 1 and fan_out · var(W) = 1 (equations 10 and 11); unless the
fans are equal not both can be had, hence var(W) = 2 / (fan_in + fan_out) (equation 12). He et al. 2015 make
up for the half that ReLU takes away.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

ONE_CLASS = Lab("Why does my network predict one class for everything?", Options, experiment, picture, answer)

__all__ = ["ONE_CLASS"]
