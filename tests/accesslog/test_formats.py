"""The lines of CombinedLog and JSONLog, of requests that were really made."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike.accesslog import AccessLog, CombinedLog, JSONLog
from tornadolike.accesslog.formats import clock_stamp
from tornadolike.web import HTTPError, RequestHandler

COMBINED = re.compile(
    r'(?P<ip>\S+) - (?P<user>\S+) \[(?P<time>[^]]+)\] "(?P<request>[^"]*)" (?P<status>\d+) (?P<size>\d+) '
    r'"(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
)


class Sizes(RequestHandler):
    """Answers with so many bytes, in one piece or several."""

    async def get(self, size: str) -> None:
        if self.get_argument("pieces", ""):
            for _ in range(int(size)):
                self.write("x")
                await self.flush()
        else:
            self.write("x" * int(size))

    head = get

    def post(self, size: str) -> None:
        self.set_status(204)

    def put(self, size: str) -> None:
        self._current_user = self.get_argument("user")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


@pytest.fixture
def combined(path: Path) -> Iterator[CombinedLog]:
    with CombinedLog(path) as log:
        yield log


def logged(served: Site, log: AccessLog, path: Path) -> list[str]:
    served.settle()
    assert log.flush(10.0)
    return path.read_text().splitlines()


def test_combined(site: Callable[..., Site], combined: CombinedLog, path: Path) -> None:
    served = site((r"/(\d+)", Sizes), log_function=combined)
    before = int(time.time())
    served.ask("GET /10?a=b", "Referer: https://a.example/", "User-Agent: Mozilla/5.0 (X11)")
    (line,) = logged(served, combined, path)
    match = COMBINED.fullmatch(line)
    assert match is not None
    fields = match.groupdict()
    when = time.strptime(fields.pop("time"), "%d/%b/%Y:%H:%M:%S %z")
    assert before <= time.mktime(when) - when.tm_gmtoff + time.localtime(before).tm_gmtoff
    assert fields == {
        "ip": "127.0.0.1",
        "user": "-",
        "request": "GET /10?a=b HTTP/1.1",
        "status": "200",
        "size": "10",
        "referer": "https://a.example/",
        "agent": "Mozilla/5.0 (X11)",
    }


@pytest.mark.parametrize(
    ("request_line", "fields", "expected"),
    [
        ("GET /3", [], (200, 3)),
        ("HEAD /3", [], (200, 0)),
        ("GET /3?pieces=1", [], (200, 3)),
        ("HEAD /3?pieces=1", [], (200, 0)),
        ("POST /3", [], (204, 0)),
        ("GET /3", ['If-None-Match: "b60d121b438a380c343d5ec3c2037564b82ffef3"'], (304, 0)),
        ("GET /nope", [], (404, 69)),
        ("DELETE /3", [], (405, 87)),
    ],
)
def test_status_and_size(
    site: Callable[..., Site],
    combined: CombinedLog,
    path: Path,
    request_line: str,
    fields: list[str],
    expected: tuple[int, int],
) -> None:
    served = site((r"/(\d+)", Sizes), log_function=combined)
    answer = served.ask(request_line, *fields)
    (line,) = logged(served, combined, path)
    match = COMBINED.fullmatch(line)
    assert match is not None
    assert (
        (int(match["status"]), int(match["size"])) == expected == (answer.status, len(answer.body))
    )


class Secretive(RequestHandler):
    @property
    def logged_uri(self) -> str:
        return self.request.path

    def get(self) -> None:
        if self.get_argument("fail", ""):
            raise HTTPError(400, "no")


@pytest.mark.parametrize("kind", [CombinedLog, JSONLog])
def test_what_a_handler_tells_of_its_address(
    site: Callable[..., Site], path: Path, kind: type[AccessLog], expect_log: Any
) -> None:
    with kind(path) as log:
        served = site(("/reset", Secretive), log_function=log)
        served.ask("GET /reset?token=SECRET")
        with expect_log("tornadolike.general", r"400 GET /reset \("):
            served.ask("GET /reset?fail=1&token=SECRET")
        lines = logged(served, log, path)
    assert len(lines) == 2
    assert all("/reset" in line and "SECRET" not in line for line in lines)


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ('" 200 0 "', r"\x22 200 0 \x22"),
        ("\\", r"\x5c"),
        ("\\x22", r"\x5cx22"),
        ("a\tb", r"a\x09b"),
        ("caf\xe9", r"caf\xe9"),
        ("\x9b31m", r"\x9b31m"),  # what some terminals take for an escape sequence
        ("\xa0", r"\xa0"),
        ("-", "-"),
        ("", ""),
        ("a", "a"),
    ],
)
def test_a_client_cannot_forge_a_line(
    site: Callable[..., Site], combined: CombinedLog, path: Path, field: str, shown: str
) -> None:
    served = site((r"/(\d+)", Sizes), log_function=combined)
    served.ask("GET /3", f"Referer: {field}", f"User-Agent: {field}")
    (line,) = logged(served, combined, path)
    match = COMBINED.fullmatch(line)
    assert match is not None
    assert match["referer"] == match["agent"] == shown


@pytest.mark.parametrize(
    ("uri", "shown"), [("/3?\x1b[31m\n\r\x7f", r"/3?\x1b[31m\x0a\x0d\x7f"), ("/\u20ac", r"/\u20ac")]
)
def test_nor_by_what_no_client_can_send_us(
    combined: CombinedLog, path: Path, uri: str, shown: str
) -> None:
    """Requests are also made by other means than our parser, and it may have a hole one day."""
    handler = make_handler()
    handler.request.uri = uri
    handler.request.remote_ip = 'a b"\n'
    combined(handler)
    combined.close()
    (line,) = path.read_text().splitlines()
    assert line.startswith(r"a\x20b\x22\x0a - - [")
    assert f'"GET {shown} HTTP/1.1" 200 0 "-" "-"' in line


def test_an_address_is_one_word(combined: CombinedLog) -> None:
    handler = make_handler()
    handler.request.remote_ip = "192.0.2.1 - ann"
    assert combined.format(handler).startswith(r"192.0.2.1\x20-\x20ann - - [")


def test_fields_that_come_twice(
    site: Callable[..., Site], combined: CombinedLog, path: Path
) -> None:
    served = site((r"/(\d+)", Sizes), log_function=combined)
    served.ask("GET /3", "User-Agent: a", "User-Agent: b")
    (line,) = logged(served, combined, path)
    assert line.endswith('"-" "a,b"')


@pytest.mark.parametrize(
    ("user", "shown"),
    [("ann", "ann"), ("a b", r"a\x20b"), ("", "-"), ('"]', r"\x22]"), ("ü", r"\xfc")],
)
def test_the_user(
    site: Callable[..., Site], combined: CombinedLog, path: Path, user: str, shown: str
) -> None:
    served = site((r"/(\d+)", Sizes), log_function=combined)
    quoted = user.replace(" ", "%20").replace('"', "%22").replace("ü", "%C3%BC")
    served.ask(f"PUT /3?user={quoted}")
    (line,) = logged(served, combined, path)
    assert line.startswith(f"127.0.0.1 - {shown} [")


def test_a_user_that_is_no_text_is_not_guessed_at(combined: CombinedLog) -> None:
    handler = make_handler()
    handler._current_user = {"name": "ann"}
    assert combined.user(handler) is None
    handler._current_user = "ü".encode()
    assert combined.user(handler) == "ü"


def test_a_user_of_ones_own(path: Path) -> None:
    class Own(CombinedLog):
        def user(self, handler: Any) -> str:
            return "me"

    with Own(path) as log:
        log(make_handler())
    assert " - me [" in path.read_text()


def test_the_second_is_looked_up_anew(
    combined: CombinedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = make_handler()
    stamps = set()
    for second in (1.0, 1.9, 2.0, 1.0):
        monkeypatch.setattr(time, "time", lambda second=second: second)
        match = COMBINED.fullmatch(combined.format(handler))
        assert match is not None
        assert match["time"].startswith("01/Jan/1970") or "1969" in match["time"]
        stamps.add(match["time"])
    assert len(stamps) == 2


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "[02/Aug/2026:05:06:07 +0000]"),
        ("XXX-05:30", "[02/Aug/2026:10:36:07 +0530]"),
        ("XXX+03:30", "[02/Aug/2026:01:36:07 -0330]"),
    ],
)
def test_the_clock(monkeypatch: pytest.MonkeyPatch, zone: str, expected: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert clock_stamp(time.localtime(1785647167)) == expected
    finally:
        monkeypatch.undo()
        time.tzset()


def test_json(site: Callable[..., Site], path: Path) -> None:
    with JSONLog(path) as log:
        served = site((r"/(\d+)", Sizes), log_function=log)
        served.ask("GET /3?a=b", 'User-Agent: caf\xe9\x9b"\\', "Referer: /")
        served.ask("PUT /3?user=ann")
        first, second = map(json.loads, logged(served, log, path))
        assert path.read_bytes().isascii()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.pop("time"))
    assert 0 < first.pop("seconds") < 10
    assert first == {
        "remote_ip": "127.0.0.1",
        "user": None,
        "method": "GET",
        "host": "127.0.0.1",
        "uri": "/3?a=b",
        "version": "HTTP/1.1",
        "status": 200,
        "bytes": 3,
        "route": r"/(\d+)",
        "referer": "/",
        "user_agent": 'caf\xe9\x9b"\\',
    }
    assert (second["user"], second["referer"], second["user_agent"]) == ("ann", None, None)


def test_a_format_of_ones_own(site: Callable[..., Site], path: Path) -> None:
    class Short(AccessLog):
        def format(self, handler: Any) -> str:
            return f"{handler.get_status()}"

    with Short(path) as log:
        served = site((r"/(\d+)", Sizes), log_function=log)
        served.ask("GET /3")
        assert logged(served, log, path) == ["200"]


def test_the_base_has_no_format(path: Path) -> None:
    with AccessLog(path) as log, pytest.raises(NotImplementedError):
        log(make_handler())


def test_reopening(combined: CombinedLog, path: Path) -> None:
    combined(make_handler())
    assert combined.flush(10.0)
    path.unlink()
    combined.reopen()
    assert combined.flush(10.0)
    assert path.read_text() == ""
