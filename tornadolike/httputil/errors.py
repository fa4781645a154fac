"""What can be wrong with a message, and which status says so."""


class HTTPInputError(Exception):
    """The peer sent what the protocol does not allow.

    ``status`` is the answer that it deserves (400 unless something more exact applies).
    """

    status = 400

    def __init__(self, message: str = "", status: int | None = None) -> None:
        super().__init__(message)
        if status is not None:
            self.status = status


class HTTPOutputError(ValueError):
    """Our own code tried to send what the protocol does not allow."""
