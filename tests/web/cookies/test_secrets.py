"""Secrets: which can be guessed, and what is said of them and when."""

import asyncio
import logging
import secrets as random
from collections.abc import Callable
from inspect import isawaitable
from pathlib import Path
from typing import Any

import pytest

from tests.running import on_every_loop
from tests.web.helpers import Site
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler
from tornadolike.web.cookies.secrets import (
    checked_secrets,
    secrets_of,
    weakness,
)

GOOD = "3c6e0b8a9c15224a8228b9a98ca1531d"
OTHER = "b1946ac92492d2347c6235b4d2611184"

WEAK = [
    ("short", "less than 16"),
    ("0123456789abcde", "less than 16"),
    ("x" * 32, "different"),
    ("abab" * 20 + "cd", "different"),
    ("0123456789" * 2, "again and again"),
    ("secret " * 5, "again and again"),
    ("secret secret secre", "again and again"),
    ("0123456789abcdef", "examples"),
    # Tornado's demos, now and before, and books and answers that had it from there
    ("__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__", "examples"),
    ("11oETzKXQAGaYdkL5gEmGeJJFuYh7EQnp2XdTP1o/Vo=", "examples"),
    ("61oETzKXQAGaYdkL5gEmGeJJFuYh7EQnp2XdTP1o/Vo=", "examples"),
    ("43oETzKXQAGaYdkL5gEmGeJJFuYh7EQnp2XdTP1o/Vo=", "examples"),
    ("bZJc2sWbQLKos6GkHn/VB9oXwQt8S0R0kRvJ5/xJ89E=", "examples"),
    # our documentation's
    ("made by: python -m tornadolike secret", "examples"),
    ("made by: python -c 'import secrets; print(secrets.token_hex())'", "examples"),
    ("a text of your own that nobody can guess", "examples"),
    # everybody's
    ("change-me-in-production", "examples"),
    ("<your cookie secret>", "examples"),
    ("this_is_my_secret_key", "examples"),
    ("SuperSecretKey12345", "examples"),
]


@pytest.mark.parametrize(("secret", "fault"), WEAK)
def test_what_can_be_guessed(secret: str, fault: str) -> None:
    told = weakness(secret.encode())
    assert told is not None
    assert fault in told
    for given in (secret, secret.encode(), [GOOD, secret]):
        with pytest.raises(ValueError, match=f"It: .*{fault}.*python -m tornadolike secret") as e:
            checked_secrets(given, "It")
        assert secret not in str(e.value)


def test_what_cannot() -> None:
    made = [
        make(size)
        for make in (random.token_hex, random.token_urlsafe, random.token_bytes)
        for size in (16, 24, 32, 64)
        for _ in range(200)
    ]
    for secret in made:
        as_bytes = secret.encode() if isinstance(secret, str) else secret
        assert weakness(as_bytes) is None, secret
    # People's own are as good as they are.
    assert weakness("Frösche im Regen, vier Stück".encode()) is None


def test_several() -> None:
    assert checked_secrets(GOOD, "It") == (GOOD.encode(),)
    assert checked_secrets([GOOD, OTHER.encode()], "It") == (GOOD.encode(), OTHER.encode())
    keys = {1: GOOD, 2: OTHER}
    assert checked_secrets(keys, "It", 2) == (OTHER.encode(), GOOD.encode())
    for wrong, number, error, text in (
        ([], None, ValueError, "It, and needs a secret: the list"),
        ("", None, ValueError, "less than 16"),
        (keys, None, ValueError, "It: there is no secret of key_version None"),
        (keys, 3, ValueError, "no secret of key_version 3"),
        (7, None, TypeError, "not int"),
        (None, None, TypeError, "not NoneType"),
        ([GOOD, None], None, TypeError, "NoneType in its place"),
    ):
        with pytest.raises(error, match=text):
            checked_secrets(wrong, "It", number)  # type: ignore[arg-type]


