"""The page in its reader's language, and the files that belong to it."""

from __future__ import annotations

from tornadolike import locale
from tornadolike.locale import Locale
from tornadolike.web import RequestHandler, StaticFileHandler

from . import languages

COOKIE = "chat_language"
COOKIE_DAYS = 365

# The page needs nothing but its own files: no inline script, no other origin, no framing. The
# last rule makes the browser itself refuse innerHTML and its kind.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def set_house_rules(handler: RequestHandler) -> None:
    """The headers that every answer of the chat has."""
    for name, value in SECURITY_HEADERS.items():
        handler.set_header(name, value)


class PageHandler(RequestHandler):
    """The page. Its language is the one chosen by hand, or the best of those the browser names."""

    def set_default_headers(self) -> None:
        set_house_rules(self)
        # Keep a copy, but ask whether it is still right: a new version shows at once.
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Language, Cookie")

    def get_user_locale(self) -> Locale | None:
        for code in (self.get_query_argument("lang", ""), self.get_cookie(COOKIE, "")):
            if code in languages.LANGUAGES:
                return locale.get(code)
        return None

    def get(self) -> None:
        code = languages.code_of(self.locale)
        if self.get_query_argument("lang", "") == code and self._is_chosen_here():
            self._remember(code)
        self.set_header("Content-Language", code)
        self.render(
            "index.html",
            language=code,
            direction="rtl" if self.locale.rtl else "ltr",
            languages=languages.names(self.locale),
            strings=languages.strings(self.locale),
        )

    head = get

    def _is_chosen_here(self) -> bool:
        """Whether it was in our menu, or typed. A link on another site counts for the one page that it leads to."""
        return self.request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

    def _remember(self, code: str) -> None:
        self.set_cookie(
            COOKIE,
            code,
            expires_days=COOKIE_DAYS,
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )


class FileHandler(StaticFileHandler):
    """The page's scripts, style and pictures."""

    def set_default_headers(self) -> None:
        set_house_rules(self)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")
