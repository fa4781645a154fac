"""``python -m tornadolike bench``."""

import asyncio
import json
import socket
import threading

import pytest

from tests.running import run_on
from tornadolike.cli import main
from tornadolike.cli.benching.load import Load, measure
from tornadolike.httpclient.addresses import parse_url
from tornadolike.ioloop import IOLoop
from tornadolike.web import Application, RequestHandler

SITE = """
from tornadolike.web import Application
app = Application()
@app.on_startup
def begin(): app.settings["begun"] = True
@app.on_shutdown
def end(): open("ended", "w").close()
@app.get("/begun")
def begun(handler): return str(app.settings.get("begun"))
@app.post("/echo")
def echo(handler): return handler.request.body + handler.request.headers["X-A"].encode()
"""


@pytest.fixture
def bench(project, capsys):
    """Runs the command; returns its status and what it said."""
    project(site_b=SITE, broken="1 / 0")

    def run(*arguments):
        status = main(["bench", *map(str, arguments)])
        return status, *capsys.readouterr()

    return run


@pytest.mark.slow
def test_an_application(bench, tmp_path):
    status, out, _ = bench("site_b", "--path", "/begun", "-n", 50, "-c", 3, "-t", 60)
    assert status == 0
    assert "responses    50, " in out
    assert "statuses     200: 50" in out
    assert "latency, ms  min " in out
    assert "coordinated omission" in " ".join(out.split())
    assert (tmp_path / "ended").exists()


@pytest.mark.slow
def test_for_programs(bench):
    arguments = ("-d", "body", "-H", "X-A: b", "-n", 64, "--pipeline", 8, "-c", 2, "-t", 60)
    status, out, _ = bench("site_b:app", "--path", "/echo", "--json", *arguments)
    facts = json.loads(out)
    assert status == 0
    assert facts["statuses"] == {"200": 64}
    assert facts["failures"] == {}
    assert 0 < facts["latency"]["min"] <= facts["latency"]["50%"] <= facts["latency"]["max"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["broken"], "broken cannot be loaded: ZeroDivisionError"),
        (["nowhere"], "there is no module 'nowhere'"),
        (["site_b", "--path", "x"], "--path begins with a slash"),
        (["ftp://x/"], "http://"),
        (["localhost:80/x"], "as http://localhost:80/x"),
        (["http://127.0.0.1:1/", "-c", "0"], "it is a number from 1"),
        (["http://127.0.0.1:1/", "-t", "0"], "it is a number above 0"),
        (["http://127.0.0.1:1/", "-H", "x"], "a header is NAME: VALUE"),
        (["http://127.0.0.1:1/", "-X", "G T"], "method"),
        (["https://127.0.0.1:1/", "--cacert", "none.pem"], "--cacert none.pem: No such file"),
    ],
)
def test_wrong_use(bench, arguments, said):
    status, out, err = bench(*arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert err.startswith("tornadolike: ")
    assert err.count("\n") == 1 or "broken" in arguments


def test_nobody_there(bench):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        status, _, err = bench(f"http://127.0.0.1:{port}/")
    assert status == 2
    assert err == f"tornadolike: 127.0.0.1, port {port}: Connection refused\n"


# The load itself


class Pages(RequestHandler):
    def get(self, status):
        self.set_status(int(status))
        self.write("x" * 1000)


class Closing(RequestHandler):
    def get(self):
        self.set_header("Connection", "close")


def measured(path, **load):
    async def main():
        rules = [("/status/([0-9]+)", Pages), ("/closing", Closing)]
        app = Application(rules, log_function=lambda handler: None)
        server = app.listen(0, "127.0.0.1")
        port = next(iter(server._sockets.values())).getsockname()[1]
        results = await measure(Load(parse_url(f"http://127.0.0.1:{port}{path}"), **load))
        server.stop()
        await server.close_all_connections()
        return results

    return run_on(lambda: IOLoop(make_current=False), main())


def test_statuses_and_bytes():
    results = measured("/status/404", count=20, seconds=60)
    assert results.statuses == {404: 20}
    assert results.received > 20_000
    assert len(results.latencies) == 20
    assert results.unanswered == 0


def test_connections_that_end_are_replaced():
    results = measured("/closing", count=9, connections=2, seconds=60)
    assert results.statuses == {200: 9}
    assert not results.failures


def test_a_rate_counts_from_when_requests_were_due():
    """The rate is more than any server answers: so each waits longer than the one before."""
    results = measured("/status/200", count=300, connections=1, rate=1e9, seconds=60)
    assert results.latencies == sorted(results.latencies)
    assert results.latencies[-1] <= results.seconds


def test_a_rate_is_not_exceeded():
    results = measured("/status/200", count=20, connections=3, rate=200, seconds=60)
    assert results.seconds >= 19 / 200
    assert min(results.latencies) > 0


def stubborn(answer):
    """A server that says this to whoever asks, and no more; the port, and what ends it."""
    listening = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve():
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            if answer:
                sock.recv(65536)
                sock.sendall(answer)
                sock.close()
            else:
                kept.append(sock)

    thread = threading.Thread(target=serve)
    thread.start()

    def end():
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for sock in kept:
            sock.close()

    return listening.getsockname()[1], end


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(b"nonsense\r\n\r\n", "not HTTP: "), (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", "")],
)
def test_what_is_no_answer(answer, failure):
    port, end = stubborn(answer)
    try:
        load = Load(parse_url(f"http://127.0.0.1:{port}/"), connections=1, count=1, seconds=60)
        results = run_on(lambda: IOLoop(make_current=False), measure(load))
    finally:
        end()
    assert not results.latencies
    assert sum(results.failures.values()) == 1
    assert next(iter(results.failures)).startswith(failure)


def test_who_does_not_answer_is_told():
    port, end = stubborn(b"")
    try:
        load = Load(parse_url(f"http://127.0.0.1:{port}/"), connections=2, seconds=0.05)
        results = run_on(asyncio.new_event_loop, measure(load))
    finally:
        end()
    assert results.unanswered == 2
    assert results.facts()["responses"] == 0
