"""What native code knows of an application is what is so, whatever anybody has changed, and however."""

import gc
import logging
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from tests.native.references import needs_native
from tests.web.helpers import FakeConnection
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.web import Application, OutputTransform, RequestHandler

pytestmark = needs_native

Seen = list[str]


class Shouting(OutputTransform):
    """Is seen in the body."""

    def transform_first_chunk(
        self, status_code: Any, headers: Any, chunk: Any, finishing: Any
    ) -> Any:
        return status_code, headers, chunk.upper()


class Answering(RequestHandler):
    def get(self) -> None:
        self.write("text")


def answer(application: Application) -> str:
    """What is sent; and it is made twice, so that it is what is known that is used."""
    bodies = []
    for _ in range(2):
        connection: Any = FakeConnection()
        request = HTTPServerRequest("GET", "/", "HTTP/1.1", HTTPHeaders(), connection=connection)
        Answering(application, request)._run_request((), {})
        bodies.append(connection.body)
    assert bodies[0] == bodies[1]
    return str(bodies[0].decode())


def saying(seen: Seen, what: str) -> Callable[[Any], None]:
    return lambda handler: seen.append(what)


CHANGES: dict[str, Callable[[Application, Seen], Any]] = {
    "attribute": lambda a, seen: setattr(a, "log_request", saying(seen, "x")),
    "dict": lambda a, seen: vars(a).update(log_request=saying(seen, "x")),
    "slot of dict": lambda a, seen: vars(a).__setitem__("log_request", saying(seen, "x")),
    "object": lambda a, seen: object.__setattr__(a, "log_request", saying(seen, "x")),
    "setting": lambda a, seen: a.settings.__setitem__("log_function", saying(seen, "x")),
    "settings": lambda a, seen: a.settings.update(log_function=saying(seen, "x")),
    "other settings": lambda a, seen: setattr(a, "settings", {"log_function": saying(seen, "x")}),
    "class": lambda a, seen: setattr(
        type(a), "log_request", lambda self, handler: seen.append("x")
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_who_says_that_a_request_is_finished(change: str, caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    own = type("Own", (Application,), {})
    seen: Seen = []
    application = own()
    answer(application)
    assert seen == []
    CHANGES[change](application, seen)
    answer(application)
    assert seen == ["x", "x"]


def test_what_is_undone(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    seen: Seen = []
    application = Application()
    for number in range(100):
        # (Often enough for the interpreter to make it fast, in its own ways.)
        application.log_request = saying(seen, str(number))  # type: ignore[method-assign]
        answer(application)
        assert seen == [str(number)] * 2
        seen.clear()
        del application.log_request
        answer(application)
        assert seen == []
        with mock.patch.object(Application, "log_request") as log_request:
            answer(application)
        assert log_request.call_count == 2
        application.settings["log_function"] = saying(seen, "setting")
        answer(application)
        assert seen == ["setting"] * 2
        seen.clear()
        del application.settings["log_function"]
        answer(application)
        assert seen == []


def test_levels(caplog: Any) -> None:
    access = logging.getLogger("tornadolike.access")
    application = Application()
    with caplog.at_level(logging.ERROR, access.name):
        answer(application)
        assert caplog.messages == []
        with caplog.at_level(logging.INFO, access.name):
            answer(application)
            assert len(caplog.messages) == 2
            with mock.patch.object(access, "disabled", True):
                answer(application)
            logging.disable(logging.CRITICAL)
            try:
                answer(application)
            finally:
                logging.disable(logging.NOTSET)
            assert len(caplog.messages) == 2
            answer(application)
            assert len(caplog.messages) == 4
        answer(application)
        assert len(caplog.messages) == 4


def test_transforms(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    application = Application()
    assert answer(application) == "text"
    application.transforms.append(Shouting)
    assert answer(application) == "TEXT"
    application.transforms.clear()
    assert answer(application) == "text"
    application.transforms = [Shouting]
    assert answer(application) == "TEXT"
    application.transforms = (Shouting,)  # type: ignore[assignment]
    assert answer(application) == "TEXT"
    application.transforms = []
    assert answer(application) == "text"


def test_one_application_after_another(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    for number in range(200):
        application = Application(transforms=[Shouting] if number % 2 else [])
        assert answer(application) == ("TEXT" if number % 2 else "text")
        del application  # the next one may be where this was
        if number % 20 == 0:
            gc.collect()


def test_two_applications_in_turns(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    plain, shouting = Application(), Application(transforms=[Shouting])
    for _ in range(5):
        assert (answer(plain), answer(shouting)) == ("text", "TEXT")


def test_odd_applications(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)

    class Slots(Application):
        __slots__ = ("transforms",)

    class Computed(Application):
        settings = property(lambda self: {}, lambda self, value: None)  # type: ignore[assignment]

    class Everything(Application):
        def __getattribute__(self, name: str) -> Any:
            return [Shouting] if name == "transforms" else super().__getattribute__(name)

    assert answer(Slots(transforms=[Shouting])) == "TEXT"
    assert answer(Computed()) == "text"
    assert answer(Everything()) == "TEXT"


def test_another_dict(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    application = Application()
    assert answer(application) == "text"
    application.__dict__ = {**vars(application), "transforms": [Shouting]}
    assert answer(application) == "TEXT"
    gc.collect()
    assert answer(application) == "TEXT"


def test_nothing_is_left_for_the_collector(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    one, other = Application(), Application()
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            answer(one)
            answer(other)
            one.settings["some"] = object()
        assert gc.collect() == 0
    finally:
        gc.enable()