def test_those_of_settings() -> None:
    assert secrets_of({"cookie_secret": GOOD}, "It") == (GOOD.encode(),)
    settings: dict[str, Any] = {"cookie_secret": {1: GOOD, 2: OTHER}, "key_version": 2}
    assert secrets_of(settings, "It") == (OTHER.encode(), GOOD.encode())
    for wrong in ({}, {"cookie_secret": None}, {"cookie_secret": {}}):
        with pytest.raises(RuntimeError, match=r"It, and needs.*python -m tornadolike secret"):
            secrets_of(wrong, "It")
    for number in (None, 3):
        with pytest.raises(RuntimeError, match="needs the setting key_version"):
            secrets_of(settings | {"key_version": number}, "It")


WAYS: dict[str, Callable[[Application, Path], Any]] = {
    "app.listen": lambda app, path: app.listen(0, "127.0.0.1"),
    "app.listen_unix": lambda app, path: app.listen_unix(path / "socket"),
    "app.serve": lambda app, path: app.serve(0, "127.0.0.1"),
    "server.listen": lambda app, path: HTTPServer(app).listen(0, "127.0.0.1"),
    "server.listen_unix": lambda app, path: HTTPServer(app).listen_unix(path / "socket"),
    "server.bind": lambda app, path: HTTPServer(app).bind(0, "127.0.0.1"),
}


@pytest.mark.parametrize("secret", ["secret", b"secret", {1: GOOD, 2: "secret"}])
@pytest.mark.parametrize("way", WAYS)
@on_every_loop
async def test_an_application_is_not_served_with_one(
    secret: Any, way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application(cookie_secret=secret)  # which may stay at home, as those of tests do
    assert not caplog.records
    with pytest.raises(ValueError, match=r"cookie_secret: .*less than 16.*tornadolike secret"):
        await awaited(WAYS[way](app, tmp_path))
    assert not list(tmp_path.iterdir())


async def awaited(result: Any) -> None:
    if isawaitable(result):
        await result


def test_nor_run_with_one() -> None:
    """It is looked at before anything begins."""
    began: list[bool] = []
    app = Application(cookie_secret="secret")
    app.on_startup(lambda: began.append(True))
    with pytest.raises(ValueError, match="can be guessed"):
        app.run(0, "127.0.0.1")
    assert not began


@on_every_loop
async def test_one_that_came_later_is_looked_at_too() -> None:
    app = Application(cookie_secret=GOOD)
    app.settings["cookie_secret"] = "secret"
    with pytest.raises(ValueError, match="can be guessed"):
        app.listen(0, "127.0.0.1")


@pytest.mark.parametrize("own_socket", [False, True])
@on_every_loop
async def test_at_the_desk_it_is_one_warning(
    own_socket: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application(cookie_secret={1: "secret", 2: "other", 3: GOOD}, debug=True)
    with caplog.at_level(logging.WARNING):
        sockets = bind_sockets(0, "127.0.0.1") if own_socket else None
        serving = asyncio.create_task(app.serve(0, "127.0.0.1", sockets=sockets))
        while not caplog.records and not serving.done():
            await asyncio.sleep(0)
        await app.stop()
        await serving
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "python -m tornadolike secret makes a good one" in record.getMessage()


def test_an_application_starts_with_a_good_one(caplog: pytest.LogCaptureFixture) -> None:
    for secret in ("", None, GOOD, OTHER.encode(), {1: GOOD, 2: OTHER}):
        Application(cookie_secret=secret)
    assert not caplog.records
    with pytest.raises(TypeError, match="there is a list in its place"):
        Application(cookie_secret={1: [GOOD]})


def test_at_the_desk_a_weak_one_signs_and_does_not_encrypt(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Signed(RequestHandler):
        def get(self) -> None:
            self.set_signed_cookie("a", "b")

    class Encrypted(RequestHandler):
        def get(self) -> None:
            self.set_encrypted_cookie("a", "b")

    made = site(("/signed", Signed), ("/encrypted", Encrypted), cookie_secret="s", debug=True)
    assert made.ask("GET /signed").status == 200
    with expect_log("tornadolike.application", "Uncaught", count=1) as log:
        assert made.ask("GET /encrypted").status == 500
    assert "can be guessed" in str(log.matched[0].exc_info)
