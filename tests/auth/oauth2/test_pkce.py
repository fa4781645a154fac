"""RFC 7636."""

import re

from tornadolike.auth.oauth2.pkce import challenge, new_verifier


def test_the_example_of_the_specification() -> None:
    """Appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers() -> None:
    """Section 4.1: from 43 to 128 characters of these."""
    made = {new_verifier() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", one) for one in made)
