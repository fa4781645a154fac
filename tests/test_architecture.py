"""The house keeps its plan: floors, modules that stand alone, a test file for each room."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import grimp
import pytest

import tornadolike

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tornadolike"

# Rooms, as the import contract names them: the modules and packages right under tornadolike.
ROOMS = sorted(
    path.stem
    for path in PACKAGE.iterdir()
    if (path.suffix == ".py" or (path / "__init__.py").exists()) and not path.stem.startswith("__")
)
# What only an extra installs, and the modules and packages that need it: they may say so, by this name, and nothing
# else.
OPTIONAL = {
    "argon2": ("auth.accounts.passwords",),
    "joserfc": (
        *("auth.guards.jwt_bearer", "auth.jose", "auth.oauth2.assertions", "auth.openid"),
        *("auth.providers.apple", "auth.providers.gitlab", "auth.providers.google"),
        *("auth.providers.microsoft", "auth.providers.slack"),
        *("auth.signin.back_channel", "auth.signin.sign_outs"),
    ),
    "opentelemetry": ("tracing",),
    "prometheus_client": ("metrics",),
    "pycurl": ("curl_httpclient",),
    "pytest": ("pytest_plugin",),
    "watchfiles": ("autoreload.notified",),
    "webauthn": ("auth.passkeys",),
}


def test_the_package_alone_is_enough() -> None:
    """As in Tornado, whose programs write ``import tornado`` and ``tornado.web.Application``."""
    rooms = [room for room in ROOMS if not room.startswith("_")]
    program = f"import tornadolike; [getattr(tornadolike, room).__name__ for room in {rooms}]"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert not hasattr(tornadolike, "nothing_of_this_name")


def modules_in(package: Path) -> list[str]:
    """The names of a package and of all that is in it."""
    return sorted(
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in package.rglob("*.py")
        if path.stem != "__main__"
    )


def lint(folder: Path, *options: str) -> tuple[int, str]:
    """Run import-linter in a folder; return its status and what it said."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def build(folder: Path, files: dict[str, str]) -> None:
    """A house with these files and our contracts."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, source in {"__init__.py": "", **files}.items():
        path = folder / "tornadolike" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)


def test_the_contracts_are_kept() -> None:
    status, said = lint(ROOT)
    assert status == 0, said


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"util.py": "", "web.py": "from . import util"}, None),
        ({"web.py": "", "util.py": "from . import web"}, "util is not allowed to import"),
        ({"web.py": "", "util.py": "def f():\n    from . import web"}, "util is not allowed"),
        (
            {
                "web.py": "",
                "util.py": "import typing\nif typing.TYPE_CHECKING:\n    from . import web",
            },
            "util is not allowed to import",
        ),
        (
            {"wsgi.py": "", "asgi.py": "from .wsgi import x"},
            "asgi is not allowed to import",
        ),
        (
            {"web/__init__.py": "", "web/parts.py": "", "log.py": "from .web.parts import x"},
            "log is not allowed to import",
        ),
        ({"attic.py": ""}, "attic"),
    ],
    ids=["down", "up", "lazily", "for types", "to a sibling", "into a package", "not placed"],
)
def test_the_floors_see(tmp_path: Path, files: dict[str, str], complaint: str | None) -> None:
    """The floors as they stand in pyproject.toml, in a small house of another plan."""
    build(tmp_path, files)
    status, said = lint(tmp_path, "--contract", "floors")
    assert (status != 0) == (complaint is not None), said
    assert complaint is None or complaint in said


def test_circles_are_seen(tmp_path: Path) -> None:
    head = "import typing\nif typing.TYPE_CHECKING:\n    from .site import x"
    build(
        tmp_path, {"web/__init__.py": "", "web/site.py": "from . import head", "web/head.py": head}
    )
    status, said = lint(tmp_path, "--contract", "circles")
    assert status != 0
    assert "No cycles are allowed in tornadolike.web" in said


@pytest.mark.parametrize(
    ("room", "head"),
    [
        ("caching", "caching"),
        ("routing", "routing"),
        ("sessions", "sessions"),
        ("simple_httpclient", "simple_httpclient"),
        ("web", "web.handler"),
        ("web.bodies", "web.bodies"),
        ("web.cookies", "web.cookies"),
        ("web.groups", "web.groups"),
        ("web.life", "web.life"),
        ("web.static", "web.static"),
        ("web.streams", "web.streams"),
        ("wsgi", "wsgi"),
    ],
)
def test_the_lists_at_the_heads_of_rooms_are_true(room: str, head: str) -> None:
    """Each module knows only those above it, and all are there that the head's module stands on."""
    room, head = f"tornadolike.{room}", f"tornadolike.{head}"
    text = importlib.import_module(head).__doc__ or ""
    listed = [f"{room}.{name}" for name in re.findall(r"^   ([a-z_0-9]+) {2,}\S", text, re.M)]
    assert len(listed) > 2
    graph = grimp.build_graph("tornadolike", cache_dir=None)
    for module in {*listed, *graph.find_children(room)}:
        graph.squash_module(module)
    known = graph.find_upstream_modules(listed[-1]) & graph.find_children(room)
    assert {*known, listed[-1]} == set(listed)
    for position, module in enumerate(listed):
        imported = graph.find_modules_directly_imported_by(module) & set(listed) - {module}
        assert imported <= set(listed[:position]), module


