"""The table of signatures, and which keys fit them."""

import pytest
from joserfc.jws import JWSRegistry

from tests.auth.jose.tokens import key
from tornadolike.auth.jose.algorithms import (
    ALGORITHMS,
    DEFAULT_ALGORITHMS,
    Algorithm,
    algorithm_of,
    check_algorithms,
)
from tornadolike.auth.jose.keys import new_key


def test_joserfc_knows_all_of_them_by_these_names():
    assert set(ALGORITHMS) <= set(JWSRegistry.algorithms)


def test_none_is_not_among_them_nor_is_a_secret_by_default():
    assert "none" not in ALGORITHMS
    assert not any(name.startswith("HS") for name in DEFAULT_ALGORITHMS)
    assert {"RS256", "PS256", "ES256", "EdDSA"} <= set(DEFAULT_ALGORITHMS)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_key_fits_only_what_it_is_for(name):
    made = key(name)
    assert [each for each in ALGORITHMS.values() if each.fits(made)] == [ALGORITHMS[name]]
    assert algorithm_of(made) is ALGORITHMS[name]


@pytest.mark.parametrize(
    ("name", "bits", "fits"),
    [("HS256", 248, False), ("HS256", 256, True), ("HS384", 256, False), ("HS512", 512, True)],
)
def test_a_secret_has_as_many_bytes_as_the_hash(name, bits, fits):
    from joserfc.jwk import OctKey

    raw = b"k" * (bits // 8)
    assert ALGORITHMS[name].fits(OctKey(raw, raw)) is fits


def test_a_key_that_no_signature_is_known_for():
    from joserfc.jwk import ECKey, OKPKey

    for strange in (OKPKey.generate_key("X25519"), ECKey.generate_key("secp256k1")):
        with pytest.raises(ValueError, match="no signature is known"):
            algorithm_of(strange)


def test_hashes_and_curves_are_those_of_the_names():
    assert ALGORITHMS["ES512"] == Algorithm("ES512", "EC", "sha512", "P-521")
    for name, algorithm in ALGORITHMS.items():
        size = name[2:] if algorithm.key_type != "OKP" else "512"
        assert algorithm.digest == f"sha{size}"


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ([], "a collection of names"),
        ("ES256", "a collection of names"),
        (["none"], "'none' is no signature"),
        (["ES256", "NONE"], "'NONE' is no signature"),
        (["ES256K"], "'ES256K' is no signature"),
    ],
)
def test_names_that_are_none(names, complaint):
    with pytest.raises(ValueError, match=complaint):
        check_algorithms(names)


def test_keys_of_the_same_type_are_told_apart_by_their_alg():
    assert not ALGORITHMS["PS256"].fits(new_key("RS256"))
