"""What is sent, after any sequence of calls by middleware, handlers and what they have called before the head.

Beside a model that does one thing after the other, in which nothing waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.helpers import Answer, Connection
from tornadolike.web import Application, HTTPError, RequestHandler

CAUGHT: Final = 418


@dataclass(frozen=True)
class Callback:
    """What is to be called before the head."""

    trace: str
    is_slow: bool
    raises: int | None = None


@dataclass(frozen=True)
class Step:
    """One call of a method of the handler."""

    kind: str
    value: Any = None


@dataclass(frozen=True)
class Layer:
    """A middleware: what it does first, how it goes on, and whether it answers what is raised within."""

    steps: list[Step]
    then: str
    catches: bool


@dataclass(frozen=True)
class Program:
    """All that is done for a request."""

    layers: list[Layer]
    handler: list[Step]
    is_slow: bool
    """Whether the handler is a coroutine."""


class Ended(Exception):
    """The handler is not to go on."""


class PageFails(Exception):
    """What fails is what comes before the head of an error page: that is logged, and told elsewhere."""


@dataclass
class Model:
    """A response on its way."""

    program: Program
    status: int = 200
    traces: list[str] = field(default_factory=list)
    body: str = ""
    callbacks: list[Callback] = field(default_factory=list)
    head: tuple[int, list[str]] | None = None
    finished: bool = False

    def run(self) -> tuple[int, list[str], str]:
        try:
            self.call(0)
        except Ended:
            pass
        except HTTPError as error:
            self.end_with(error.status_code)
        assert self.head is not None
        return *self.head, self.body

    def call(self, depth: int) -> None:
        if depth == len(self.program.layers):
            self.do(self.program.handler)
            if not self.finished:
                self.finish()
            return
        layer = self.program.layers[depth]
        self.do(layer.steps)
        if self.finished:
            return
        if layer.then == "answer":
            self.body += "A"
            self.finish()
        elif layer.then == "raise":
            if self.head is None:
                raise HTTPError(403)
            self.finish()
        else:
            try:
                self.call(depth + 1)
            except HTTPError:
                if not layer.catches or self.head is not None:
                    raise
                self.status = CAUGHT
                self.body += "C"
                self.finish()

    def do(self, steps: list[Step]) -> None:
        for step in steps:
            if self.finished:
                return
            if step.kind == "status":
                self.status = step.value
            elif step.kind == "trace":
                self.traces.append(step.value)
            elif step.kind == "write":
                self.body += step.value
            elif step.kind == "before":
                if self.head is None:
                    self.callbacks.append(step.value)
            elif step.kind == "raise":
                if self.head is None:
                    raise HTTPError(step.value)
            elif step.kind == "flush":
                self.send_head(is_flush=True)
            else:
                self.finish()

    def finish(self) -> None:
        self.send_head(is_flush=False)
        self.finished = True

    def send_head(self, *, is_flush: bool) -> None:
        if self.head is not None:
            return
        waits = False
        while self.callbacks:
            callback = self.callbacks.pop()
            waits |= callback.is_slow
            if callback.raises is not None:
                if not waits:
                    raise HTTPError(callback.raises)
                self.end_with(callback.raises)
                if is_flush:
                    raise Ended
                return
            self.traces.append(callback.trace)
        self.head = self.status, self.traces[:]

    def end_with(self, status: int) -> None:
        self.status, self.body = status, f"page {status}"
        self.traces.clear()
        try:
            self.finish()
        except HTTPError as error:
            raise PageFails from error


# The same for tornadolike


def called(callback: Callback) -> Callable[[RequestHandler], Awaitable[None] | None]:
    def call(handler: RequestHandler) -> None:
        if callback.raises is not None:
            raise HTTPError(callback.raises)
        handler.add_header("X-Trace", callback.trace)

    async def call_slowly(handler: RequestHandler) -> None:
        await asyncio.sleep(0)
        call(handler)

    return call_slowly if callback.is_slow else call


def do(handler: RequestHandler, step: Step) -> Awaitable[None] | None:
    if step.kind == "status":
        handler.set_status(step.value)
    elif step.kind == "trace":
        handler.add_header("X-Trace", step.value)
    elif step.kind == "write":
        handler.write(step.value)
    elif step.kind == "before":
        if not handler._headers_written:
            handler.before_head(called(step.value))
    elif step.kind == "raise":
        if not handler._headers_written:
            raise HTTPError(step.value)
    elif step.kind == "flush":
        return handler.flush()
    else:
        handler.finish()
    return None


async def do_all(handler: RequestHandler, steps: list[Step]) -> None:
    for step in steps:
        if handler._finished:
            return
        waiting = do(handler, step)
        if waiting is not None:
            await waiting


def middleware(layer: Layer) -> Callable[[Any, Any], Awaitable[None]]:
    async def within(handler: RequestHandler, call_next: Callable[[Any], Awaitable[None]]) -> None:
        await do_all(handler, layer.steps)
        if handler._finished:
            return
        if layer.then == "answer":
            await handler.finish("A")
        elif layer.then == "raise":
            if not handler._headers_written:
                raise HTTPError(403)
            handler.finish()
        else:
            try:
                await call_next(handler)
            except HTTPError:
                if not layer.catches or handler._headers_written:
                    raise
                handler.set_status(CAUGHT)
                handler.finish("C")

    return within


class Paged(RequestHandler):
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(f"page {status_code}")


def application(program: Program) -> Application:
    class Slow(Paged):
        async def get(self) -> None:
            await do_all(self, program.handler)

    class Quick(Paged):
        def get(self) -> None:
            for step in program.handler:
                if not self._finished:
                    do(self, step)

    return Application(
        [("/", Slow if program.is_slow else Quick)],
        middleware=map(middleware, program.layers),
        log_function=lambda handler: None,
    )


# Programs

LETTERS: Final = st.sampled_from("abc")
QUIET: Final = [
    st.builds(Step, st.just("status"), st.sampled_from([201, 404])),
    st.builds(Step, st.just("trace"), LETTERS),
    st.builds(Step, st.just("write"), LETTERS),
]
BEFORE: Final = st.builds(
    Step, st.just("before"), st.builds(Callback, LETTERS.map(str.upper), st.booleans())
)
ENDS: Final = [
    st.just(Step("finish")),
    st.builds(Step, st.just("raise"), st.sampled_from([400, 409])),
]


def steps(*more: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.one_of(*QUIET, BEFORE, BEFORE, *more), max_size=5)


FLUSH: Final = st.just(Step("flush"))
LAYERS: Final = st.builds(
    Layer,
    steps(FLUSH, *ENDS),
    st.sampled_from(["next", "next", "next", "next", "answer", "raise"]),
    st.booleans(),
)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    layers = draw(st.lists(LAYERS, max_size=3))
    is_slow = draw(st.booleans())
    handler = draw(steps(FLUSH, *ENDS) if is_slow else steps(*ENDS))
    program = Program(layers, handler, is_slow)
    # One that fails, at the most: what the page of an error does if more fail is told elsewhere.
    lists = [*(layer.steps for layer in layers), handler]
    places = [(one, at) for one in lists for at, s in enumerate(one) if s.kind == "before"]
    if places and draw(st.booleans()):
        one, at = draw(st.sampled_from(places))
        old = one[at].value
        one[at] = Step("before", Callback(old.trace, old.is_slow, 422))
    return program


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(programs(), min_size=1, max_size=4))
def test_what_is_sent(asking: Callable[[Program], Answer], made: list[Program]) -> None:
    for program in made:
        try:
            expected = Model(program).run()
        except PageFails:
            continue
        answer = asking(program)
        traces = answer.headers.get_all("X-Trace", [])
        assert (answer.status, traces, answer.text) == expected, program


@pytest.fixture
def asking(serve: Callable[..., Any]) -> Iterator[Callable[[Program], Answer]]:
    """Have a program answer a request."""
    programs: list[Program] = []
    with Connection(serve(lambda request: application(programs.pop())(request))) as connection:

        def ask(program: Program) -> Answer:
            programs.append(program)
            return connection.ask("GET /")

        yield ask
