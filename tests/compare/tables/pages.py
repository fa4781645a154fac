"""Requests for pages."""

from tests.compare.cases import ask, differing, each
from tests.compare.differences import DETAIL, LAX

CASES = [
    ask("GET /page"),
    ask("GET /page?title=%3Cscript%3E%26%22"),
    ask("GET /page?title=%C3%BC%00"),
    *differing("detail", DETAIL, ask("GET /page?title=%FF")),
    ask("GET /text"),
    *each("child base broken fails none ../secret", "GET /named/{}"),
    *differing("set-cookie", LAX, ask("GET /named/modules")),
    ask("GET /missing/template"),
    ask("GET /missing/name"),
    ask("GET /missing/late"),
]
