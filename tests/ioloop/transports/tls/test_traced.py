"""What a peer can put into a trace."""

from types import SimpleNamespace
from typing import Any

import pytest

from tornadolike.ioloop.transports.tls.traced import alpn_of


def undecodable() -> str:
    return b"\xff\n".decode("ascii")


@pytest.mark.parametrize(
    ("choose", "told"),
    [
        (lambda: None, None),
        (lambda: "http/1.1", "http/1.1"),
        (lambda: "h2\nconnection 1 closed", "'h2\\nconnection 1 closed'"),
        (undecodable, "b'\\xff\\n'"),
    ],
)
def test_what_the_server_has_chosen(choose: Any, told: str | None) -> None:
    ssl_object: Any = SimpleNamespace(selected_alpn_protocol=choose)
    assert alpn_of(ssl_object) == told
