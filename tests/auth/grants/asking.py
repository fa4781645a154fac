"""A provider without sockets: it gives the answers that a test has written down, by the clock of the test."""

import asyncio
import json
from io import BytesIO

from tornadolike.auth.providers.github import GitHub
from tornadolike.httpclient import HTTPRequest, HTTPResponse


class Scripted:
    """In the place of an HTTP client.

    :arg answers: an object (a 200), a pair of a status and one, or an exception, each for one request. The last is
        given to all that come later.
    :arg seconds: that each takes.
    """

    def __init__(self, *answers, seconds=0.0):
        self.answers = list(answers)
        self.seconds = seconds
        self.forms = []
        self.urls = []
        self.headers = []
        self.times = []

    async def fetch(self, url, **options):
        self.urls.append(url)
        self.forms.append(options.get("form"))
        self.headers.append(options.get("headers"))
        self.times.append(asyncio.get_running_loop().time())
        if self.seconds:
            await asyncio.sleep(self.seconds)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        return HTTPResponse(HTTPRequest(url), status, buffer=BytesIO(json.dumps(content).encode()))

    @property
    def waited(self):
        """Seconds between the requests."""
        return [later - before for before, later in zip(self.times, self.times[1:], strict=False)]


def provider_of(*answers, seconds=0.0):
    """A provider, and what it is asked by."""
    client = Scripted(*answers, seconds=seconds)
    return GitHub("the-client", "the-secret", http_client=client), client


def refusal(error, status=400, **more):
    return status, {"error": error, **more}
