"""What the name of a file tells of its content."""

import mimetypes
from typing import Final

UNKNOWN: Final = "application/octet-stream"


def content_type_of(name: str) -> str:
    """The Content-Type of a file of this name; that of bytes of which nothing is known, unless the name tells more."""
    mime_type, encoding = mimetypes.guess_type(name)
    if encoding == "gzip":
        return "application/gzip"
    if encoding is not None or mime_type is None:
        return UNKNOWN
    return mime_type
