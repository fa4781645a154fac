"""Forms as clients write them."""

from typing import Final

BOUNDARY: Final = "boundary-of-the-tests"
CONTENT_TYPE: Final = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
LAST: Final = f"--{BOUNDARY}--\r\n".encode()


def field(name: str, value: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + value + b"\r\n"


def file(name: str, filename: str, content: bytes, content_type: str = "image/png") -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"
