"""A site with all that a site has, told to stop while many ask: nobody who was accepted is forgotten.

Then it is started again, with the same store, and every session is what its visitor was told last.
"""

import contextlib
import http.client
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PATIENCE
from tests.stores import servers

SITE = """\
import asyncio, collections, logging, os, signal, sys
from tornadolike.middleware import RateLimit, RequestID, SecurityHeaders
from tornadolike.netutil import bind_sockets
from tornadolike.sessions import Sessions
from tornadolike.stores import RedisStore, SQLiteStore
from tornadolike.web import Application, RequestHandler

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
kind, where = sys.argv[-2:]
store = {"cookie": lambda: None, "sqlite": lambda: SQLiteStore(where), "redis": lambda: RedisStore(where)}[kind]()
jobs = collections.Counter()

class Count(RequestHandler):
    async def get(self):
        say("begun", self.get_argument("id"))
        await asyncio.sleep(0.002)
        count = self.session["count"] = self.session.get("count", 0) + 1
        self.run_in_background(job)
        self.write(str(count))

class Look(RequestHandler):
    def get(self):
        self.write(str(self.session.get("count", 0)))

class Stream(RequestHandler):
    async def get(self):
        say("begun", self.get_argument("id"))
        async def pieces():
            for _ in range(5):
                yield "piece "
                await asyncio.sleep(0.001)
        await self.stream(pieces())

class Events(RequestHandler):
    async def get(self):
        async with self.event_stream() as events:
            while not events.closed:
                await events.send("tick")
                await asyncio.sleep(0.01)

async def job():
    jobs["begun"] += 1
    try:
        await asyncio.sleep(0.01 if jobs["begun"] % 10 else 3600)
        jobs["finished"] += 1
    except asyncio.CancelledError:
        jobs["cancelled"] += 1
        raise

middleware = [RequestID(), SecurityHeaders(), RateLimit("1000000/second"), Sessions(store)]
rules = [("/", Count), ("/look", Look), ("/stream", Stream), ("/events", Events)]
app = Application(
    rules, middleware=middleware, cookie_secret="one that stays the same for both",
    log_function=lambda handler: None, background_stop_seconds=0.2, background_max_waiting=100000,
    background_max_running=100000,
)
sockets = bind_sockets(0, "127.0.0.1")
app.on("application.started", lambda application: say("port", sockets[0].getsockname()[1]))
app.run(sockets=sockets)
say("jobs", jobs["begun"], jobs["finished"], jobs["cancelled"])
"""
VISITORS, STREAMS = 8, 2


class Client:
    """Asks on one connection, again and again, until it is told that there will be no more."""

    def __init__(self, port: int, name: str, path: str) -> None:
        self.name, self.path, self.port = name, path, port
        self.cookie = ""
        self.answered: list[str] = []
        self.last = "0"
        self.cut: list[str] = []
        self.warm = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            for number in range(1_000_000):
                name = f"{self.name}.{number}"
                try:
                    response = self.ask(connection, f"{self.path}?id={name}")
                except (ConnectionError, http.client.BadStatusLine):
                    return  # closed before it had said a word
                try:
                    said = response.read().decode()
                except (http.client.HTTPException, OSError):
                    self.cut.append(name)
                    return
                if response.status != 200:
                    self.cut.append(f"{name}: {response.status}")
                self.answered.append(name)
                self.last = said
                if number == 5:
                    self.warm.set()
                if response.will_close:
                    return

    def ask(self, connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
        connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        response = connection.getresponse()
        if self.path == "/events":  # one answer for ever
            self.warm.set()
        if field := response.headers["Set-Cookie"]:
            self.cookie = field.partition(";")[0]
        return response


@pytest.mark.parametrize("kind", ["cookie", "sqlite", "redis"])
def test_nobody_is_forgotten(run_program: Any, tmp_path: Path, kind: str) -> None:
    with contextlib.ExitStack() as stack:
        where = str(tmp_path / "sessions.db")
        if kind == "redis":
            if not shutil.which("redis-server"):
                pytest.skip("redis-server is not installed")
            (tmp_path / "redis").mkdir()
            where = stack.enter_context(servers.running(tmp_path / "redis"))
        program = run_program(SITE, kind, where)
        port = int(program.wait_for("port"))
        paths = ["/"] * VISITORS + ["/stream"] * STREAMS + ["/events"] * STREAMS
        clients = [Client(port, str(number), path) for number, path in enumerate(paths)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(program.end()[1]))
        reader.start()
        for client in clients:
            assert client.warm.wait(PATIENCE)
        program.tell(signal.SIGTERM)
        for thread in [*threads, reader]:
            thread.join(PATIENCE)
        assert program.process.wait(PATIENCE) == 0

        # requests: what was begun was answered, and whole
        assert [client.cut for client in clients if client.cut] == []
        begun = sorted(line.split()[1] for line in said if line.startswith("begun"))
        answered = [
            name for client in clients if client.path != "/events" for name in client.answered
        ]
        assert sorted(answered) == begun
        # streams of events were ended, not cut
        assert all(client.last.endswith("\n\n") for client in clients if client.path == "/events")
        # jobs: each has come to an end; those that were there by then have a line of their own
        begun_jobs, finished, cancelled = map(int, said[-1].removeprefix("jobs ").split())
        assert (
            begun_jobs
            == finished + cancelled
            == sum(map(len, (c.answered for c in clients[:VISITORS])))
        )
        assert cancelled == begun_jobs // 10
        lines = [line for line in said if line.startswith("The background job job is cancelled")]
        assert len(lines) == cancelled
        assert not any("Traceback" in line or "rror" in line for line in said)

        # sessions: what the visitor was told last is what is there
        program = run_program(SITE, kind, where)
        port = int(program.wait_for("port"))
        for client in clients[:VISITORS]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            with contextlib.closing(connection):
                now = client.ask(connection, "/look").read().decode()
            assert now == client.last == str(len(client.answered))
        program.tell(signal.SIGTERM)
        assert program.end()[0] == 0
