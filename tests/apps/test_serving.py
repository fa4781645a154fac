"""What all demos do around their application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from demos import serving
from tornadolike.web import Application

from .conftest import free_port, running


def test_a_taken_port_is_passed_over() -> None:
    with running("helloworld") as first, running("helloworld", port=first.port) as second:
        assert second.port > first.port
        assert second.said[0] == f"Port {first.port} is taken; using {second.port}."


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_must_be_one(
    port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from demos.chat.app import chat

    monkeypatch.setattr("sys.argv", ["chat", "--port", port])
    with pytest.raises(SystemExit) as stopped:
        serving.main("Chat", chat)
    assert stopped.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_a_secret_that_can_be_guessed_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no address, as nobody is served there."""

    @asynccontextmanager
    async def weak() -> AsyncIterator[Application]:
        yield Application(cookie_secret="secret")

    monkeypatch.setattr("sys.argv", ["blog", "--port", str(free_port())])
    assert serving.main("Blog", weak) == 1
    out, err = capsys.readouterr()
    assert "-m tornadolike secret" in err
    assert "http://" not in out
