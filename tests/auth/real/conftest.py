"""A certified OpenID provider in a process of its own, and a browser that knows only this machine."""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.auth.real.site import Site
from tornadolike.auth.openid import keeping

HERE = Path(__file__).parent / "provider"
PATIENCE = 60.0
OLDEST_NODE = 20
WHERE = "OIDC_PROVIDER"
HOW = (
    f"{WHERE} names no folder with the provider; make one: "
    f"cp tests/auth/real/provider/package*.json FOLDER; npm ci --prefix FOLDER; {WHERE}=FOLDER"
)


class Provider:
    """The provider, and what it is told (``provider/provider.mjs`` says what there is to tell)."""

    def __init__(self, folder: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "provider.mjs"), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it warns of what is only for tests
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="provider")
        self._reader.start()
        self.issuer: str = self._answer()["issuer"]

    def _read(self) -> None:
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _answer(self) -> dict[str, Any]:
        line = self._answers.get(timeout=PATIENCE)
        assert line, "the provider has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def tell(self, **change: Any) -> dict[str, Any]:
        """Change something, and return what it answers when that is in force."""
        self._process.stdin.write(json.dumps(change) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def asked(self, path: str) -> int:
        """How often it was asked for this."""
        count: int = self.tell()["asked"].get(path, 0)
        return count

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._process.stdout.close()


@pytest.fixture(scope="session")
def provider_process() -> Iterator[Provider]:
    """The one that all tests ask: it takes a while to start."""
    folder = os.environ.get(WHERE)
    if not folder or not shutil.which("node"):
        pytest.skip(HOW)
    version = subprocess.check_output(["node", "--version"], text=True)
    if int(version.strip().lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"the provider needs node {OLDEST_NODE}, and this is {version}")
    provider = Provider(folder)
    yield provider
    provider.end()


@pytest.fixture
def provider(provider_process: Provider) -> Iterator[Provider]:
    """The provider; what a test has told it is forgotten afterwards, but for the keys."""
    yield provider_process
    provider_process.tell(clients=[], hold=[], fail=[])


@pytest.fixture
def make(provider: Provider, serve: Any) -> Callable[..., Site]:
    """``make(**options)``: a :class:`Site` whose users sign in with the provider."""

    def site(**options: Any) -> Site:
        return Site(provider, serve, **options)

    return site


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``later(seconds)``: so much time goes by for what is kept of a provider, and for nothing else."""
    passed = [0.0]
    monkeypatch.setattr(keeping, "monotonic", lambda: time.monotonic() + sum(passed))
    return passed.append


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """One Chromium for all, which finds nobody but this machine."""
    from tests.chromium import chromium

    with chromium(
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--lang=en"
    ) as driver:
        yield driver


@pytest.fixture
def window(driver: Any) -> Iterator[Any]:
    """It, without what earlier tests have left in it."""
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    first = driver.current_window_handle
    yield driver
    for window in driver.window_handles:
        if window != first:
            driver.switch_to.window(window)
            driver.close()
    driver.switch_to.window(first)
    with contextlib.suppress(Exception):
        driver.get("about:blank")
