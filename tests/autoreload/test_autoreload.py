""":mod:`tornadolike.autoreload`: a program that looks at its own files, and one that is looked at."""

import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import open_descriptors
from tornadolike import autoreload
from tornadolike.autoreload import folders, looking, modules, restarting, watching, wrapping
from tornadolike.ioloop import IOLoop
from tornadolike.web import Application

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0


def write(path, text):
    new = path.with_name(path.name + "~")
    new.write_text(text)
    new.rename(path)


# Which files


def test_imported_and_watched_files_are_the_programs(monkeypatch, tmp_path):
    monkeypatch.setattr(modules, "_watched", set())
    autoreload.watch(tmp_path / "settings.toml")
    assert {modules.__file__, str(tmp_path / "settings.toml")} <= modules.files()


def test_a_file_that_is_written_or_replaced_has_changed(monkeypatch, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("1")
    monkeypatch.setattr(modules, "files", lambda: {str(file), str(tmp_path / "nothing")})
    files = modules.Files()
    assert files.changed() == set()
    state = os.stat(file)
    write(file, "2")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert files.changed() == {str(file)}
    assert files.changed() == set()
    file.unlink()
    assert files.changed() == set()
    file.write_text("34")
    assert files.changed() == {str(file)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/work/.local/build/site/main.py", True),
        ("/work/.local/build/site/shop/views.py", True),
        ("/work/.local/build/site/.env", True),
        ("/work/.local/build/site/.git/HEAD", False),
        ("/work/.local/build/site/build/lib/main.py", False),
        ("/work/.local/build/site/node_modules/x/y.js", False),
        ("/work/.local/build/site/shop/__pycache__/views.pyc", False),
        ("/work/.local/build/site/.#main.py", False),
        ("/work/.local/build/site/main.py~", False),
        ("/work/.local/build/site/.main.py.swp", False),
        ("/work/.local/build/site2/main.py", False),
    ],
)
def test_what_matters(path, expected):
    assert folders.matters(path, ["/work/.local/build/site"]) is expected


