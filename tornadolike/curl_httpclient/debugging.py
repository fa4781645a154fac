"""What libcurl tells, for the log: what it does, and the heads that go and come."""

import logging
import re
from typing import Final

curl_log: Final = logging.getLogger("tornadolike.curl_httpclient")
"""Where it is written, at DEBUG."""

TLS_SENT: Final = 6
"""The kind of what is said in TLS."""

_DIRECTIONS: Final = {1: "<", 2: ">"}
_SECRET: Final = re.compile(
    r"((?:proxy-)?authorization|cookie|set-cookie)(\s*:\s*).*", re.IGNORECASE
)


def tell(kind: int, data: bytes) -> None:
    """Log a piece of what libcurl tells; to be its ``DEBUGFUNCTION``.

    Bodies are told by their sizes alone, and who is asking is not told.
    """
    if not curl_log.isEnabledFor(logging.DEBUG):
        return
    try:
        if kind == 0:
            curl_log.debug("* %s", _hidden(data))
        elif kind in _DIRECTIONS:
            for line in data.splitlines():
                curl_log.debug("%s %s", _DIRECTIONS[kind], _hidden(line))
        elif kind in (3, 4):
            curl_log.debug("%s %d bytes", _DIRECTIONS[kind - 2], len(data))
    except Exception:  # it would end in libcurl, and on stderr
        curl_log.exception("what curl told could not be logged")


def _hidden(line: bytes) -> str:
    return _SECRET.sub(r"\1\2...", line.decode("latin1").strip())
