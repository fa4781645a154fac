"""Requests that say where they come from."""

from tests.compare.cases import another, ask
from tests.compare.differences import MALFORMED_ORIGIN

ORIGINS = [
    "http://127.0.0.1",
    "https://127.0.0.1",
    "http://127.0.0.1:80",
    "HTTP://127.0.0.1",
    "https://trusted.example",
    "https://trusted.example:443",
    "https://TRUSTED.example",
    "https://evil.example",
    "https://trusted.example.evil.example",
    "https://a.example.com",
    "null",
    "",
    "text",
    "//127.0.0.1",
    "http://user@127.0.0.1",
    "http://127.0.0.1/path",
    "\xff",
]
SITES = ["same-origin", "same-site", "cross-site", "none", "", "other", "Same-Origin"]

CASES = [
    ask("GET /changes", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"),
    *(ask(f"{method} /changes", body="") for method in ("POST", "PUT", "DELETE")),
    *(ask("POST /changes", f"Origin: {origin}", body="") for origin in ORIGINS),
    *(ask("POST /open", f"Origin: {origin}", body="") for origin in ORIGINS),
    *another(
        403,
        MALFORMED_ORIGIN,
        ask("POST /changes", "Origin: http://[::1", body=""),
        ask("POST /open", "Origin: http://[::1", body=""),
    ),
    *(ask("POST /changes", f"Sec-Fetch-Site: {site}", body="") for site in SITES),
    *(
        ask("POST /changes", f"Sec-Fetch-Site: {site}", f"Origin: {origin}", body="")
        for site in SITES
        for origin in ("https://trusted.example", "https://evil.example", "http://127.0.0.1")
    ),
    ask("POST /changes", "Origin: http://example.com:8080", host="example.com:8080", body=""),
    ask("POST /changes", "Origin: http://EXAMPLE.com", host="example.COM", body=""),
    ask("POST /changes", "Origin: http://a", "Origin: http://127.0.0.1", body=""),
]
