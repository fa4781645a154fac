"""Projects of somebody else, whose tests run in a process of their own."""

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore = ["sample"]  # test_sample.py runs these

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
PLUGINS = {
    "asyncio": "pytest_asyncio.plugin",
    "anyio": "anyio.pytest_plugin",
    "xdist": "xdist.plugin",
    "tornadolike": "tornadolike.pytest_plugin",
    "hypothesis": "_hypothesis_pytestplugin",
}
RESULT = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) \S+?::(\S+)(.*)$", re.MULTILINE)

APP = """
    import asyncio
    import pytest
    from tornadolike.ioloop import IOLoop
    from tornadolike.web import Application, RequestHandler
    from tornadolike.websocket import WebSocketHandler

    class Main(RequestHandler):
        def get_current_user(self):
            user = self.get_signed_cookie("user")
            return user and user.decode()

        def get(self):
            count = int(self.get_cookie("count", "0")) + 1
            self.set_cookie("count", str(count))
            self.write(f"{self.request.protocol} {self.current_user} {count}")

    class Echo(WebSocketHandler):
        def on_message(self, message):
            self.write_message(message)

    def make_app():
        return Application([("/", Main), ("/echo", Echo)], cookie_secret="s" * 40)
"""


@dataclass
class Run:
    """How the tests of a project went."""

    status: int
    text: str

    @property
    def outcomes(self) -> dict[str, str]:
        """What became of each test, by its name; an error when it ended counts more than its success."""
        found = RESULT.findall(self.text)
        order = sorted(found, key=lambda one: one[0] == "ERROR")
        return {name: outcome for outcome, name, _ in order}

    def passed(self, *names: str) -> None:
        """Fail unless these tests, and no others, were there, and have passed."""
        assert self.outcomes == dict.fromkeys(names, "PASSED"), self.text
        assert self.status == 0, self.text


class Project:
    """A folder with tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configure()

    def configure(self, **options: str) -> None:
        """Write ``pytest.ini``."""
        lines = [f"{name} = {value}" for name, value in options.items()]
        (self.folder / "pytest.ini").write_text("\n".join(["[pytest]", *lines, ""]))

    def write(self, name: str, *sources: str) -> None:
        text = "\n".join(textwrap.dedent(source) for source in sources)
        (self.folder / name).write_text(text)

    def run(self, *options: str, plugins: str = "", **environment: str) -> Run:
        """Run the tests with our plugin and with ``plugins``, by the names that -p no:NAME has."""
        loaded = ["tornadolike", *plugins.split()]
        for name in loaded:
            if not find_spec(PLUGINS[name].split(".")[0]):
                pytest.skip(f"{name} is not installed")
        arguments = [f"-p{PLUGINS[name]}" for name in loaded]
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "-Werror", *arguments, *options]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if name[:6] != "PYTEST"},
                "PYTHONPATH": str(ROOT),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty one."""
    return Project(tmp_path)


@pytest.fixture
def site_project(project: Project) -> Project:
    """One with an application, and a fixture ``app``."""
    project.write("conftest.py", APP, "@pytest.fixture\ndef app():\n    return make_app()\n")
    return project
