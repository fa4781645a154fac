""":class:`PreparedMessage`: a message that many connections are sent."""

from collections.abc import Hashable

from .frames import FINAL_BINARY, FINAL_TEXT, encode_frame, encode_message
from .outgoing import Extension


class PreparedMessage:
    """A message that is framed once, and compressed once for all whose compression is alike.

    ``write_message`` takes it in the place of a message.

    :arg message: text, or bytes.
    :arg binary: whether bytes are sent as binary. Else they are text, and must be UTF-8.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is no message.
    """

    __slots__ = ("_frames", "binary", "payload")

    def __init__(self, message: str | bytes, binary: bool = False) -> None:
        self.payload = encoded(message, binary)
        self.binary = binary
        self._frames: dict[Hashable, bytes] = {}

    def frame(self, extension: Extension | None) -> bytes:
        """The whole frame for a connection with this extension, unmasked."""
        key = None if extension is None else extension.sharing
        frame = self._frames.get(key)
        if frame is None:
            frame = self._frames[key] = self._encode(extension)
        if extension is not None and frame[0] & extension.reserved:
            extension.sent_shared()
        return frame

    def _encode(self, extension: Extension | None) -> bytes:
        if extension is None:
            return encode_message(self.payload, self.binary)
        reserved, payload = extension.encode_shared(self.payload, self.binary)
        return encode_frame((FINAL_BINARY if self.binary else FINAL_TEXT) | reserved, payload)


def encoded(message: str | bytes, binary: bool) -> bytes:
    """The payload of a message. A text frame that is not UTF-8 would cost the connection: :exc:`ValueError`."""
    if isinstance(message, str):
        return message.encode()
    if not isinstance(message, bytes):
        raise TypeError(f"a message is str, bytes or a dict, not {message!r}")
    if not binary:
        try:
            message.decode()
        except UnicodeDecodeError as error:
            raise ValueError("bytes that are not UTF-8 are sent with binary=True") from error
    return message
