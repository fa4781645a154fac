"""A real site: Flask's forms, uploads, sessions, streams, files and errors."""

import io

import flask
import pytest

from tests.web.helpers import Connection
from tests.wsgi.apps import asked
from tornadolike.wsgi import WSGIContainer


@pytest.fixture
def server(serve, executor):
    site = flask.Flask("shop")
    site.secret_key = "0123456789abcdef"

    @site.post("/form")
    def form():
        upload = flask.request.files["file"]
        return {
            "text": flask.request.form["text"],
            "file": [upload.filename, len(upload.read())],
            "query": flask.request.args["query"],
        }

    @site.post("/body")
    def body():
        return {"size": len(flask.request.get_data()), "length": flask.request.content_length}

    @site.get("/path/<path:path>")
    def path(path):
        return {"path": path, "url": flask.request.url, "root": flask.request.script_root}

    @site.get("/session")
    def session():
        flask.session["count"] = flask.session.get("count", 0) + 1
        return str(flask.session["count"])

    @site.get("/stream")
    def stream():
        pieces = (f"{number} {flask.request.path}\n" for number in range(3))
        return flask.Response(flask.stream_with_context(pieces), mimetype="text/plain")

    @site.get("/file")
    def file():
        return flask.send_file(
            io.BytesIO(b"0123456789"), "text/plain", etag="tag", conditional=True
        )

    @site.get("/error")
    def error():
        raise KeyError("deliberate")

    return serve(WSGIContainer(site, executor, script_name="/shop"))


def test_forms_and_uploads(server):
    parts = [
        '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\ncafé\r\n',
        '--b\r\nContent-Disposition: form-data; name="file"; filename="ü.bin"\r\n\r\n',
        "x" * 600_000 + "\r\n--b--\r\n",
    ]
    kind = "Content-Type: multipart/form-data; boundary=b"
    body = "".join(parts).encode()
    answer = asked(server, "POST /shop/form?query=%C3%A9+%2B", kind, body=body)
    assert answer.json == {"text": "café", "file": ["ü.bin", 600_000], "query": "é +"}


def test_a_body_in_chunks(server):
    with Connection(server) as connection:
        connection.send("POST /shop/body", "Transfer-Encoding: chunked")
        connection.sock.sendall(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
        assert connection.receive().json == {"size": 7, "length": 7}


def test_paths_below_a_path(server):
    assert asked(server, "GET /shop/path/caf%C3%A9%20/b?c=%2F").json == {
        "path": "café /b",
        "url": "http://127.0.0.1/shop/path/café%20/b?c=/",
        "root": "/shop",
    }


def test_sessions(server):
    cookie = "a=b"
    for count in ("1", "2"):
        answer = asked(server, "GET /shop/session", f"Cookie: {cookie}")
        assert answer.text == count
        cookie = answer.header("Set-Cookie").partition(";")[0]


def test_streams(server):
    answer = asked(server, "GET /shop/stream")
    assert answer.text == "0 /stream\n1 /stream\n2 /stream\n"
    assert answer.header("Transfer-Encoding") == "chunked"


def test_files(server):
    assert asked(server, "GET /shop/file").text == "0123456789"
    part = asked(server, "GET /shop/file", "Range: bytes=2-4")
    assert (part.status, part.text, part.header("Content-Range")) == (206, "234", "bytes 2-4/10")
    same = asked(server, "GET /shop/file", 'If-None-Match: "tag"')
    assert (same.status, same.body, same.header("Content-Length")) == (304, b"", None)


def test_errors(server, expect_log):
    with expect_log("shop", "Exception on /error"), expect_log("tornadolike.access", "500"):
        assert asked(server, "GET /shop/error").status == 500
    assert asked(server, "GET /shop/nothing").status == 404
    assert asked(server, "GET /elsewhere").status == 404
