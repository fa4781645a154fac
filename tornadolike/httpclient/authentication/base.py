""":class:`Auth`: what every way to say who is asking has in common."""

from abc import ABC, abstractmethod

from ...httputil import HTTPHeaders
from ..engine import Hop


class Auth(ABC):
    """Says who is asking. To be subclassed; no method may block.

    .. code-block:: python

        from tornadolike.httpclient import Auth

        class KeyAuth(Auth):
            def __init__(self, key):
                self.key = key

            def sign(self, hop):
                hop.headers["X-API-Key"] = self.key

    One object may serve many requests, even at the same time.
    """

    async def prepare(self, hop: Hop) -> None:  # noqa: B027 - most have nothing to wait for
        """Wait for what :meth:`sign` needs, such as a token that has to be renewed. Called before it, each time.

        What it waits counts for the ``request_timeout``. What it raises comes out of the fetch. A fetch that ends
        meanwhile cancels it: what it does for others too belongs in a task of its own.
        """

    @abstractmethod
    def sign(self, hop: Hop) -> None:
        """Add to ``hop.headers`` what says who is asking. Called before each request is sent, and sent again."""

    def answered(self, hop: Hop, status: int, headers: HTTPHeaders, tries: int) -> bool:
        """Look at the head of the answer. Returns whether to sign and send the request again; by default not.

        :arg hop: the request that was signed.
        :arg tries: how often it was sent again for this reason already; after three times that is the end.
        """
        return False
