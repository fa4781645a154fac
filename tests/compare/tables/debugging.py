"""Requests to a site with tracebacks, and through proxies."""

from tests.compare.cases import ask

CASES = [
    *(ask(f"GET /fails/{what}") for what in ("value", "http", "missing", "unknown")),
    ask("GET /none"),
    ask("POST /none", body="x"),
    ask("GET /told"),
    ask("GET /quiet"),
    ask("GET /told", "X-Real-Ip: 1.2.3.4"),
    ask("GET /told", "X-Real-Ip: 1.2.3.4", "X-Forwarded-For: 5.6.7.8"),
    ask("GET /told", "X-Forwarded-For: 1.2.3.4, 10.0.0.1"),
    ask("GET /told", "X-Forwarded-For: 1.2.3.4, 5.6.7.8"),
    ask("GET /told", "X-Forwarded-For: ::1"),
    ask("GET /told", "X-Forwarded-For: text"),
    ask("GET /told", "X-Scheme: https"),
    ask("GET /told", "X-Forwarded-Proto: https"),
    ask("GET /told", "X-Forwarded-Proto: http, https"),
    ask("GET /told", "X-Scheme: ftp"),
]
