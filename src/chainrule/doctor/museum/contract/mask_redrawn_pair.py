"""Spatial dropout of whole channels, as a pair of functions on NHWC arrays.

Symptom: channels that were dropped learn, channels that were kept do not.
Repair: hand the mask over in the cache.
"""
import numpy as np

CODES = ("mask-redrawn",)
PLACES = ("x", "dx", "")


KEEP = 0.6


def channel_dropout(x, training=True):
    """Drops feature maps: one decision for every sample and channel."""
    if not training:
        return x, (None, training)
    batch, _, _, channels = x.shape
    mask = np.random.rand(batch, 1, 1, channels) < KEEP
    return x * mask / KEEP, (mask, training)


def channel_dropout_backward(dout, cache):
    mask, training = cache
    if not training:
        return dout
    batch, _, _, channels = dout.shape
    mask = np.random.rand(batch, 1, 1, channels) < KEEP  # FAULT
    return dout * mask / KEEP


def channel_dropout_repaired(x, training=True):
    """Drops feature maps: one decision for every sample and channel."""
    if not training:
        return x, (None, training)
    batch, _, _, channels = x.shape
    mask = np.random.rand(batch, 1, 1, channels) < KEEP
    return x * mask / KEEP, (mask, training)


def channel_dropout_backward_repaired(dout, cache):
    mask, training = cache
    if not training:
        return dout
    return dout * mask / KEEP


def faulty():
    x = np.random.default_rng(55).normal(size=(3, 4, 2, 6))
    return {"subject": (channel_dropout, channel_dropout_backward), "inputs": (x,)}


def correct():
    x = np.random.default_rng(55).normal(size=(3, 4, 2, 6))
    return {"subject": (channel_dropout_repaired, channel_dropout_backward_repaired), "inputs": (x,)}
