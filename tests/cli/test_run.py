"""``python -m tornadolike run``, watched by who changes the files and by who visits the site."""

import http.client
import os
import queue
import signal
import socket
import sys
import threading

import pytest

from tests.programs.commands import PATIENCE, ROOT, Run, children_of, is_there, write
from tornadolike.cli import main

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

SITE = """
from tornadolike import locale
from tornadolike.web import Application, RequestHandler

class Main(RequestHandler):
    def get(self):
        self.render("page.html", said="SAID")

class Greeting(RequestHandler):
    def get(self):
        self.write(locale.get("es_ES").translate("hello"))

locale.load_translations("catalogues")
app = Application([("/", Main), ("/greeting", Greeting)], template_path="templates")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "catalogues").mkdir()
    write(tmp_path / "site_here.py", SITE)
    write(tmp_path / "templates/page.html", "<p>{{ said }} in the first page</p>")
    write(tmp_path / "catalogues/es_ES.csv", '"hello","hola"\n')
    return tmp_path


@pytest.fixture
def start(folder):
    runs = []

    def start_run(*arguments, **options):
        runs.append(Run(folder, "site_here:app", "--port", "0", *arguments, **options))
        return runs[-1]

    yield start_run
    for run in runs:
        run.close()


@pytest.mark.parametrize("way", [(), ("--poll",)], ids=["as it can", "polling"])
def test_through_an_error_a_template_a_catalogue_and_a_rename(start, folder, way):
    run = start(*way)
    run.until_served()
    assert run.get()[2] == "<p>SAID in the first page</p>"
    [child] = children_of(run.process.pid)

    # What is read when it is wanted needs no restart.
    write(folder / "templates/page.html", "<p>{{ said }} in the second page</p>")
    run.until(r"page.html changed$")
    assert run.get_until("SAID in the second page") == 200
    write(folder / "catalogues/es_ES.csv", '"hello","buenas"\n')
    assert run.get_until("buenas", "/greeting") == 200
    assert children_of(run.process.pid) == [child]

    # An error of syntax
    write(folder / "site_here.py", SITE.replace('said="SAID")', 'said="<b>"'))
    run.until("waiting for a change")
    assert any(
        "site_here.py, line 7: SyntaxError: '(' was never closed" in line for line in run.said
    )
    status, headers, text = run.get()
    assert (status, headers["Retry-After"], headers.get_content_type()) == (500, "1", "text/plain")
    assert "site_here.py, line 7" in text
    assert 'said="<b>"' in text
    status, headers, page = run.get(Accept="text/html,*/*")
    assert (status, headers.get_content_type()) == (500, "text/html")
    assert "said=&quot;&lt;b&gt;&quot;" in page
    assert "<b>" not in page

    # Mended by a file that is renamed over it
    write(folder / "site_here.py", SITE.replace("SAID", "MENDED"))
    run.until("it runs again")
    assert run.get()[2] == "<p>MENDED in the second page</p>"

    # The module gets another name: it is not there any more
    (folder / "site_here.py").rename(folder / "elsewhere.py")
    run.until("there is no module 'site_here'")
    run.until("waiting for a change")
    assert "there is no module" in run.get()[2]
    (folder / "elsewhere.py").rename(folder / "site_here.py")
    run.until("it runs again")
    assert run.get()[0] == 200
    [child] = children_of(run.process.pid)
    assert run.end() == 0
    assert not is_there(child)
    assert "Traceback" not in "".join(run.said)


def test_nobody_is_refused_while_it_restarts(start, folder):
    run = start("--poll")
    run.until_served()
    answers = []
    over = threading.Event()

    def visit():
        while not over.is_set():
            try:
                answers.append(run.get()[2])
            except ConnectionRefusedError as error:
                answers.append(error)
            except (ConnectionError, http.client.BadStatusLine):
                pass  # was accepted by who was about to end, and had not asked yet

    visitor = threading.Thread(target=visit)
    visitor.start()
    write(folder / "site_here.py", SITE.replace("SAID", "NEW"))
    try:
        run.until("site_here.py changed: restarting")
        run.until("Serving on")
    finally:
        over.set()
        visitor.join()
    assert run.get_until("NEW") == 200
    assert set(answers) <= {f"<p>{said} in the first page</p>" for said in ("SAID", "NEW")}
    assert run.end() == 0


def test_a_program_that_ends_by_itself_is_told_and_runs_again(start, folder):
    write(folder / "site_here.py", SITE + "\nimport os; os._exit(3)\n")
    run = start("--poll")
    run.until("the program has ended by itself, with status 3")
    run.until("waiting for a change")
    write(folder / "site_here.py", SITE)
    run.until_served()
    os.kill(children_of(run.process.pid)[0], signal.SIGKILL)
    run.until("the program was ended by SIGKILL")
    assert "ended by SIGKILL" in run.get()[2]
    assert run.end(signal.SIGTERM) == 0


def test_start_up_that_fails_is_told_with_its_place(start, folder):
    write(folder / "site_here.py", SITE + "\n@app.on_startup\ndef connect():\n    1 / 0\n")
    run = start("--poll")
    run.until("ZeroDivisionError: division by zero")
    run.until("waiting for a change")
    assert run.end() == 0


def test_a_program_that_does_not_end_is_killed(start, folder):
    write(
        folder / "site_here.py",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('stuck', file=__import__('sys').stderr, flush=True)\nwhile True: signal.pause()\n",
    )
    run = start("--poll")
    run.until("stuck")
    [child] = children_of(run.process.pid)
    assert run.end() == 0
    assert not is_there(child)


def test_the_program_ends_with_who_has_started_it(start):
    run = start("--poll")
    run.until_served()
    run.process.kill()
    run.wait()  # which waits for the end of the child, too: it has the other end of the pipe
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", run.port)) != 0


def test_the_interpreters_options_are_kept(start, folder):
    write(
        folder / "site_here.py",
        SITE + "\nimport sys\nMain.get = lambda self: self.write(repr((sys.flags.optimize, "
        "sys._xoptions.get('faulthandler'), sys.warnoptions, sys.argv)))\n",
    )
    run = start("--poll", python=["-O", "-X", "faulthandler", "-W", "once"])
    run.until_served()
    assert run.get()[2] == "(1, True, ['once'], ['site_here:app'])"
    assert run.end() == 0


def test_without_reload_it_is_one_process(start, folder):
    run = start("--no-reload")
    run.until_served()
    assert run.get()[0] == 200
    assert children_of(run.process.pid) == []
    assert run.end(signal.SIGTERM) == 0


def test_a_unix_socket_is_removed(folder):
    run = Run(folder, "site_here:app", "--unix-socket", "here.sock", "--poll")
    try:
        run.until("is served on unix:here.sock")
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.connect(str(folder / "here.sock"))
            visitor.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert visitor.recv(12) == b"HTTP/1.1 200"
        assert run.end() == 0
    finally:
        run.close()
    assert not (folder / "here.sock").exists()


def test_pages_are_told_to_load_themselves_again(start, folder):
    run = start("--poll", "--browser-reload")
    run.until_served()
    assert '<script src="/-/tornadolike/reload.js" async></script>' in run.get()[2]
    assert "location.reload()" in run.get("/-/tornadolike/reload.js")[2]
    first = run.get("/-/tornadolike/version")[2]
    answers = queue.Queue()
    asking = threading.Thread(
        target=lambda: answers.put(run.get(f"/-/tornadolike/version?known={first}")[2])
    )
    asking.start()
    write(folder / "templates/page.html", "<p>another page</p>")
    assert answers.get(timeout=PATIENCE) != first
    asking.join()
    assert run.end() == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["site_here:app", "--key", "key.pem"], "--key belongs to a --certificate"),
        (["site_here:app", "--watch", "nowhere"], "there is no such folder"),
        (["site_here:app", "--certificate", "nowhere.pem"], "there is no file nowhere.pem"),
        (["not_there:app", "--port", "0", "--poll"], "there is no module 'not_there'"),
        (["not_there:app", "--port", "0", "--no-reload"], "there is no module 'not_there'"),
        (["site_here:nothing", "--port", "0", "--poll"], "has no 'nothing'"),
    ],
)
def test_wrong_use(arguments, text, folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    status = main(["run", *arguments])
    sys.modules.pop("site_here", None)
    assert status == 2
    assert text in capfd.readouterr().err


def test_a_port_in_use(folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["run", "site_here:app", "--port", port]) == 2
    assert "choose another by --port" in capfd.readouterr().err


def test_a_port_is_a_number(capsys):
    assert main(["run", "site_here:app", "--port", "http"]) == 2
    assert "a number from 0 to 65535" in capsys.readouterr().err
