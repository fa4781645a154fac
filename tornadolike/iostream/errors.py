"""What is raised when a stream has ended."""


class StreamClosedError(IOError):
    """The stream was closed while something was to be read from or written to it.

    ``real_error`` is the exception that ended it, None if nobody's fault ended it.
    """

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__("Stream is closed")
        self.real_error = real_error
