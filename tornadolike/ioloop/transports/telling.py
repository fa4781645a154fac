""":class:`Telling`: how a transport calls its protocol, and what it says of a protocol that fails."""

from typing import Any

from ..core import Core


class Telling:
    """What every transport needs to speak to its protocol."""

    __slots__ = ()

    _loop: Core
    _protocol: Any

    def _tell(self, method: str, *args: Any) -> None:
        """Call the protocol's ``method``; if that fails it is reported, and nothing else changes."""
        try:
            getattr(self._protocol, method)(*args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._report(f"protocol.{method}() failed", error)

    def _report_fatal(self, method: str, error: BaseException) -> None:
        """Report that the protocol's ``method`` has failed, which the connection does not survive."""
        # A protocol that lets pass what became of its connection is not to blame.
        if not isinstance(error, ConnectionError):
            self._report(f"Fatal error: the protocol raised an exception in {method}()", error)

    def _report(self, message: str, error: BaseException) -> None:
        """Tell the loop's exception handler."""
        self._loop.call_exception_handler(
            {
                "message": message,
                "exception": error,
                "transport": self,
                "protocol": self._protocol,
            }
        )
