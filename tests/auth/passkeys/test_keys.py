"""Public keys: those of our algorithms and sizes, and no others."""

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.auth.passkeys.authenticator import ES256, RS256, EdDSA, number
from tornadolike.auth.passkeys.keys import ALGORITHMS, is_good


def rsa_key(bits: int) -> bytes:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    return cbor2.dumps({1: 3, 3: -257, -1: number(numbers.n), -2: number(numbers.e)})


@pytest.mark.parametrize("signer", [ES256, EdDSA, RS256])
def test_those_that_are_asked_for(signer: Any) -> None:
    assert is_good(cbor2.dumps(signer().public()))
    assert signer.algorithm in ALGORITHMS


@pytest.mark.parametrize("bits", [1024, 2040])
def test_short_ones(bits: int) -> None:
    assert not is_good(rsa_key(bits))


def test_long_ones() -> None:
    n = (1 << 4096) + 1  # it need not be one that anybody has
    assert not is_good(cbor2.dumps({1: 3, 3: -257, -1: number(n), -2: b"\1\0\1"}))


@pytest.mark.parametrize(
    ("signer", "algorithm"),
    [(ES256, -257), (ES256, -36), (EdDSA, -8), (RS256, -7), (RS256, -37), (RS256, -65535)],
)
def test_keys_that_say_another_algorithm(signer: Any, algorithm: int) -> None:
    key = cbor2.dumps(signer().public() | {3: algorithm})
    assert is_good(key) == (algorithm == signer.algorithm)
