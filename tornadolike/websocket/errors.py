"""What can go wrong on a WebSocket.

.. code-block:: text

    Exception
     +-- WebSocketError
          +-- WebSocketClosedError    we tried to use a connection that is closed or closing
          +-- ProtocolFailure         the peer broke the protocol (never leaves this package)
"""


class WebSocketError(Exception):
    """The base of what this package raises."""


class WebSocketClosedError(WebSocketError):
    """Raised by operations on a connection that is closed or closing."""


class ProtocolFailure(WebSocketError):
    """The peer sent what it must not; the connection ends with the Close ``code`` and ``reason``.

    Raised by the leaf functions that read bytes and caught by
    :meth:`.protocol.WebSocketCore.next_event`, which makes an event of it.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
