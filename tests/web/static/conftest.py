"""``files``: a site that serves a directory, the ``tree``. ``settings``: those of a site with one static file."""

import datetime
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.web import StaticFileHandler


def sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()


SECRET = "this is nobody's business"
HELLO = b"hello world, this is a file\n"
ETAG = f'"{sha512(HELLO)}"'
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory to serve, and beside it what is not to be served."""
    root = tmp_path_factory.mktemp("static") / "root"
    outside = root.parent / "outside"
    for directory in (root / "sub" / "deep", root / "empty", outside, root.parent / "root-not"):
        directory.mkdir(parents=True)
    (root / "hello.txt").write_bytes(HELLO)
    (root / "empty.txt").write_bytes(b"")
    (root / "caf\xe9 \u2603.txt").write_bytes(b"unicode")
    (root / "back\\slash.txt").write_bytes(b"backslash")
    (root / "sub" / "index.html").write_bytes(b"<h1>index</h1>")
    (root / "sub" / "deep" / "a.css").write_bytes(b"a{}")
    for secret in (outside / "secret.txt", root.parent / "root-not" / "secret.txt"):
        secret.write_text(SECRET)
    (root / "inside.txt").symlink_to("hello.txt")
    (root / "linked").symlink_to("sub")
    (root / "d\xe9").mkdir()
    (root / "secret.txt").symlink_to(outside / "secret.txt")
    (root / "elsewhere").symlink_to("../outside")
    (root / "broken").symlink_to("nowhere")
    (root / "circle").symlink_to("circle")
    (root / "device").symlink_to("/dev/zero")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(root)  # the path of a socket has to be short
        try:
            sock.bind("socket")
        finally:
            os.chdir(here)
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC).timestamp()
    os.utime(root / "hello.txt", (moment, moment + 0.5))
    return root


@pytest.fixture
def files(site: Callable[..., Site], tree: Path) -> Site:
    path = str(tree)
    with_index = {"path": path, "default_filename": "index.html"}
    return site(
        (r"/s/(.*)", StaticFileHandler, {"path": path}),
        (r"/i/(.*)", StaticFileHandler, with_index),
        (r"/(.*)", StaticFileHandler, with_index),
    )


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "a.txt").write_bytes(b"one")
    return {"static_path": str(tmp_path)}
