"""The blog while its sessions can be neither read nor kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from demos.blog.app import make_app
from demos.blog.pictures import Pictures
from tests.caching.helpers import BrokenStore

from .blog_visitors import PASSWORD, SECRET, Browser, signed_up


def test_those_who_need_none_go_on(
    serve: Callable[..., Any], blog_store: Any, tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    sessions = BrokenStore()
    server = serve(make_app(blog_store, Pictures(tmp_path), sessions, SECRET))
    ann, reader = signed_up(server.port, "Ann"), Browser(server.port)
    reader.get("/signin")
    sessions.broken = True
    down = expect_log("tornadolike.general", "sessions cannot be kept")
    with down, expect_log("tornadolike.access", "503 ", count=4):
        for path in ("/", "/write", "/nowhere"):
            answer = ann.get(path)
            assert (answer.status, "We are sorry." in answer.page) == (503, True)
            assert "Ann" not in answer.page
        for path in ("/feed.atom", "/static/blog.css"):
            assert ann.get(path).status == 200
        assert reader.get("/").status == 200
        # They are not told that they are in, and then are not.
        assert reader.post("/signin", name="Ann", password=PASSWORD).status == 503
        server.call(lambda: None)  # behind which it is logged
    sessions.broken = False
    assert "Sign out" in ann.get("/").page
    server.stop()
