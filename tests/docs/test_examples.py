"""Run the examples of README.md and the documentation; CONTRIBUTING.md says how they are marked."""

import ast
import http.client
import itertools
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.forked import Forks, Program
from tests.test_architecture import modules_in

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.rst"), *ROOT.glob("docs/*.md")])

# `<!-- try: GET / -> Hello -->` in Markdown, `.. try: GET / -> Hello` in reStructuredText.
MARK = re.compile(r"(?:<!--|\.\.) try: (?P<what>.*?)(?: -->)?")
OPENING = re.compile(r"```python|\.\. code-block:: python")
OPTION = re.compile(r":\w+: ")  # of the directive, such as a caption
TRY = re.compile(
    r"(?P<verb>GET|POST|WEBSOCKET) (?P<path>/\S*)(?: (?P<sent>.+))? -> (?P<expected>.+)"
)
STATUS = re.compile(r"(?P<status>[1-5]\d\d)(?: (?P<text>.+))?")
MODULES = set(modules_in(ROOT / "tornadolike"))
PORT = "8888"  # what the examples listen on
PATIENCE = 40.0  # seconds that an example may take to listen, or to end


@dataclass(frozen=True)
class Example:
    """A block of Python on a page, and what is to be tried with it."""

    place: str
    source: str
    tries: tuple[str, ...]


def examples(name: str, text: str) -> Iterator[Example]:
    """Yield the examples in the text of a page."""
    lines = text.splitlines()
    tries: list[str] = []
    for number, line in enumerate(lines):
        if mark := MARK.fullmatch(line):
            tries.append(mark["what"])
        elif OPENING.fullmatch(line):
            fenced = line.startswith("```")
            end, indent = ("```", "") if fenced else (r"\S", "   ")
            inside = itertools.takewhile(
                lambda line, end=end: not re.match(end, line), lines[number + 1 :]
            )
            block = [following.removeprefix(indent) for following in inside]
            block = list(itertools.dropwhile(OPTION.match, block))
            yield Example(f"{name}:{number + 1}", "\n".join(block).strip() + "\n", tuple(tries))
            tries = []
        elif line.strip() and tries:
            raise ValueError(f"{name}:{number + 1}: nothing to try stands below the marks")


def all_examples() -> list[Example]:
    pages = ((str(page.relative_to(ROOT)), page.read_text()) for page in PAGES)
    return [example for name, text in pages for example in examples(name, text)]


def run(example: Example, folder: Path, forks: Forks) -> None:
    """Do with an example what its marks say."""
    if example.tries and example.tries[0].startswith("compile only, because "):
        compile(example.source, example.place, "exec")
        return
    port = free_port()
    program = folder / "example.py"
    program.write_text(example.source.replace(PORT, str(port)))
    log = folder / "output.txt"
    with log.open("w") as output, open(os.devnull) as nothing:
        said = output.fileno()
        process = forks.run(str(program), stdin=nothing.fileno(), stdout=said, stderr=said)
    try:
        if not example.tries:
            assert process.wait(PATIENCE) == 0, log.read_text()
        else:
            assert PORT in example.source, f"{example.place} does not listen on {PORT}"
            wait_for(port, process, log)
            for wanted in example.tries:
                attempt(wanted, port)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{example.place} does not end: if it serves, mark what to try with it")
    finally:
        process.terminate()
        process.wait(10)
    assert "Traceback" not in log.read_text(), log.read_text()


def free_port() -> int:
    """Return a port that is free now, and that no connection gets for its own end by chance.

    Nor does a suite on another Python get it, which may run beside this one.
    """
    first = 24_000 + 2000 * (sys.version_info.minor % 4)
    while True:
        port = random.randrange(first, first + 2000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def wait_for(port: int, process: subprocess.Popen[bytes] | Program, log: Path) -> None:
    """Return when the port is open."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"the example does not listen; it said:\n{log.read_text()}")


def attempt(wanted: str, port: int) -> None:
    """Make one try, and compare the answer."""
    parts = TRY.fullmatch(wanted)
    assert parts, f"this can't be understood, see CONTRIBUTING.md: try: {wanted}"
    verb, path, sent, expected = parts.group("verb", "path", "sent", "expected")
    if verb == "WEBSOCKET":
        with connect(f"ws://127.0.0.1:{port}{path}", proxy=None, open_timeout=10) as peer:
            peer.send(sent)
            assert expected in str(peer.recv(timeout=10)), wanted
        return
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if verb == "POST" else {}
        client.request(verb, path, body=sent, headers=form)
        answer = client.getresponse()
        body = answer.read().decode()
    finally:
        client.close()
    if refused := STATUS.fullmatch(expected):
        assert answer.status == int(refused["status"]), f"{wanted}: {answer.status}\n{body}"
        assert (refused["text"] or "") in f"{answer.headers['Location']}\n{body}", wanted
    else:
        assert answer.status // 100 == 2, f"{wanted}: {answer.status}\n{body}"
        assert expected in body, wanted


@pytest.mark.parametrize("example", all_examples(), ids=lambda example: example.place)
def test_the_examples_do_what_the_pages_say(example: Example, tmp_path: Path, forks: Forks) -> None:
    run(example, tmp_path, forks)


def not_imported(source: str) -> set[str]:
    """The modules of ours that a program uses by their full names and does not import by them."""
    tree = list(ast.walk(ast.parse(source)))
    imported = [name.name for node in tree if isinstance(node, ast.Import) for name in node.names]
    reached = {
        ".".join(parts[:n]) for parts in (name.split(".") for name in imported) for n in (2, 3)
    }
    used = {ast.unparse(node) for node in tree if isinstance(node, ast.Attribute)}
    return (used & MODULES) - reached


def test_the_examples_import_what_they_use() -> None:
    """They run where more of the package has been imported already, which would hide it."""
    assert {e.place: found for e in all_examples() if (found := not_imported(e.source))} == {}
    assert not_imported("import tornadolike.web\ntornadolike.web.x\ntornadolike.gen.y") == {
        "tornadolike.gen"
    }


# And the machinery above, on a program that needs nothing but the standard library.

PROGRAM = """\
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()
        self.wfile.write(b"Hello")

    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers["Content-Length"])))

HTTPServer(("127.0.0.1", 8888), Handler).serve_forever()
"""


def test_examples_are_found_with_their_marks() -> None:
    page = """\
<!-- try: GET / -> Hello -->
<!-- try: GET /no -> 404 -->
```python
print(1)

print(2)
```
```console
$ not python
```
.. try: POST / a=1 -> a=1

.. code-block:: python
   :caption: three.py

   print(3)

       # deeper

No longer.
```python
print(4)
```
"""
    assert list(examples("page", page)) == [
        Example("page:3", "print(1)\n\nprint(2)\n", ("GET / -> Hello", "GET /no -> 404")),
        Example("page:13", "print(3)\n\n    # deeper\n", ("POST / a=1 -> a=1",)),
        Example("page:21", "print(4)\n", ()),
    ]


def test_a_mark_that_has_lost_its_example_is_found() -> None:
    with pytest.raises(ValueError, match="page:2: nothing to try"):
        list(examples("page", "<!-- try: GET / -> Hello -->\nProse\n"))


def test_a_program_that_answers_as_the_page_says(tmp_path: Path, forks: Forks) -> None:
    run(
        Example("page", PROGRAM, ("GET / -> Hello", "GET /x -> 404", "POST / a -> a")),
        tmp_path,
        forks,
    )


@pytest.mark.parametrize(
    ("tries", "complaint"),
    [
        (("GET / -> Good evening",), "Good evening"),
        (("GET / -> 404",), "GET / -> 404: 200"),
        (("GET /x -> Hello",), "GET /x -> Hello: 404"),
        (("FETCH / -> Hello",), "can't be understood"),
    ],
)
def test_a_program_that_answers_otherwise(
    tmp_path: Path, forks: Forks, tries: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        run(Example("page", PROGRAM, tries), tmp_path, forks)


@pytest.mark.parametrize(
    ("program", "tries", "complaint"),
    [
        ("raise SystemExit('no')", (), "no"),
        ("raise SystemExit('no, not 8888')", ("GET / -> x",), "no, not"),
        ("print('Hello')", ("GET / -> x",), "does not listen on 8888"),
    ],
)
def test_a_program_that_fails(
    tmp_path: Path, forks: Forks, program: str, tries: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception), match=complaint):
        run(Example("page", program, tries), tmp_path, forks)


def test_an_example_that_can_only_be_compiled(tmp_path: Path, forks: Forks) -> None:
    run(Example("page", "import nowhere", ("compile only, because of a reason",)), tmp_path, forks)
    with pytest.raises(SyntaxError):
        run(Example("page", "import", ("compile only, because of a reason",)), tmp_path, forks)
