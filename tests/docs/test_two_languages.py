"""docs/two-languages.rst makes a site when it is followed to the letter."""

import http.client
import importlib.metadata
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from tests.docs.following import shown_files
from tests.docs.test_examples import PORT, free_port, wait_for

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "two-languages.rst"
# So that it is this clone's that is run, wherever the tests are started.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
COMMAND = re.compile(r"^   \$ (.+)$", re.MULTILINE)
CATALOGUE = "locale/de/LC_MESSAGES/books.po"
TOOLS = {
    "env/bin/python": [sys.executable],
    "env/bin/pybabel": [sys.executable, "-m", "babel.messages.frontend"],
}
# What is typed to have an environment, which tests have already, and to see a site that is served.
BY_HAND = {"python3", "env/bin/pip", "mkdir", "cd", "curl"}
# For a package that is not installed: what its entry point says.
EXTRACTORS = "[extractors]\ntornadolike = tornadolike.template.extraction:extract\n\n"


def follow(folder: Path) -> None:
    """Write what the page shows into a folder, and do what it tells to type."""
    files = shown_files(PAGE)
    filled = files.pop(CATALOGUE)
    if not importlib.metadata.entry_points(group="babel.extractors", name="tornadolike"):
        files["babel.cfg"] = EXTRACTORS + files["babel.cfg"]
    for name in ("templates", "locale"):
        (folder / name).mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    for command in COMMAND.findall(PAGE.read_text()):
        program, *arguments = shlex.split(command)
        if program in BY_HAND:
            continue
        done = subprocess.run(
            [*TOOLS[program], *arguments],
            cwd=folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, command + "\n" + done.stderr + done.stdout
        assert done.stdout == ""
        if arguments[0] == "init":
            translate(folder / CATALOGUE, filled)


def translate(catalogue: Path, filled: str) -> None:
    """Fill in what the page shows, which has to be all that there is."""
    with catalogue.open("rb") as file:
        messages = read_po(file)
    shown = read_po(filled.splitlines())
    assert [(m.id, m.locations) for m in messages] == [(m.id, m.locations) for m in shown]
    for message in filter(lambda message: message.id, shown):  # the one without is the head
        messages.get(message.id).string = message.string
    with catalogue.open("wb") as file:
        write_po(file, messages)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port where the finished site is served."""
    folder = tmp_path_factory.mktemp("books")
    follow(folder)
    port = free_port()
    program = folder / "books.py"
    program.write_text(program.read_text().replace(PORT, str(port)))
    log = folder / "output.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, program], env=ENVIRONMENT, stdout=output, stderr=output
        )
    try:
        wait_for(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def ask(
    port: int, path: str, body: str | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    """The answer to a GET, or to a POST with a form, and its text."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        client.request("POST" if body else "GET", path, body, names)
        answer = client.getresponse()
        return answer, answer.read().decode()
    finally:
        client.close()


@pytest.mark.parametrize(
    ("headers", "code", "text"),
    [
        ({}, "en", "<p>2 books:\nEmma and Ulysses</p>"),
        ({"Accept_Language": "fr"}, "en", "<h1>My books</h1>"),
        ({"Accept_Language": "de-AT,en;q=0.5"}, "de", "<h1>Meine Bücher</h1>"),
        ({"Accept_Language": "de"}, "de", "<p>2 Bücher:\nEmma und Ulysses</p>"),
        ({"Accept_Language": "de"}, "de", 'value="en">English</button>'),
        ({"Accept_Language": "de", "Cookie": "language=en"}, "en", 'value="de">Deutsch</button>'),
        ({"Cookie": "language=de"}, "de", "<h1>Meine Bücher</h1>"),
        ({"Cookie": "language=xx"}, "en", "<h1>My books</h1>"),
    ],
)
def test_the_page_is_in_the_language_of_its_reader(
    site: int, headers: dict[str, str], code: str, text: str
) -> None:
    answer, page = ask(site, "/", **headers)
    assert text in page
    assert f'<html lang="{code}" dir="ltr">' in page
    assert answer.headers["Content-Language"] == code
    assert answer.headers["Vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize(("code", "kept"), [("de", True), ("xx", False)])
def test_the_choice_by_hand_is_kept(site: int, code: str, kept: bool) -> None:
    form = "application/x-www-form-urlencoded"
    answer, _ = ask(site, "/language", f"language={code}", Content_Type=form)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"language={code};") if kept else cookie is None


def test_error_pages_are_in_it_too(site: int) -> None:
    answer, page = ask(site, "/nowhere", Accept_Language="de")
    assert answer.status == 404
    assert "Nicht gefunden" in page
