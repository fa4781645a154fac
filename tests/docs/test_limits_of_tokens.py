"""docs/limits.rst and docs/json-web-tokens.rst have the limits of signed tokens, with their defaults."""

from pathlib import Path

import pytest

from tests.docs.test_limits import of
from tornadolike.auth.guards.access_tokens import write_access_token
from tornadolike.auth.jose.algorithms import RSA_SIZES
from tornadolike.auth.jose.keys import LEAST_SECRET, MAX_CANDIDATES, MAX_KEYS
from tornadolike.auth.jose.reading import LEEWAY, MAX_SIZE
from tornadolike.auth.jose.strict_json import MAX_DEPTH
from tornadolike.auth.oauth2.assertions import LIFETIME
from tornadolike.auth.oauth2.urls import LONGEST
from tornadolike.auth.openid.id_tokens import LONGEST_SUBJECT
from tornadolike.auth.openid.keeping import Keeping

DOCS = Path(__file__).parents[2] / "docs"
KEEPING = Keeping()


def of_tokens() -> str:
    page = (DOCS / "limits.rst").read_text()
    return " ".join(page.partition(".. _limits-of-tokens:")[2].partition("~~~~~\n\n")[2].split())


@pytest.mark.parametrize(
    "sentence",
    [
        f"A token has at most {MAX_SIZE // 1024} KiB (``max_size``",
        f"differ by {LEEWAY:.0f} seconds",
        f"at most {MAX_CANDIDATES} keys are tried",
        f"secret has at least {LEAST_SECRET} bytes",
        f"RSA key from {RSA_SIZES.start} to {RSA_SIZES.stop - 1} bits",
        f"published keys at most {MAX_KEYS}",
        f"more than {MAX_DEPTH} deep",
        f"has at most {LONGEST_SUBJECT} characters",
        f"URL of a provider {LONGEST}.",
        f"for {KEEPING.default:.0f} seconds (``default``)",
        f"for {KEEPING.shortest:.0f} (``shortest``) to {KEEPING.longest:.0f} (``longest``)",
        f"for {KEEPING.stale:.0f} more while it cannot be asked (``stale``)",
        f"in {KEEPING.pause:.0f} seconds at the most (``pause``)",
        f"in {KEEPING.failure_pause:.0f} second (``failure_pause``)",
        f"more than {KEEPING.patience:.0f} second (``patience``)",
        f"good for {LIFETIME:.0f} seconds (``lifetime``)",
        f"``write_access_token()`` for {of(write_access_token, 'lifetime'):.0f}",
    ],
)
def test_each_limit_is_on_the_page(sentence: str) -> None:
    assert sentence in of_tokens()


def test_the_page_of_tokens_says_the_same() -> None:
    """In words: an hour, five minutes, a day."""
    words = {3600.0: "an hour", 300.0: "five minutes", 86400.0: "a day", 30.0: "30 seconds"}
    page = " ".join((DOCS / "json-web-tokens.rst").read_text().split())
    assert f"for at least {words[KEEPING.shortest]} and at most {words[KEEPING.longest]}" in page
    assert f"or for {words[KEEPING.default]} if nothing is said" in page
    assert f"not more often than every {words[KEEPING.pause]}" in page
