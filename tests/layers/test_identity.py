from __future__ import annotations

from protocol import check_layer

from chainrule.layers import Identity


def test_protocol(rng):
    x = rng.normal(size=(2, 3))
    check_layer(Identity(), x)
    assert Identity()(x) is x


def test_it_takes_any_layers_place():
    assert repr(Identity(64, eps=1e-5)) == "Identity()"
