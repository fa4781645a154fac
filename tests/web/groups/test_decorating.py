"""What applications and blueprints are filled with."""

from collections.abc import Callable
from typing import Any

from tests.web.helpers import Site
from tornadolike.web import RequestHandler


def test_each_method_of_a_path_may_have_its_own_function(site: Callable[..., Site]) -> None:
    s = site()

    @s.application.get("/notes/{note}")
    def show(handler: Any, note: str) -> str:
        return f"show {note}"

    @s.application.route("/notes/{note}", ["put", "PATCH"])
    async def change(handler: Any, note: str) -> str:
        return f"{handler.request.method} {note}"

    @s.application.delete("/notes/{note}")
    def remove(handler: Any, note: str) -> None:
        handler.set_status(204)

    assert s.ask("GET /notes/1").text == "show 1"
    assert s.ask("PUT /notes/1").text == "PUT 1"
    assert s.ask("PATCH /notes/1").text == "PATCH 1"
    assert s.ask("DELETE /notes/1").status == 204
    refused = s.ask("POST /notes/1")
    assert refused.status == 405
    assert refused.header("Allow") == "GET, PUT, PATCH, DELETE"
    reverse = s.application.reverse_url
    assert reverse("show", "a b") == reverse("change", "a b") == "/notes/a%20b"


def test_a_function_stays_what_it_is_and_may_have_several_paths(site: Callable[..., Site]) -> None:
    s = site()

    @s.application.get("/a", name="other")
    @s.application.get("/b")
    @s.application.post("/b")
    def answer(handler: Any) -> str:
        """Answers."""
        return handler.request.method or ""

    assert answer.__name__ == "answer"
    assert answer(type("", (), {"request": type("", (), {"method": "called"})})) == "called"
    assert [s.ask(request).text for request in ("GET /a", "GET /b", "POST /b")] == [
        "GET",
        "GET",
        "POST",
    ]
    handler_class = s.finished[0].__class__
    assert issubclass(handler_class, RequestHandler)
    assert (handler_class.__name__, handler_class.__doc__) == ("answer", "Answers.")
    assert handler_class.__module__ == __name__
    assert s.application.reverse_url("answer") == "/b"
    assert s.application.reverse_url("other") == "/a"


def test_classes_are_added_too(site: Callable[..., Site]) -> None:
    s = site()

    @s.application.add("/page/{number:int}", name="page", kwargs={"title": "T"})
    class Page(RequestHandler):
        def initialize(self, title: str) -> None:
            self.title = title

        def get(self, number: int) -> None:
            self.write(f"{self.title} {number + 1}")

    assert s.application.add("/again/{number}", Page, {"title": "A"}) is Page
    assert s.ask("GET /page/4").text == "T 5"
    assert s.ask("POST /page/4").header("Allow") == "GET"
    assert s.application.reverse_url("page", 3) == "/page/3"


def test_files_are_served(site: Callable[..., Site], tmp_path: Any) -> None:
    (tmp_path / "a.txt").write_text("a file")
    (tmp_path / "index.html").write_text("index")
    s = site()
    s.application.static("/files/", tmp_path, name="files", default_filename="index.html")
    assert s.ask("GET /files/a.txt").text == "a file"
    assert s.ask("GET /files/").text == "index"
    assert s.ask("GET /files/%2e%2e/x").status in (403, 404)
    assert s.ask("POST /files/a.txt").status == 405
    assert s.application.reverse_url("files", "a.txt") == "/files/a.txt"
