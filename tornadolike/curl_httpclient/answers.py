""":class:`CurlAnswer`: a response as it comes from libcurl."""

from typing import Final

from ..httpclient.engine import Answer
from ..httpclient.feeding import FedAnswer, Source
from .heads import Head

AHEAD_LIMIT: Final = 1024 * 1024
"""Bytes of a body that are taken from libcurl before anybody asks for them. (It is slow to stop and to go on.)"""


class CurlAnswer(FedAnswer):
    """The answer to one request; its transfer feeds it, from within libcurl: so nobody is called at once."""

    __slots__ = ()

    def __init__(self, source: Source, head: Head) -> None:
        super().__init__(source, head.version, head.status, head.reason, head.headers, AHEAD_LIMIT)

    @property
    def full(self) -> bool:
        """Whether there is no room for more."""
        return self._full

    pour = Answer.pour
