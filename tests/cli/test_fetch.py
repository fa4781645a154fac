"""``python -m tornadolike fetch``."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tornadolike.cli import main
from tornadolike.web import Application, RedirectHandler, RequestHandler

ROOT = Path(__file__).parent.parent.parent
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Echo(RequestHandler):
    """Tells what was asked."""

    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PURGE")

    def get(self):
        self.set_header("X-Server", "1")
        self.write(
            {
                "method": self.request.method,
                "headers": dict(self.request.headers),
                "body": self.request.body.decode(),
                "files": {
                    name: [(f["filename"], f["body"].decode()) for f in files]
                    for name, files in self.request.files.items()
                },
                "arguments": {
                    name: self.get_body_arguments(name) for name in self.request.body_arguments
                },
            }
        )

    post = put = delete = patch = purge = get


class Status(RequestHandler):
    """A status that is asked for."""

    def get(self, status):
        self.set_status(int(status))
        self.finish(f"a page for {status}")

    head = get


class Elsewhere(RequestHandler):
    def get(self):
        self.redirect("/echo")


class Binary(RequestHandler):
    def get(self):
        self.write(b"\0" * 10)


class Long(RequestHandler):
    """Goes on for as long as anybody listens."""

    async def get(self):
        self.set_header("Content-Length", str(10**9))
        self.set_header("Etag", '"1"')
        while True:
            self.write(b"x" * 100_000)
            await self.flush()
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def site(serve):
    rules = [
        ("/echo", Echo),
        (r"/status/(\d+)", Status),
        ("/elsewhere", Elsewhere),
        ("/loop", RedirectHandler, {"url": "/loop"}),
        ("/nowhere", RedirectHandler, {"url": "ftp://example.com/"}),
        ("/binary", Binary),
        ("/long", Long),
    ]
    return serve(Application(rules, compress_response=True, log_function=lambda handler: None))


@pytest.fixture
def fetch(capsysbinary):
    """``fetch(arguments)`` gives the status, and what was written to the two outputs."""

    def fetch(*arguments):
        status = main(["fetch", *map(str, arguments)])
        out, err = capsysbinary.readouterr()
        return status, out, err.decode()

    return fetch


@pytest.fixture
def echoed(fetch, site):
    """What the server has seen."""

    def echoed(*arguments):
        status, out, err = fetch(f"{site.url}/echo", *arguments)
        assert (status, err) == (0, "")
        return json.loads(out)

    return echoed


def test_it_prints_the_body(fetch, site):
    assert fetch(f"{site.url}/status/200") == (0, b"a page for 200", "")
    assert fetch(f"127.0.0.1:{site.port}/status/200", "-o", "-") == (0, b"a page for 200", "")


@pytest.mark.parametrize(
    ("arguments", "method", "body", "content_type"),
    [
        ([], "GET", "", None),
        (["-X", "DELETE"], "DELETE", "", None),
        (["-X", "PURGE"], "PURGE", "", None),
        (["-d", "a=1"], "POST", "a=1", "application/x-www-form-urlencoded"),
        (["-d", "a=1", "-d", "b=2"], "POST", "a=1&b=2", "application/x-www-form-urlencoded"),
        (["-X", "PUT", "--data", "ü", "-H", "Content-Type: a/b"], "PUT", "ü", "a/b"),
        (["--json", '{"a": 1}'], "POST", '{"a": 1}', "application/json"),
        (["-F", "a=x y", "--form", "b==="], "POST", "a=x+y&b=%3D%3D", None),
    ],
)
def test_methods_and_bodies(echoed, arguments, method, body, content_type):
    seen = echoed(*arguments)
    assert (seen["method"], seen["body"]) == (method, body)
    if content_type is not None:
        assert seen["headers"]["Content-Type"] == content_type


def test_files(echoed, tmp_path):
    (tmp_path / "f.txt").write_text("content")
    assert echoed("-d", f"@{tmp_path}/f.txt")["body"] == "content"
    assert echoed("--json", f"@{tmp_path}/f.txt")["headers"]["Content-Length"] == "7"
    seen = echoed("-F", "a=1", "-F", f"f=@{tmp_path}/f.txt")
    assert seen["arguments"] == {"a": ["1"]}
    assert seen["files"] == {"f": [["f.txt", "content"]]}


def test_headers_and_users(echoed):
    headers = echoed(*("-H", "X-Mine: 1", "-H", "x-mine:2", "-A", "me", "-u", "name:pass:word"))[
        "headers"
    ]
    assert headers["X-Mine"] == "1,2"
    assert headers["User-Agent"] == "me"
    assert headers["Authorization"] == "Basic bmFtZTpwYXNzOndvcmQ="
    assert "Accept-Encoding" not in headers


def test_compressed(fetch, site):
    status, out, _ = fetch(f"{site.url}/echo", "--compressed", "-H", "X-Long: " + "x" * 2000)
    assert status == 0
    assert "gzip" in json.loads(out)["headers"]["Accept-Encoding"]


def test_heads(fetch, site):
    status, out, _ = fetch(f"{site.url}/status/200", "-i")
    assert out.startswith(b"HTTP/1.1 200 OK\r\n")
    assert out.endswith(b"\r\n\r\na page for 200")
    status, out, _ = fetch(f"{site.url}/status/404", "-I")
    assert status == 0
    assert out.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert out.endswith(b"\r\n\r\n")


def test_redirects(fetch, site):
    assert json.loads(fetch(f"{site.url}/elsewhere")[1])["method"] == "GET"
    assert fetch(f"{site.url}/elsewhere", "-L")[0] == 0
    status, out, _ = fetch(f"{site.url}/elsewhere", "--no-location", "-i")
    assert (status, out[:12]) == (0, b"HTTP/1.1 302")


def test_redirects_that_are_not_followed(fetch, site):
    url = f"{site.url}/elsewhere"
    for options in ([], ["--fail"], ["-i"]):
        status, _, err = fetch(url, "--max-redirects", "0", *options)
        assert (status, err.startswith("tornadolike: HTTP 302: ")) == (47, True), err
    assert fetch(url, "--max-redirects", "1")[0] == 0
    assert fetch(f"{site.url}/loop", "--max-redirects", "3")[0] == 47
    status, _, err = fetch(f"{site.url}/nowhere")
    assert status == 22
    assert "Unsupported url scheme: 'ftp'" in err


@pytest.mark.parametrize("status", [404, 500])
def test_fail(fetch, site, status, tmp_path):
    url = f"{site.url}/status/{status}"
    assert fetch(url) == (0, f"a page for {status}".encode(), "")
    code, out, err = fetch(url, "--fail")
    assert (code, out) == (22, b"")
    assert err.startswith(f"tornadolike: HTTP {status}: ")
    assert fetch(url, "-fq") == (22, b"", "")
    (tmp_path / "f").write_text("old")
    assert fetch(url, "-o", tmp_path / "f")[0] == 22
    assert (tmp_path / "f").read_text() == "old"


def test_to_a_file(fetch, site, tmp_path):
    assert fetch(f"{site.url}/status/200", "-o", tmp_path / "f") == (0, b"", "")
    assert (tmp_path / "f").read_text() == "a page for 200"
    assert fetch(f"{site.url}/status/200", "-o", "/dev/null")[0] == 0
    assert fetch(f"{site.url}/status/200", "-o", tmp_path)[0] == 23
    assert fetch(f"{site.url}/status/200", "-o", tmp_path / "no" / "f")[0] == 23


def test_it_goes_on(fetch, serve, tmp_path):
    (tmp_path / "site").mkdir()
    data = os.urandom(10_000)
    (tmp_path / "site" / "f").write_bytes(data)
    url = f"{serve(Application(static_path=str(tmp_path / 'site'))).url}/static/f"
    assert fetch(url, "-I")[0] == 0
    head = fetch(url, "-I")[1].decode()
    [etag] = [line.split(": ")[1] for line in head.splitlines() if line.startswith("Etag")]
    (tmp_path / "f.part").write_bytes(data[:5000])
    (tmp_path / "f.part.json").write_text(json.dumps({"url": url, "validator": etag}))
    status, _, err = fetch(url, "-o", tmp_path / "f", "--continue", "-v")
    assert status == 0
    assert "> Range: bytes=5000-" in err
    assert "< HTTP/1.1 206" in err
    assert (tmp_path / "f").read_bytes() == data


def test_what_it_tells(fetch, site):
    status, _, err = fetch(f"{site.url}/elsewhere", "-v", "-u", "a:secret", "-H", "Cookie: b=c")
    assert status == 0
    lines = err.splitlines()
    assert lines[:2] == [f"* to {site.url}", "> GET /elsewhere"]
    assert "> Authorization: (not shown)" in lines
    assert "> Cookie: (not shown)" in lines
    assert "< HTTP/1.1 302 Found" in lines
    assert "> GET /echo" in lines
    assert lines[-1] == "<"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://x/"], "http://"),
        (["http://"], "host"),
        (["http://x/", "-H", "nothing"], "a header is NAME: VALUE"),
        (["http://x/", "-H", "Authorization=secret"], "not 'Authorization'..."),
        (["http://x/", "-H", "a: \0"], "Invalid header value"),
        (["http://x/", "-F", "nothing"], "NAME=VALUE"),
        (["http://x/", "-d", "@/does/not/exist"], "No such file"),
        (["http://x/", "-F", "f=@/does/not/exist"], "No such file"),
        (["http://x/", "--continue"], "give -o FILE"),
        (["http://x/", "-I", "-o", "f"], "not with -o"),
        (["http://x/", "--proxy", "gopher://x/"], "prox"),
        (["http://x/", "-x", "gopher://x/"], "prox"),
    ],
)
def test_wrong_use(fetch, arguments, said):
    status, out, err = fetch(*arguments)
    assert (status, out) == (2, b"")
    assert err.startswith("tornadolike: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["http://x/", "--timeout", "-1"],
        ["http://x/", "-d", "a", "--json", "b"],
        ["http://x/", "--retries", "x"],
    ],
)
def test_what_the_parser_refuses(arguments, capsys):
    assert main(["fetch", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tornadolike: ")
    assert said.count("\n") == 1


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_nobody_there(fetch):
    status, out, err = fetch(f"http://127.0.0.1:{free_port()}/")
    assert (status, out) == (7, b"")
    assert err.startswith("tornadolike: ")


def test_no_such_name(fetch):
    status, _, err = fetch("http://does-not-exist.invalid/")
    assert status == 6
    assert "does-not-exist.invalid" in err


def test_too_late(fetch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for option in ("--timeout", "-m", "--max-time"):
            status, _, err = fetch(url, option, "0.05")
            assert status == 28
            assert "Timeout" in err
        for option in ("--quiet", "-q", "-s", "--silent"):
            assert fetch(url, "-m", "0.05", option) == (28, b"", "")


@pytest.mark.parametrize("wire", ["tls"])
def test_certificates(fetch, site, certs):
    url = f"https://localhost:{site.port}/status/200"
    status, _, err = fetch(url)
    assert status == 60
    assert "certificate" in err.lower()
    assert fetch(url, "--insecure")[:2] == (0, b"a page for 200")
    assert fetch(url, "--cacert", certs.ca)[:2] == (0, b"a page for 200")


def test_retries(fetch, serve):
    asked = []

    class Busy(RequestHandler):
        def get(self):
            asked.append(1)
            self.set_status(503 if len(asked) < 3 else 200)

    url = serve(Application([("/", Busy)], log_function=lambda handler: None)).url
    assert fetch(url, "--fail", "--retries", "1")[0] == 22
    assert fetch(url, "--fail", "--retries", "1")[0] == 0
    assert len(asked) == 3


def test_what_breaks_off_is_tried_again(fetch, serve, tmp_path):
    """With --continue, from there on."""
    data = os.urandom(100_000)
    asked = []

    class Flaky(RequestHandler):
        async def get(self):
            first = int(self.request.headers.get("Range", "bytes=0-")[6:-1])
            asked.append(first)
            status = f"206 Rest\r\nContent-Range: bytes {first}-99999/100000" if first else "200 OK"
            head = f'HTTP/1.1 {status}\r\nETag: "1"\r\nContent-Length: {100_000 - first}\r\n\r\n'
            stream = self.detach()
            await stream.write(head.encode() + data[first:][:40_000])
            stream.close()

    url = serve(Application([("/", Flaky)], log_function=lambda handler: None)).url
    assert fetch(url, "-o", tmp_path / "f", "--retries", 5)[0] == 56
    assert len(asked) == 1
    asked.clear()
    assert fetch(url, "-o", tmp_path / "f", "--continue", "--retries", 1)[0] == 56
    assert fetch(url, "-o", tmp_path / "f", "--continue", "--retries", 1)[0] == 0
    assert asked == [0, 40_000, 80_000]
    assert (tmp_path / "f").read_bytes() == data


@pytest.mark.parametrize("arguments", [[], ["-d", "a=1"], ["-i"], ["-L", "-f"]])
def test_by_curl(fetch, site, arguments):
    pytest.importorskip("pycurl")
    for url in (f"{site.url}/echo", f"{site.url}/elsewhere"):
        status, out, err = fetch(url, "--engine", "curl", *arguments)
        assert (status, err) == (0, "")
        if "-i" in arguments:
            assert out.startswith(b"HTTP/1.1 200 OK\r\n")


def test_without_pycurl(fetch, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("tornadolike.curl_httpclient")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pycurl", None)
    status, out, err = fetch("http://127.0.0.1:1/", "--engine", "curl")
    assert (status, out) == (2, b"")
    assert "tornadolike[curl]" in err


def test_unix_sockets(fetch, tmp_path):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def serve():
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert fetch("http://x/", "--unix-socket", tmp_path / "s")[:2] == (0, b"hi")
        thread.join()


# In a process of its own


def started(*arguments, **options):
    command = [sys.executable, "-m", "tornadolike", "fetch", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def test_the_standard_input(site):
    with started(f"{site.url}/echo", "-d", "@-", stdin=subprocess.PIPE) as process:
        out, err = process.communicate(b"from a pipe", timeout=60)
    assert (process.returncode, err) == (0, b"")
    seen = json.loads(out)
    assert seen["body"] == "from a pipe"
    assert seen["headers"]["Transfer-Encoding"] == "chunked"


def test_control_c_is_quiet_and_keeps_what_may_be_kept(site, tmp_path):
    with started(f"{site.url}/long", "-o", tmp_path / "f", "--continue") as process:
        part = tmp_path / "f.part"
        wait_for(lambda: part.exists() and part.stat().st_size)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert sorted(os.listdir(tmp_path)) == ["f.part", "f.part.json"]


def test_it_tidies_up_when_it_is_told_to_end(site, tmp_path):
    with started(f"{site.url}/long", "-o", tmp_path / "f") as process:
        wait_for(lambda: os.listdir(tmp_path))
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, b"", b"")
    assert os.listdir(tmp_path) == []


def test_who_reads_has_enough(site):
    with started(f"{site.url}/long") as process:
        assert process.stdout.read(10) == b"x" * 10
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(60) == 23
    assert err == b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_outputs_that_are_closed(site, closed):
    command = f'exec "$@" {closed}'
    with subprocess.Popen(
        [
            "sh",
            "-c",
            command,
            "sh",
            sys.executable,
            "-m",
            "tornadolike",
            "fetch",
            f"{site.url}/status/200",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        out, err = process.communicate(timeout=60)
    wanted = {
        ">&-": (23, b"", b"tornadolike: there is no standard output: give -o FILE\n"),
        "2>&-": (0, b"a page for 200", b""),
        ">&- 2>&-": (23, b"", b""),
    }
    assert (process.returncode, out, err) == wanted[closed]


def test_failures_are_told_once(site):
    """And not by a line of the log as well."""
    with started(f"https://127.0.0.1:{site.port}/") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count(b"\n")) == (35, b"", 1)


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
