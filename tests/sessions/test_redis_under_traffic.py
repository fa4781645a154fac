"""A Redis server is killed, comes back, is frozen and goes on, while visitors go on as well."""

import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PATIENCE
from tests.sessions.browser import SECRET, Browser, rules
from tests.stores import servers
from tests.web.helpers import Connection
from tornadolike.middleware import RateLimit
from tornadolike.sessions import Sessions
from tornadolike.stores import RedisStore

VISITORS = 6
KEPT = ("--appendonly", "yes", "--appendfsync", "always")


def count(handler: Any) -> list[Any]:
    session, name = handler.session, handler.get_argument("name")
    session["name"] = session.get("name", name)
    session["count"] = session.get("count", 0) + 1
    return [session["name"], session["count"]]


class Visitor(threading.Thread):
    """Counts in his session again and again, and looks whether it is his, and goes on from what he was told."""

    def __init__(self, site: Any, name: str) -> None:
        super().__init__()
        self.browser = Browser(site)
        self.visitor = name
        self.told = 0
        self.wrong: list[Any] = []
        self.enough = threading.Event()
        self.statuses = {200: threading.Event(), 503: threading.Event()}

    def run(self) -> None:
        with Connection(self.browser.site.server) as connection:
            while not self.enough.is_set():
                path = f"GET /count?name={self.visitor}"
                answer = connection.ask(path, *self.browser.fields())
                self.browser.take(answer)
                if answer.status == 200:
                    name, told = answer.json[""]
                    if name != self.visitor or told <= self.told:
                        self.wrong.append((name, told, self.told))
                    self.told = told
                if answer.status in self.statuses:
                    self.statuses[answer.status].set()
                else:
                    self.wrong.append((answer.status, answer.text))


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_everybody_keeps_his_own(
    site: Callable[..., Any], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    store = RedisStore(servers.address_in(tmp_path), timeout=0.3)
    here = site(
        *rules({"count": count}),
        middleware=[Sessions(store), RateLimit("1000000/second", store=store)],
        cookie_secret=SECRET,
    )
    visitors = [Visitor(here, str(number)) for number in range(VISITORS)]

    def wait_for(status: int) -> None:
        """Until everybody was answered so, anew."""
        for visitor in visitors:
            visitor.statuses[status].clear()
        for visitor in visitors:
            assert visitor.statuses[status].wait(PATIENCE), visitor.wrong

    with expect_log("tornadolike.general", "503 GET|cannot be kept|limit"):
        with servers.process(tmp_path, *KEPT):
            for visitor in visitors:
                visitor.start()
            wait_for(200)
        try:
            wait_for(503)  # it was killed
            with servers.process(tmp_path, *KEPT) as server:
                wait_for(200)
                server.send_signal(signal.SIGSTOP)
                wait_for(503)
                server.send_signal(signal.SIGCONT)
                wait_for(200)
                for visitor in visitors:
                    visitor.enough.set()
                for visitor in visitors:
                    visitor.join(PATIENCE)
        finally:
            for visitor in visitors:
                visitor.enough.set()
                visitor.join(PATIENCE)
        here.server.call(store.close)
    assert [visitor.wrong for visitor in visitors if visitor.wrong] == []
    assert len({tuple(visitor.browser.cookies.items()) for visitor in visitors}) == VISITORS
