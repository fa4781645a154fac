"""What the Basic authentication scheme says (RFC 7617)."""

import unicodedata

from ..escape import utf8

Text = str | bytes


def encode_username_password(username: Text, password: Text) -> bytes:
    """``username:password`` in UTF-8, of which Base64 makes Basic credentials.

    Text is normalized (NFC), so that the same letters are the same bytes from whatever keyboard they come;
    bytes are taken as they are. Raises :exc:`ValueError` for a name with a colon in it, behind which the
    rest of the name would pass for the password (RFC 7617 section 2).

    >>> encode_username_password("Aladdin", "open sesame")
    b'Aladdin:open sesame'
    """
    name = _normalized(username)
    if b":" in name:
        # (What stands there may have the password behind it.)
        raise ValueError("A user name for Basic authentication cannot have a colon")
    return name + b":" + _normalized(password)


def _normalized(text: Text) -> bytes:
    return utf8(unicodedata.normalize("NFC", text) if isinstance(text, str) else text)
