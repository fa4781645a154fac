"""What is raised when a stream cannot do what it was asked."""


class StreamClosedError(IOError):
    """The stream was closed while something was to be read from or written to it.

    ``real_error`` is the exception that ended it, None if nobody's fault ended it.
    """

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__("Stream is closed")
        self.real_error = real_error


class UnsatisfiableReadError(Exception):
    """What was to be read until did not come within ``max_bytes``. It is the stream's ``error`` then."""


class StreamBufferFullError(Exception):
    """More waits to be read or written than ``max_buffer_size`` or ``max_write_buffer_size`` allow."""