def test_an_environment_is_known_whatever_its_name(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pyvenv.cfg").touch()
    (tmp_path / "mine" / "x.py").touch()
    (tmp_path / "y.py").touch()
    (tmp_path / "again").symlink_to(tmp_path)
    assert [entry.name for entry in folders.files_in(str(tmp_path))] == ["y.py"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/main.py", True), (".env.local", True), ("page.html", False), ("x.po", False)],
)
def test_what_a_program_starts_anew_for(name, expected):
    assert folders.is_of_the_program(name) is expected


def test_folders_within_others_are_watched_once(tmp_path):
    (tmp_path / "a").mkdir()
    found = watching.outermost([str(tmp_path / "a"), str(tmp_path), f"{tmp_path}/a/.."])
    assert found == [os.path.realpath(tmp_path)]


# Watching folders

WAYS = [
    True,
    pytest.param(
        False,
        marks=pytest.mark.skipif(
            not watching.HAS_NOTIFICATIONS, reason="watchfiles is not installed"
        ),
    ),
]


@pytest.mark.parametrize("polls", WAYS, ids=["polled", "notified"])
def test_what_happens_in_a_folder_is_told(polls, tmp_path, io_loop):
    outside = tmp_path / "outside"
    folder = tmp_path / "folder"
    (folder / ".git").mkdir(parents=True)
    outside.mkdir()
    (outside / "target.py").write_text("1")
    (folder / "link.py").symlink_to(outside / "target.py")
    (folder / "there.py").write_text("1")
    seen = set()
    wanted = set()

    def told(paths):
        seen.update(os.path.relpath(path, folder) for path in paths)
        if wanted <= seen:
            io_loop.stop()

    def failed(error):
        raise error

    def wait_for(*names):
        wanted.update(names)
        timeout = io_loop.call_later(PATIENCE, io_loop.stop)
        if not wanted <= seen:
            io_loop.start()
        io_loop.remove_timeout(timeout)
        assert wanted <= seen

    before = open_descriptors()
    watch = watching.FolderWatch([str(folder)], told, failed, polls)
    # What is written before the thread looks for the first time was always so: begin until it is seen.
    with watch:
        begun = threading.Event()

        def begin():
            count = 0
            while not begun.wait(0.1):
                count += 1
                (folder / "begin.py").write_text(str(count))

        beginning = threading.Thread(target=begin)
        beginning.start()
        try:
            wait_for("begin.py")
        finally:
            begun.set()
            beginning.join()
        (folder / ".git" / "HEAD").write_text("1")
        write(folder / "there.py", "2")
        (folder / "new").mkdir()
        wait_for("there.py")
        (folder / "new" / "file.py").write_text("1")
        wait_for("new/file.py" if polls else "there.py")
        (outside / "target.py").write_text("22")
        wait_for("link.py")
        (folder / "there.py").rename(folder / "renamed.py")
        wait_for("renamed.py")
    deadline = time.monotonic() + PATIENCE
    while open_descriptors().keys() - before.keys() and time.monotonic() < deadline:
        time.sleep(0.002)  # a thread of watchfiles ends a moment later than its last answer
    assert not any(name.startswith(".git") or name.endswith("~") for name in seen)


# Looking at one's own files


@pytest.fixture
def restarts(monkeypatch):
    made = []
    monkeypatch.setattr(looking, "restart", lambda: made.append(1))
    return made


def test_a_program_restarts_when_a_file_has_changed(monkeypatch, tmp_path, restarts):
    file = tmp_path / "module.py"
    file.write_text("x = 1")
    monkeypatch.setattr(modules, "files", lambda: {str(file)})
    files = modules.Files()
    looking.look(files)
    assert restarts == []
    write(file, "x = 2")
    looking.look(files)
    assert restarts == [1]


def test_it_goes_on_while_a_file_is_half_written(monkeypatch, tmp_path, restarts, expect_log):
    file = tmp_path / "module.py"
    file.write_text("x = 1")
    monkeypatch.setattr(modules, "files", lambda: {str(file)})
    files = modules.Files()
    files.changed()
    write(file, "x = (")
    with expect_log("tornadolike.general", "Not restarted: .* was never closed"):
        looking.look(files)
    assert restarts == []
    write(file, "x = (1)")
    looking.look(files)
    assert restarts == [1]


def test_workers_do_not_restart(monkeypatch, restarts):
    monkeypatch.setattr(looking, "task_id", lambda: 0)
    files = modules.Files()
    monkeypatch.setattr(files, "changed", lambda: {"changed"})
    looking.look(files)
    assert restarts == []


def test_hooks_are_called_before_and_may_fail(monkeypatch, expect_log):
    called = []
    monkeypatch.setattr(restarting, "_hooks", [])
    monkeypatch.setattr(os, "execv", lambda *command: called.append(command))
    autoreload.add_reload_hook(lambda: 1 / 0)
    autoreload.add_reload_hook(lambda: called.append("hook"))
    with expect_log("tornadolike.general", "A reload hook failed"):
        restarting.restart()
    assert called == ["hook", (sys.executable, [sys.executable, *sys.orig_argv[1:]])]


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ({}, 0),
        ({"debug": True}, 1),
        ({"autoreload": True}, 1),
        ({"debug": True, "autoreload": False}, 0),
    ],
)
def test_an_application_starts_it_when_it_listens(monkeypatch, io_loop, settings, starts):
    started = []
    monkeypatch.setattr(autoreload, "start", lambda: started.append(IOLoop.current()))
    app = Application(**settings)
    assert started == []
    app.listen(0, "127.0.0.1").stop()
    assert started == [io_loop] * starts


def test_after_disable_nothing_starts(monkeypatch, io_loop):
    monkeypatch.setattr(looking, "_disabled", False)
    loops = set()
    monkeypatch.setattr(looking, "_loops", loops)
    autoreload.disable()
    autoreload.start()
    assert loops == set()


# The command


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("a.py", wrapping.Program("a.py", False, [], False)),
        ("a.py x -m y", wrapping.Program("a.py", False, ["x", "-m", "y"], False)),
        ("--until-success -m a.b --x", wrapping.Program("a.b", True, ["--x"], True)),
    ],
)
def test_command_lines(line, program):
    assert wrapping.parse(line.split()) == program


@pytest.mark.parametrize("line", ["", "-m", "--nothing a.py"])
def test_wrong_command_lines(line, capsys):
    with pytest.raises(SystemExit) as end:
        wrapping.parse(line.split())
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_program_runs_again_behind_its_errors_until_it_succeeds(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import sibling\nprint('begun', flush=True)\nx = (\n")
    (tmp_path / "sibling.py").touch()
    command = [sys.executable, "-X", "x=1", "-m", "tornadolike.autoreload", "--until-success"]
    process = subprocess.Popen(
        [*command, str(program), "argument"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stderr])
    reader.start()
    try:
        while "SyntaxError" not in lines.get(timeout=PATIENCE):
            pass
        # A change in the first instant is not seen: it was always so.
        text = "import sibling, sys\nprint(sys.argv[1:], sys._xoptions)\n"
        while process.poll() is None:
            write(program, text)
            text += "\n"
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                continue
        assert process.stdout.read() == "['argument'] {'x': '1'}\n"
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()
