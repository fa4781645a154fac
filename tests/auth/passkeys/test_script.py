"""The pages' script, as a file that is served."""

from collections.abc import Callable

from tests.web.helpers import Site
from tornadolike.auth.passkeys import SCRIPT, PasskeyScript


def test_it_is_served(site: Callable[..., Site]) -> None:
    served = site(("/passkeys.js", PasskeyScript))
    answer = served.ask("GET /passkeys.js")
    assert answer.text == SCRIPT
    assert answer.header("Content-Type") == "text/javascript; charset=utf-8"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    again = served.ask("GET /passkeys.js", f"If-None-Match: {answer.header('Etag')}")
    assert (again.status, again.body) == (304, b"")
    assert served.ask("HEAD /passkeys.js").header("Content-Length") == str(len(SCRIPT.encode()))
