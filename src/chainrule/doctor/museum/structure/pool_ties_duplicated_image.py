"""Overlapping max pooling of images with few gray levels, window by window.

Symptom: the input gradient of a flat image sums to many times the gradient of the output.
Repair: split the gradient evenly among the entries that tie.
"""
import numpy as np

CODES = ("pool-ties-duplicated",)
PLACES = ("x", "image", "dimage", "")


def max_pool(image, size=3, stride=2):
    """image (height, width, channels)"""
    height, width, channels = image.shape
    rows = (height - size) // stride + 1
    columns = (width - size) // stride + 1
    pooled = np.zeros((rows, columns, channels))
    for r in range(rows):
        for c in range(columns):
            window = image[r * stride:r * stride + size, c * stride:c * stride + size]
            pooled[r, c] = window.max(axis=(0, 1))
    return pooled, (image, pooled, size, stride)


def max_pool_backward(dpooled, cache):
    image, pooled, size, stride = cache
    dimage = np.zeros_like(image)
    for r in range(pooled.shape[0]):
        for c in range(pooled.shape[1]):
            top, left = r * stride, c * stride
            window = image[top:top + size, left:left + size]
            hit = (window == pooled[r, c]).astype(float)  # FAULT
            dimage[top:top + size, left:left + size] += hit * dpooled[r, c]
    return dimage


def max_pool_repaired(image, size=3, stride=2):
    """image (height, width, channels)"""
    height, width, channels = image.shape
    rows = (height - size) // stride + 1
    columns = (width - size) // stride + 1
    pooled = np.zeros((rows, columns, channels))
    for r in range(rows):
        for c in range(columns):
            window = image[r * stride:r * stride + size, c * stride:c * stride + size]
            pooled[r, c] = window.max(axis=(0, 1))
    return pooled, (image, pooled, size, stride)


def max_pool_backward_repaired(dpooled, cache):
    image, pooled, size, stride = cache
    dimage = np.zeros_like(image)
    for r in range(pooled.shape[0]):
        for c in range(pooled.shape[1]):
            top, left = r * stride, c * stride
            window = image[top:top + size, left:left + size]
            hit = (window == pooled[r, c]).astype(float)
            hit /= hit.sum(axis=(0, 1))
            dimage[top:top + size, left:left + size] += hit * dpooled[r, c]
    return dimage


def faulty():
    levels = np.random.default_rng(1).integers(0, 4, size=(7, 9, 2)) / 4.0
    return {"subject": (max_pool, max_pool_backward), "inputs": (levels,)}


def correct():
    levels = np.random.default_rng(1).integers(0, 4, size=(7, 9, 2)) / 4.0
    return {"subject": (max_pool_repaired, max_pool_backward_repaired), "inputs": (levels,)}
