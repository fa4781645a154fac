"""What tornadolike itself says to the people who use a site: the messages that its own catalogues translate.

They are marked here by ``N_`` for the extraction, and looked up by :meth:`Locale.own`. Catalogues for one more language
are made and compiled by the commands in ``setup.cfg``.
"""

from typing import Final


def N_(message: str) -> str:
    """Mark a message, and return it as it is."""
    return message


REASONS: Final = frozenset(
    {
        # Translators: these are the headings of error pages, for the statuses of HTTP from 400 to 511 in their order.
        N_("Bad Request"),
        N_("Unauthorized"),
        N_("Payment Required"),
        N_("Forbidden"),
        N_("Not Found"),
        N_("Method Not Allowed"),
        N_("Not Acceptable"),
        N_("Proxy Authentication Required"),
        N_("Request Timeout"),
        N_("Conflict"),
        N_("Gone"),
        N_("Length Required"),
        N_("Precondition Failed"),
        N_("Content Too Large"),
        N_("Request Entity Too Large"),
        N_("URI Too Long"),
        N_("Request-URI Too Long"),
        N_("Unsupported Media Type"),
        N_("Range Not Satisfiable"),
        N_("Requested Range Not Satisfiable"),
        N_("Expectation Failed"),
        N_("I'm a Teapot"),
        N_("Misdirected Request"),
        N_("Unprocessable Content"),
        N_("Unprocessable Entity"),
        N_("Locked"),
        N_("Failed Dependency"),
        N_("Too Early"),
        N_("Upgrade Required"),
        N_("Precondition Required"),
        N_("Too Many Requests"),
        N_("Request Header Fields Too Large"),
        N_("Unavailable For Legal Reasons"),
        N_("Internal Server Error"),
        N_("Not Implemented"),
        N_("Bad Gateway"),
        N_("Service Unavailable"),
        N_("Gateway Timeout"),
        N_("HTTP Version Not Supported"),
        N_("Variant Also Negotiates"),
        N_("Insufficient Storage"),
        N_("Loop Detected"),
        N_("Not Extended"),
        N_("Network Authentication Required"),
        N_("Unknown"),
    }
)
"""The reasons of error pages, by all names that Python's versions give to a status."""

DATES: Final = frozenset({N_("yesterday"), N_("yesterday at %(time)s")})
"""What :meth:`Locale.format_date` says and the CLDR has no pattern for. Its other words come from there."""
