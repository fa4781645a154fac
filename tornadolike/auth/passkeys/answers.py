"""What browsers send, before anybody believes it: JSON as in WebAuthn Level 3 section 5.1 (``toJSON()``)."""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from typing import Any, Final

from .errors import PasskeyError

LONGEST_ID: Final = 1023
"""Bytes of a credential's id (WebAuthn Level 3 section 4)."""

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")


def decoded(value: object) -> bytes:
    """The bytes of URL-safe Base64 without padding. Raises :exc:`.PasskeyError` (``malformed``)."""
    try:
        if isinstance(value, str) and _BASE64URL.fullmatch(value):
            return urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except binascii.Error:
        pass
    raise PasskeyError("malformed", "a member is no URL-safe Base64")


def credential_id_of(answer: dict[str, Any]) -> bytes:
    """The id of the passkey that answers. Raises :exc:`.PasskeyError`."""
    found = decoded(answer.get("id"))
    if len(found) > LONGEST_ID:
        raise PasskeyError("malformed", f"the id has more than {LONGEST_ID} bytes")
    return found


def user_handle_of(answer: dict[str, Any]) -> bytes | None:
    """Who has answered, as the authenticator says; None if it says nothing. Raises :exc:`.PasskeyError`."""
    handle = _response_of(answer).get("userHandle")
    return None if handle in (None, "") else decoded(handle)


def challenge_of(answer: object) -> bytes:
    """What is answered. Raises :exc:`.PasskeyError`.

    ``refused`` if it was asked for in a frame of another site, whose user may not see for whom they do it: they could
    be led to it.
    """
    if not isinstance(answer, dict):
        raise PasskeyError("malformed", "the answer is no object")
    data = decoded(_response_of(answer).get("clientDataJSON"))
    try:
        client_data = json.loads(data)
    except (ValueError, RecursionError):
        client_data = None
    if not isinstance(client_data, dict):
        raise PasskeyError("malformed", "clientDataJSON is no object in JSON")
    if client_data.get("crossOrigin", False) is not False or "topOrigin" in client_data:
        raise PasskeyError("refused", "it comes from a frame in a page of another site")
    return decoded(client_data.get("challenge"))


def _response_of(answer: dict[str, Any]) -> dict[str, Any]:
    response = answer.get("response")
    if not isinstance(response, dict):
        raise PasskeyError("malformed", "the answer has no response")
    return response
