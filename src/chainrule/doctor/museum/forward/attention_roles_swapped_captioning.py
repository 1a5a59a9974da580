"""Image captioning: the words of the decoder look at image regions from the encoder.

Symptom: one output per image region instead of per word; the caption loss had to be cropped to fit.
Repair: queries come from the decoder, keys and values from the encoder.
"""
import numpy as np

CODES = ("attention-roles-swapped",)
PLACES = ("decoder_hidden", "encoder_regions", "w_query", "w_key", "w_value", "")


def cross_attention_forward(decoder_hidden, encoder_regions, w_query, w_key, w_value):
    """decoder_hidden (B, words, D), encoder_regions (B, regions, D) -> one context vector per word"""
    source, memory = encoder_regions, decoder_hidden        # FAULT
    query, key, value = source @ w_query, memory @ w_key, memory @ w_value
    logits = np.einsum("bqa,bka->bqk", query, key) / np.sqrt(query.shape[-1])
    alpha = np.exp(logits - logits.max(axis=2, keepdims=True))
    alpha = alpha / alpha.sum(axis=2, keepdims=True)
    return np.einsum("bqk,bka->bqa", alpha, value), (source, memory, query, key, value, alpha, w_query, w_key, w_value)


def cross_attention_backward(dout, cache):
    source, memory, query, key, value, alpha, w_query, w_key, w_value = cache
    dvalue = np.einsum("bqk,bqa->bka", alpha, dout)
    dalpha = np.einsum("bqa,bka->bqk", dout, value)
    dlogits = alpha * (dalpha - (dalpha * alpha).sum(axis=2, keepdims=True)) / np.sqrt(query.shape[-1])
    dquery = np.einsum("bqk,bka->bqa", dlogits, key)
    dkey = np.einsum("bqk,bqa->bka", dlogits, query)
    dsource = dquery @ w_query.T
    dmemory = dkey @ w_key.T + dvalue @ w_value.T
    return {"decoder_hidden": dmemory, "encoder_regions": dsource,
            "w_query": np.einsum("bqi,bqo->io", source, dquery),
            "w_key": np.einsum("bki,bko->io", memory, dkey),
            "w_value": np.einsum("bki,bko->io", memory, dvalue)}


def cross_attention_forward_repaired(decoder_hidden, encoder_regions, w_query, w_key, w_value):
    """decoder_hidden (B, words, D), encoder_regions (B, regions, D) -> one context vector per word"""
    source, memory = decoder_hidden, encoder_regions
    query, key, value = source @ w_query, memory @ w_key, memory @ w_value
    logits = np.einsum("bqa,bka->bqk", query, key) / np.sqrt(query.shape[-1])
    alpha = np.exp(logits - logits.max(axis=2, keepdims=True))
    alpha = alpha / alpha.sum(axis=2, keepdims=True)
    return np.einsum("bqk,bka->bqa", alpha, value), (source, memory, query, key, value, alpha, w_query, w_key, w_value)


def cross_attention_backward_repaired(dout, cache):
    source, memory, query, key, value, alpha, w_query, w_key, w_value = cache
    dvalue = np.einsum("bqk,bqa->bka", alpha, dout)
    dalpha = np.einsum("bqa,bka->bqk", dout, value)
    dlogits = alpha * (dalpha - (dalpha * alpha).sum(axis=2, keepdims=True)) / np.sqrt(query.shape[-1])
    dquery = np.einsum("bqk,bka->bqa", dlogits, key)
    dkey = np.einsum("bqk,bqa->bka", dlogits, query)
    dsource = dquery @ w_query.T
    dmemory = dkey @ w_key.T + dvalue @ w_value.T
    return {"decoder_hidden": dsource, "encoder_regions": dmemory,
            "w_query": np.einsum("bqi,bqo->io", source, dquery),
            "w_key": np.einsum("bki,bko->io", memory, dkey),
            "w_value": np.einsum("bki,bko->io", memory, dvalue)}


def _inputs():
    rng = np.random.default_rng(77)
    return (rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 7, 6)), rng.normal(size=(6, 5)) * 0.5,
            rng.normal(size=(6, 5)) * 0.5, rng.normal(size=(6, 3)) * 0.5)


def faulty():
    return {"subject": (cross_attention_forward, cross_attention_backward), "inputs": _inputs()}


def correct():
    return {"subject": (cross_attention_forward_repaired, cross_attention_backward_repaired), "inputs": _inputs()}
