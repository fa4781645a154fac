"""What stands in ``Authorization`` and ``WWW-Authenticate`` (RFC 9110 section 11)."""

import re
from typing import Final

from ...web import RequestHandler

_CREDENTIALS: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +(.*))?", re.DOTALL)
_PARAMETER: Final = re.compile(r"[ !#-\[\]-~]*")
_NOT_IN_PARAMETER: Final = re.compile(r"[^ !#-\[\]-~]")


class Refused(Exception):
    """A request has credentials, which are not accepted. What it says is sent to the client.

    :arg status: 400 for what cannot be read, 401 for what is wrong, 403 for what is not enough.
    :arg code: of RFC 6750 section 3.1.
    """

    def __init__(
        self, status: int, detail: str, code: str | None = None, scope: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.scope = scope


def authorization(handler: RequestHandler, scheme: str) -> str | None:
    """What stands behind the scheme's name in ``Authorization``; None if that is not there, or of another scheme.

    Raises :exc:`Refused` for what is malformed, or there more than once.
    """
    fields = handler.request.headers.get_list("Authorization")
    if not fields:
        return None
    matched = _CREDENTIALS.fullmatch(fields[0])
    if len(fields) > 1 or matched is None:
        raise Refused(400, "The header Authorization is malformed.", "invalid_request")
    return (matched[2] or "") if matched[1].lower() == scheme.lower() else None


def one_value(handler: RequestHandler, header: str) -> str | None:
    """The value of a header that may be there once. Raises :exc:`Refused` if there are several."""
    values = handler.request.headers.get_list(header)
    if len(values) > 1:
        raise Refused(400, f"The header {header} is there more than once.", "invalid_request")
    return values[0] if values else None


def one_argument(handler: RequestHandler, name: str | None) -> str | None:
    """An argument of the query that may be there once. Raises :exc:`Refused` if there are several."""
    values = [] if name is None else handler.get_query_arguments(name, strip=False)
    if len(values) > 1:
        raise Refused(400, f"The argument {name} is there more than once.", "invalid_request")
    return values[0] if values else None


def challenge(scheme: str, **parameters: str | None) -> str:
    """A challenge, with those of the parameters that are not None."""
    listed = [f'{name}="{_quotable(value)}"' for name, value in parameters.items() if value]
    return f"{scheme} {', '.join(listed)}" if listed else scheme


def _quotable(text: str) -> str:
    """As RFC 6750 section 3 wants it: no quotes and no backslashes."""
    return _NOT_IN_PARAMETER.sub("?", text)


def checked_realm(realm: str) -> str:
    """The same text. Raises :exc:`TypeError` and :exc:`ValueError` for what no challenge can have in it."""
    if not isinstance(realm, str):
        raise TypeError(f"a realm is a str, not {realm!r}")
    if not realm or not _PARAMETER.fullmatch(realm):
        raise ValueError(f"a realm is ASCII text without quotes and backslashes, not {realm!r}")
    return realm