def test_the_face_is_for_users_only() -> None:
    """Inside, an idea is imported from its own module: the package's face would close a circle."""
    graph = grimp.build_graph("tornadolike", cache_dir=None)
    lines = [
        f"{importer}: {detail['line_contents']}"
        for importer in graph.find_modules_that_directly_import("tornadolike")
        for detail in graph.get_import_details(importer=importer, imported="tornadolike")
        if detail["line_contents"] != "from tornadolike import __version__"
    ]
    assert lines == []


# Imports each module in a fork of a process that has imported nothing but what others have written (so that
# each fork need not: that takes ten times as long) and the packages that the module is in: the import system
# would import those before it anyway.
ALONE = """
import contextlib, gc, importlib, json, os, sys, threading, traceback

modules, optional, missing, sys.pycache_prefix = json.load(sys.stdin)
sys.modules |= dict.fromkeys(missing)
sys.dont_write_bytecode = False
gc.disable()
house = modules[0].partition(".")[0]

def descriptors():
    return sorted(os.listdir("/dev/fd"))

def complaint(name):
    before = descriptors()
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == optional.get(name, ""):
            return ""
        return traceback.format_exc()
    except BaseException:
        return traceback.format_exc()
    if threading.active_count() > 1:
        return f"starts {threading.enumerate()}"
    if descriptors() != before:
        return f"opens a descriptor (an event loop, a file?): {before} became {descriptors()}"
    return ""

def in_fork(work):
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        said = work()
        with open(write, "w") as answer:
            json.dump(said, answer)
        os._exit(0)
    os.close(write)
    with open(read) as answer:
        said = answer.read()
    return None if os.wait()[1] else json.loads(said)

def not_ours():
    before = {*sys.modules}
    for name in modules:
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
    others = {name: module for name, module in sys.modules.items() if name not in before}
    return [name for name, module in others.items() if getattr(module, "__spec__", None)
            and module.__spec__.name == name and name.partition(".")[0] != house]

def check_in_fork(name):
    def work():
        said = complaint(name)
        return {name: said[-4000:]} if said else check_inside(name)

    found = in_fork(work)
    return {name: "the process died"} if found is None else found

def check(name):
    return check_inside(name) if name in sys.modules else check_in_fork(name)

def check_inside(package):
    found = {}
    for name in modules:
        if name.rpartition(".")[0] == package:
            found |= check(name)
    return found

found = {}
for name in in_fork(not_ours) or ():
    if said := complaint(name):
        found[name] = said
for name in modules:
    if name.rpartition(".")[0] not in modules:
        found |= check(name)
json.dump(found, sys.stdout)
"""


def that_need(library: str, modules: list[str]) -> list[str]:
    """Those that do by the table."""
    rooms = [f"tornadolike.{room}" for room in OPTIONAL[library]]
    return [name for name in modules if any(f"{name}.".startswith(f"{room}.") for room in rooms)]


def imported_alone(folder: Path, modules: list[str], missing: Iterable[str] = ()) -> dict[str, str]:
    """Import modules, each in a process of its own; return what is wrong, by module.

    :arg missing: libraries that are as if they were not there.
    """
    optional = {name: library for library in OPTIONAL for name in that_need(library, modules)}
    with tempfile.TemporaryDirectory() as compiled:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", ALONE],
            input=json.dumps([modules, optional, list(missing), compiled]),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def test_each_module_can_be_imported_alone_and_starts_nothing() -> None:
    assert imported_alone(ROOT, modules_in(PACKAGE)) == {}


def test_what_an_extra_installs_is_missed_by_its_name() -> None:
    modules = modules_in(PACKAGE)
    needing = {name for library in OPTIONAL for name in that_need(library, modules)}
    assert imported_alone(ROOT, sorted(needing), OPTIONAL) == {}


def test_an_import_that_does_more_is_seen(tmp_path: Path) -> None:
    package = tmp_path / "house"
    package.mkdir()
    for name, source in {
        "__init__": "",
        "quiet": "import asyncio",
        "a": "from house.b import x",
        "b": "from house.a import y\nx = 1",
        "loop": "import asyncio\nloop = asyncio.new_event_loop()",
        "thread": "from threading import *\nThread(target=Event().wait, daemon=True).start()",
        "missing": "import pycurl_that_is_not_there",
        "deadly": "import os\nos.abort()",
        "room/__init__": "import house.room.met",
        "room/met": "",
        "room/bad": "from house.room import nothing",
        "broken/__init__": "import house.nothing",
        "broken/inside": "",
    }.items():
        path = package / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    wrong = imported_alone(tmp_path, modules_in(package))
    assert wrong.keys() == {
        *("house.a", "house.b", "house.loop", "house.thread", "house.missing", "house.deadly"),
        *("house.room.bad", "house.broken"),
    }
    assert "circular import" in wrong["house.a"]
    assert "opens a descriptor" in wrong["house.loop"]
    assert "starts [" in wrong["house.thread"]
    assert "died" in wrong["house.deadly"]
    assert "cannot import name 'nothing'" in wrong["house.room.bad"]


def test_each_room_has_tests_of_its_own() -> None:
    tests = ROOT / "tests"
    without = [
        room
        for name in ROOMS
        if not (tests / f"test_{(room := name.removeprefix('_'))}.py").exists()
        and not any((tests / room).glob("test_*.py"))
    ]
    assert without == [], "needs tests/test_NAME.py or tests/NAME/"
