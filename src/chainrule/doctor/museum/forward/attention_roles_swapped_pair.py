"""Sequence-to-sequence attention that mixes the decoder's states where it should mix the encoder's.

Symptom: the context says nothing about the source; only its weights depend on it.
Repair: the context is the weighted sum of the encoder's states.
"""
import numpy as np

CODES = ("attention-roles-swapped",)
PLACES = ("encoder_states", "decoder_states", "")


def luong_attention(decoder_states, encoder_states, w_align):
    """Multiplicative attention over the source.

    decoder_states (N, T, H), encoder_states (N, S, H), w_align (H, H): context (N, T, H).
    """
    keys = np.einsum("nth,hg->ntg", decoder_states, w_align)
    energy = np.einsum("nsg,ntg->nst", encoder_states, keys)  # FAULT
    energy = energy - energy.max(axis=2, keepdims=True)
    weights = np.exp(energy)
    weights /= weights.sum(axis=2, keepdims=True)
    context = np.einsum("nst,nth->nsh", weights, decoder_states)  # FAULT
    return context, (decoder_states, encoder_states, w_align, keys, weights)


def luong_attention_backward(dcontext, cache):
    decoder_states, encoder_states, w_align, keys, weights = cache
    dweights = np.einsum("nsh,nth->nst", dcontext, decoder_states)
    ddecoder = np.einsum("nst,nsh->nth", weights, dcontext)
    denergy = weights * (dweights - (dweights * weights).sum(axis=2, keepdims=True))
    dencoder = np.einsum("nst,ntg->nsg", denergy, keys)
    dkeys = np.einsum("nst,nsg->ntg", denergy, encoder_states)
    ddecoder += np.einsum("ntg,hg->nth", dkeys, w_align)
    dw_align = np.einsum("nth,ntg->hg", decoder_states, dkeys)
    return ddecoder, dencoder, dw_align


def luong_attention_repaired(decoder_states, encoder_states, w_align):
    """Multiplicative attention over the source.

    decoder_states (N, T, H), encoder_states (N, S, H), w_align (H, H): context (N, T, H).
    """
    keys = np.einsum("nsh,hg->nsg", encoder_states, w_align)
    energy = np.einsum("ntg,nsg->nts", decoder_states, keys)
    energy = energy - energy.max(axis=2, keepdims=True)
    weights = np.exp(energy)
    weights /= weights.sum(axis=2, keepdims=True)
    context = np.einsum("nts,nsh->nth", weights, encoder_states)
    return context, (decoder_states, encoder_states, w_align, keys, weights)


def luong_attention_backward_repaired(dcontext, cache):
    decoder_states, encoder_states, w_align, keys, weights = cache
    dweights = np.einsum("nth,nsh->nts", dcontext, encoder_states)
    dencoder = np.einsum("nts,nth->nsh", weights, dcontext)
    denergy = weights * (dweights - (dweights * weights).sum(axis=2, keepdims=True))
    ddecoder = np.einsum("nts,nsg->ntg", denergy, keys)
    dkeys = np.einsum("nts,ntg->nsg", denergy, decoder_states)
    dencoder += np.einsum("nsg,hg->nsh", dkeys, w_align)
    dw_align = np.einsum("nsh,nsg->hg", encoder_states, dkeys)
    return ddecoder, dencoder, dw_align


def faulty():
    rng = np.random.default_rng(32)
    decoder_states, encoder_states = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    w_align = rng.normal(size=(4, 4)) / 2.0
    return {"subject": (luong_attention, luong_attention_backward),
            "inputs": (decoder_states, encoder_states, w_align)}


def correct():
    rng = np.random.default_rng(32)
    decoder_states, encoder_states = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    w_align = rng.normal(size=(4, 4)) / 2.0
    return {"subject": (luong_attention_repaired, luong_attention_backward_repaired),
            "inputs": (decoder_states, encoder_states, w_align)}
