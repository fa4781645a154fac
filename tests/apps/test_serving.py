"""What all demos do around their application."""

import pytest

from demos import serving

from .conftest import running


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
