"""Browsers that are known. (What that is for: test_throttling.)"""

from typing import Any

from tests.web.helpers import make_handler
from tornadolike.auth.accounts.devices import Devices

SECRET = "5f2b7d0c94e84ad1b3a6e0f7c8d91e25"
ANN, BOB = "0123456789abcdef" * 2, "fedcba9876543210" * 2
# Another account, whose cookie has the same name.
NEAR_ANN = ANN[:8] + "0" * 24


def asking(cookie: str = "") -> Any:
    headers = {"Cookie": cookie} if cookie else {}
    return make_handler(headers=headers, settings={"cookie_secret": SECRET})


def remembered(devices: Devices, account: str) -> str:
    handler = asking()
    devices.remember(handler, account)
    handler.finish()
    told: str = handler.request.connection.headers["Set-Cookie"]
    return told


def test_who_is_known_where() -> None:
    devices = Devices("login", 90)
    told = remembered(devices, ANN)
    assert told.startswith("login_01234567=")
    assert ANN not in told
    cookie = told.partition(";")[0]
    identifier = devices.known(asking(cookie), ANN)
    assert identifier is not None
    assert len(identifier) == 32
    assert devices.known(asking(cookie), BOB) is None
    assert devices.known(asking(cookie), NEAR_ANN) is None
    assert devices.known(asking(), ANN) is None
    assert devices.known(asking(cookie), ANN) == identifier
    assert devices.known(asking(remembered(devices, ANN).partition(";")[0]), ANN) != identifier


def test_nobody_else_makes_one() -> None:
    devices = Devices("login", 90)
    cookie = remembered(devices, ANN).partition(";")[0]
    changed = cookie[:-1] + ("A" if cookie[-1] != "A" else "B")
    for forged in (changed, cookie[:40], "login_01234567=", f"login_01234567={ANN}:x"):
        assert devices.known(asking(forged), ANN) is None
    other = make_handler(headers={"Cookie": cookie}, settings={"cookie_secret": SECRET[::-1]})
    assert devices.known(other, ANN) is None


def test_several_in_one_browser() -> None:
    devices = Devices("login", 90)
    cookies = [remembered(devices, account).partition(";")[0] for account in (ANN, BOB)]
    handler = asking("; ".join(cookies))
    assert devices.known(handler, ANN)
    assert devices.known(handler, BOB)


def test_what_other_cookies_have() -> None:
    handler = asking()
    for content in (b"", b"\xff\xfe", ANN.encode(), f"{ANN}:".encode(), b":" * 10):
        handler.set_encrypted_cookie("login_01234567", content)
        value = handler.create_encrypted_value("login_01234567", content)
        assert Devices("login", 90).known(asking(f"login_01234567={value}"), ANN) is None
