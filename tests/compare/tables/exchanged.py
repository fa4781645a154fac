"""Cookies that are none; those that one of the two has made are exchanged in test_exchanged.py."""

from tests.compare.cases import ask

CASES = [
    ask(f"GET /{site}/read", *cookies)
    for site in ("one", "both")
    for cookies in ([], ["Cookie: user="], ["Cookie: user=2|1:0|"], ["X-Value: 2|1:7|"])
]
