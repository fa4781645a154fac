"""Requests in several languages."""

from tests.compare.cases import Case, ask, differing
from tests.compare.differences import (
    ACCEPTED,
    BROWSERS_DEFAULT,
    CLOSE_LANGUAGES,
    ERROR_LANGUAGES,
    FALLING_BACK,
    FORMATS,
    LANGUAGE_NAMES,
)


def page(*languages: str, path: str = "/page") -> list[Case]:
    return [ask(f"GET {path}", f"Accept-Language: {value}") for value in languages]


CASES = [
    ask("GET /page"),
    *page("de", "de-AT", "DE", "de_DE", "en", "en-US", "en-GB", "fr", "fr, de", "pt-BR", "fa"),
    *page("de;q=0.5, es;q=0.8", "de; q=0.1, es; q=0.2", "es", "es-AR", "zh-TW", "de;q=x"),
    *page("*", "fr, *", "de;q=-1, es"),
    *differing("body", FALLING_BACK, *page("es-MX")),
    *differing("body log", CLOSE_LANGUAGES, *page("pt")),
    *differing("body", ACCEPTED, *page("de;q=2, es")),
    *differing("body", BROWSERS_DEFAULT, *page("", ",", ";", "x" * 100, "de;q=0")),
    *page("en", path="/formats"),
    *differing("body", LANGUAGE_NAMES, *page("pt-BR", path="/formats")),
    *differing("body", FORMATS, *page("de", "fa", path="/formats")),
    *page("de", "en", path="/template"),
    *(
        ask(f"GET /chosen?lang={code}", "Accept-Language: es")
        for code in ("de", "fr", "fr,de", "", "de_AT", "../x")
    ),
    ask("GET /chosen", "Accept-Language: es"),
    ask("GET /assigned", "Accept-Language: es"),
    *differing("vary", ERROR_LANGUAGES, ask("GET /broken")),
    *differing("vary", ERROR_LANGUAGES, ask("GET /errors")),
    *differing("body content-language vary", ERROR_LANGUAGES, *page("de", path="/errors")),
]
