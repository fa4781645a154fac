"""docs/accounts.rst: how long somebody is signed in, with browsers that keep their cookies."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth.browser import Browser
from tests.docs.following import shown_files
from tests.docs.test_examples import PORT, free_port, wait_for

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
OLD, NEW = "seven green teapots", "eight green teapots"


class User(Browser):
    """Somebody with a browser."""

    def __init__(self, site: str) -> None:
        super().__init__()
        self.site = site

    def log_in(self, password: str = OLD, next: str = "/", **more: str) -> str:
        page = self.open(
            f"{self.site}/login?next={next}", {"name": "ann", "password": password, **more}
        )
        return page.text if page.status == 200 else str(page.status)

    def is_known(self) -> bool:
        return "Hello, ann" in self.open(f"{self.site}/").text

    def change(self, password: str) -> str:
        return self.open(f"{self.site}/password", {"password": password}).text


def served(folder: Path, program: str) -> Iterator[str]:
    port = free_port()
    file = folder / "site.py"
    file.write_text(program.replace(PORT, str(port)))
    log = folder / "output.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, file],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
    assert "Traceback" not in log.read_text(), log.read_text()


def program() -> str:
    return shown_files(ROOT / "docs" / "accounts.rst")["signed_in.py"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One for all tests: who changes the password changes it back."""
    yield from served(tmp_path_factory.mktemp("site"), program())


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[str]:
    """The same, but a log-in is never new enough."""
    yield from served(tmp_path, re.sub(r"FRESH_SECONDS = \d+", "FRESH_SECONDS = -1", program()))


def test_another_password_ends_the_other_sessions(site: str) -> None:
    here, there = User(site), User(site)
    for user in (here, there):
        assert user.log_in() == "Hello, ann"
    stolen = dict(there.cookies)
    assert here.change(NEW) == "Hello, ann"
    assert here.is_known()
    assert not there.is_known()
    there.cookies.update(stolen)  # also who has a copy of the cookie
    assert not there.is_known()
    assert there.log_in(OLD) == "403"
    assert there.log_in(NEW) == "Hello, ann"
    assert there.change(OLD) == "Hello, ann"
    assert not here.is_known()


def test_they_go_where_they_wanted_to_but_nowhere_else(site: str) -> None:
    assert User(site).log_in(next="/password") == "Here is the form"
    for elsewhere in ("//evil.example", "https://evil.example/", "/%5Cevil.example"):
        assert User(site).log_in(next=elsewhere) == "Hello, ann"


def test_who_wants_to_be_remembered(site: str) -> None:
    for more, lasting in (({}, False), ({"remember": "1"}, True)):
        user = User(site)
        user.log_in(**more)
        (cookie,) = user.cookies.values()
        assert bool(cookie["expires"] or cookie["max-age"]) is lasting


def test_an_old_log_in_is_not_enough(hasty: str) -> None:
    user = User(hasty)
    user.log_in()
    page = user.open(f"{hasty}/password", {"password": NEW})
    assert page.url == f"{hasty}/login?next=/password"
    assert user.is_known()
    assert user.log_in(NEW) == "403"
