""":class:`CombinedLog` and :class:`JSONLog`: one line for each request."""

import json
import os
import re
import time
from datetime import UTC, datetime
from typing import Any, Final, Self

from .._native import front, install
from ..log import log_fields
from .batches import BatchedFile

MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)  # whatever the locale says

_UNSAFE: Final = re.compile(r"[^ !#-\[\]-~]")
"""What cannot stand between quotation marks in a line: they and the backslash, and what is not plain ASCII."""
_UNSAFE_IN_WORD: Final = re.compile(r"[^!#-\[\]-~]")
"""The same without quotation marks around it: no spaces either."""


class AccessLog:
    """A setting ``log_function`` that writes a line for each request into a file. To be subclassed.

    :arg file: the path of the file, which is appended to; or the number of a descriptor (1 is the standard
        output). Where the file is renamed or removed, a new one is made; that it is truncated does no harm.
    :arg flush_interval: seconds that a line waits for others at the most, to be written together with them.
    :arg flush_size: characters that need not wait any longer.
    :arg max_pending_size: characters that wait at the most, if the file does not take them. Lines that come then
        are lost, and their number is logged.
    :arg mode: permissions of a file that has to be made.

    Raises :exc:`OSError` if the file cannot be opened. Later errors are logged, once, and what waits is tried again
    until it works. Several processes, such as those of :func:`~tornadolike.process.fork_processes`, may write to
    one file.

    It is closed at the end of the program, but not by a signal that kills it: what came in the last
    ``flush_interval`` is lost then.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | int,
        *,
        flush_interval: float = 1.0,
        flush_size: int = 64 * 1024,
        max_pending_size: int = 4 * 1024 * 1024,
        mode: int = 0o640,
    ) -> None:
        self._file = BatchedFile(
            file,
            flush_interval=flush_interval,
            flush_size=flush_size,
            max_pending_size=max_pending_size,
            mode=mode,
        )
        self._write_line = self._file.write_line

    def __call__(self, handler: Any) -> None:
        """Log a request that was answered."""
        self._write_line(self.format(handler))

    def format(self, handler: Any) -> str:
        """The line for the request of ``handler``, without a line break. To be overridden.

        What comes from the client may be anything: see to it that it cannot end the line or leave its place in it.
        """
        raise NotImplementedError

    def user(self, handler: Any) -> str | None:
        """The user who asked, if that is known. To be overridden.

        By default ``current_user``, if the handler has looked at it and it is text, or text as UTF-8.
        """
        user = getattr(handler, "_current_user", None)
        if isinstance(user, bytes):
            return user.decode("utf-8", "replace")
        return user if isinstance(user, str) else None

    def flush(self, timeout: float | None = None) -> bool:
        """Write what waits; wait until that was tried, ``timeout`` seconds at the most, and return whether it was.

        It blocks, so that it is nothing for a handler.
        """
        return self._file.flush(timeout)

    def reopen(self) -> None:
        """Open the file anew, by its name, before anything else is written. A signal handler may call this.

        A rotation is noticed without it; but it makes the new file at once.
        """
        self._file.reopen()

    def close(self) -> None:
        """Write what waits, and close the file. Requests that end later are not logged. Idempotent."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class CombinedLog(front("accesslog", "HotCombined"), AccessLog):  # type: ignore[misc]
    r"""The combined format of Apache and nginx.

    .. code-block:: text

        192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "GET /a?b HTTP/1.1" 200 512 "https://a.example/" "Mozilla/5.0"

    That is: the client's address, a dash, the user, the time at which the response was ready (of the system's
    time zone), the request line, the status, the bytes of the body, ``Referer`` and ``User-Agent``. A dash stands
    for what is not known. A quotation mark, a backslash and whatever is not plain ASCII come as ``\x22``, as nginx
    writes them, so that no client can forge a line or speak to the terminal of who reads it.
    """

    _stamp = (0, "")
    """A second, and how it is written: many requests end in the same one."""

    def format(self, handler: Any) -> str:
        request = handler.request
        # Not request.headers, which this would be the first to need, as a rule.
        fields = request._fields
        referer = fields.get("Referer", "-")
        agent = fields.get("User-Agent", "-")
        ip = request.remote_ip or "-"
        user = self.user(handler) or "-"
        asked = f"{request.method} {handler.logged_uri} {request.version}"
        answered = f"{handler._status_code} {handler.body_size}"
        line = f'{ip} - {user} {self._now()} "{asked}" {answered} "{referer}" "{agent}"'
        # As a rule nothing in it has to be escaped, and one look at all of it is enough.
        if (
            line.count('"') == 6
            and "\\" not in line
            and line.isprintable()
            and " " not in user
            and " " not in ip
            and type(referer) is type(agent) is str
        ):
            return line
        return (
            f"{_word(ip)} - {_word(user)} {self._now()} "
            f'"{_escaped(asked)}" {answered} "{_escaped(referer)}" "{_escaped(agent)}"'
        )

    def _now(self) -> str:
        second = int(time.time())
        known, stamp = self._stamp
        if second != known:
            stamp = clock_stamp(time.localtime(second))
            self._stamp = (second, stamp)
        return stamp


install("accesslog", CombinedLog.format, AccessLog.user)


class JSONLog(AccessLog):
    """A JSON object for each request, on a line of its own, all of it ASCII.

    .. code-block:: json

        {"time": "1994-11-06T08:49:37.125+00:00", "remote_ip": "192.0.2.1", "user": null, "method": "GET",
         "host": "a.example", "uri": "/a?b", "version": "HTTP/1.1", "status": 200, "bytes": 512,
         "seconds": 0.000125, "referer": "https://a.example/", "user_agent": "Mozilla/5.0", "route": "/a",
         "request_id": "3f0c"}

    ``route`` is the pattern of the handler's rule; null if there is none. Behind it comes what is known of the request
    besides (:func:`~tornadolike.log.add_log_field`).
    """

    def format(self, handler: Any) -> str:
        return json.dumps(self.record(handler))

    def record(self, handler: Any) -> dict[str, Any]:
        """What is said about the request of ``handler``. To be extended."""
        request = handler.request
        headers = request.headers
        return {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "remote_ip": request.remote_ip,
            "user": self.user(handler),
            "method": request.method,
            "host": request.host,
            "uri": handler.logged_uri,
            "version": request.version,
            "status": handler.get_status(),
            "bytes": handler.body_size,
            "seconds": round(request.request_time(), 6),
            "referer": headers.get("Referer"),
            "user_agent": headers.get("User-Agent"),
            "route": getattr(handler, "logged_route", None),
            **log_fields(),
        }


def clock_stamp(now: time.struct_time) -> str:
    """A time as the combined format has it."""
    sign = "-" if now.tm_gmtoff < 0 else "+"
    hours, minutes = divmod(abs(now.tm_gmtoff) // 60, 60)
    return (
        f"[{now.tm_mday:02}/{MONTHS[now.tm_mon - 1]}/{now.tm_year}"
        f":{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} {sign}{hours:02}{minutes:02}]"
    )


def _escaped(value: str | list[str]) -> str:
    return _UNSAFE.sub(_escape, value if isinstance(value, str) else ",".join(value))


def _word(value: str) -> str:
    return _UNSAFE_IN_WORD.sub(_escape, value)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
