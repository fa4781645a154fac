"""docs/template-tools.rst: what it says to type does what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "template-tools.rst").read_text()
# So that it is this clone's that is run, wherever the tests are started.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

PROGRAM = """\
_("a")
_("b", "bs", n)
self.locale.translate("c")
self.locale.translate("d", "ds", n)
self.locale.pgettext("x", "e")
self.locale.pgettext("x", "f", "fs", n)
"""

TEMPLATES = {
    "entry.html": "<html>\n<body>\n<h1>{{ entyr.title }}</h1>\n",
    "list.html": '<html>\n<footer>{% include "fotter.html" %}</footer>\n',
    "footer.html": "",
}


def test_the_check_says_what_the_page_shows(tmp_path: Path) -> None:
    [(typed, shown)] = re.findall(
        r"^   \$ python (-m tornadolike .+)\n((?:   .+\n)+)", PAGE, re.MULTILINE
    )
    folder = tmp_path / "app" / "templates"
    folder.mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    (tmp_path / "app" / "app.py").write_text('self.render("entry.html", entry=entry)\n')
    done = subprocess.run(
        [sys.executable, *typed.split()],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.replace(str(tmp_path), "/srv") == re.sub("(?m)^   ", "", shown)


def test_the_messages_of_a_program_are_found(tmp_path: Path) -> None:
    [shown] = re.findall(r"^   \$ pybabel (extract .*\\\n.+)$", PAGE, re.MULTILINE)
    (tmp_path / "babel.cfg").write_text("[python: **.py]\n")
    (tmp_path / "shop.py").write_text(PROGRAM)
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        *shlex.split(shown.replace("\\\n", "")),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "messages.pot").open("rb") as file:
        found = [(message.context, message.id) for message in read_po(file) if message.id]
    assert found == [
        (None, "a"),
        (None, ("b", "bs")),
        (None, "c"),
        (None, ("d", "ds")),
        ("x", "e"),
        ("x", ("f", "fs")),
    ]
