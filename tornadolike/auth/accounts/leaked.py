""":class:`LeakedPasswords`: asks a list of passwords that were stolen, which does not learn for which one.

The list is sorted by SHA-1. It is asked for all of which the hash begins with the same five digits, some thousand, and
what it answers is compared here: so it knows one of a million passwords by what it is asked. The protocol is that of
`Have I Been Pwned <https://haveibeenpwned.com/API/v3#PwnedPasswords>`_, which others speak, too.
"""

import hashlib
from typing import Final

from ...httpclient import AsyncHTTPClient, HTTPClientError
from ...log import Seldom, gen_log
from ..arguments import check_client, check_duration, check_text

URL: Final = "https://api.pwnedpasswords.com/range/"
TIMEOUT: Final = 2.0
"""Seconds that the list has for an answer."""
MAX_ANSWER: Final = 1024 * 1024
"""Bytes."""
_SHOWN: Final = 5
_NOT_FOUND: Final = 404


class LeakedPasswords:
    """Whether a password was stolen elsewhere: ``PasswordRules(leaked=LeakedPasswords())``.

    :arg url: of the list: the first five digits are put behind it.
    :arg timeout: seconds that it has for an answer.
    :arg http_client: what asks; None: the loop's client.

    A list that does not answer knows nothing: the password may be chosen, and the log tells, once a minute. Raises
    :exc:`TypeError` and :exc:`ValueError` for arguments that are of no use.
    """

    def __init__(
        self,
        url: str = URL,
        *,
        timeout: float = TIMEOUT,
        http_client: AsyncHTTPClient | None = None,
    ) -> None:
        check_text(url=url)
        check_duration(timeout=timeout)
        check_client(http_client)
        self._url = url
        self._timeout = timeout
        self._http_client = http_client
        self._complaints = Seldom(gen_log)

    async def __call__(self, password: str) -> bool:
        """Whether the list has it."""
        data = password.encode(errors="surrogatepass")
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()
        try:
            listed = await self._ask(digest[:_SHOWN])
        except (HTTPClientError, OSError) as error:
            self._complaints.warning("The list of leaked passwords does not answer: %s", error)
            return False
        for line in listed.split():
            rest, _, count = line.partition(b":")
            # What pads an answer, so that its length tells nothing, was stolen 0 times.
            if rest.upper() == digest[_SHOWN:].encode() and count != b"0":
                return True
        return False

    async def _ask(self, begin: str) -> bytes:
        client = self._http_client or AsyncHTTPClient()
        response = await client.fetch(
            self._url + begin,
            headers={"Add-Padding": "true"},
            request_timeout=self._timeout,
            max_body_size=MAX_ANSWER,
            follow_redirects=False,
            raise_error=False,
        )
        if response.code == _NOT_FOUND:  # some have nothing to say then
            return b""
        response.rethrow()
        return response.body
