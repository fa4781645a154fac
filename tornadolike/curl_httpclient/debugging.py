"""What libcurl tells, for the log: what it does, and the heads that go and come."""

import logging
import re
from typing import Final

log: Final = logging.getLogger("tornadolike.curl_httpclient")
"""Where it is written, at DEBUG."""

_DIRECTIONS: Final = {1: "<", 2: ">"}
_SECRET: Final = re.compile(
    r"((?:proxy-)?authorization|cookie|set-cookie)(\s*:\s*).*", re.IGNORECASE
)


def tell(kind: int, data: bytes) -> None:
    """Log a piece of what libcurl tells; to be its ``DEBUGFUNCTION``.

    Bodies are told by their sizes alone, and who is asking is not told.
    """
    try:
        if kind == 0:
            log.debug("* %s", _hidden(data))
        elif kind in _DIRECTIONS:
            for line in data.splitlines():
                log.debug("%s %s", _DIRECTIONS[kind], _hidden(line))
        elif kind in (3, 4):
            log.debug("%s %d bytes", _DIRECTIONS[kind - 2], len(data))
    except Exception:  # it would end in libcurl, and on stderr
        log.exception("what curl told could not be logged")


def _hidden(line: bytes) -> str:
    return _SECRET.sub(r"\1\2...", line.decode("latin1").strip())
