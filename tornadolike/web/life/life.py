""":class:`Life`: where in its life an application is, and what is to be done at its ends."""

import asyncio
import inspect
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from enum import Enum
from functools import partial
from typing import Any, Final

from ...background import Background
from ...http1connection import Counts
from ...httpserver import HTTPServer
from ...log import app_log
from ...routing import Rule, RuleRouter
from ...routing.changes import changes
from ...signals import Signals
from ...util import lazy, name_of
from ..around import Next
from .hooks import call_hook, check_hook, context_of

DRAIN_SECONDS: Final = 30.0
"""How long requests that were accepted may go on when an application stops, by default."""

REQUEST_SIGNALS: Final = ("request.begun", "request.finished", "request.failed")
SIGNALS: Final = ("application.started", "application.stopping", *REQUEST_SIGNALS)
"""What an application itself sends."""

BACKGROUND_SETTINGS: Final = {
    "background_max_running": "max_running",
    "background_max_waiting": "max_waiting",
    "background_stop_seconds": "stop_seconds",
}
"""Settings, and what they are to :class:`.Background`."""

ENDINGS: Final = (asyncio.CancelledError, SystemExit, KeyboardInterrupt)
"""What goes on outwards when all is ended that was begun."""

End = Callable[[], Awaitable[object]]


class State(Enum):
    """Where in its life an application is."""

    STOPPED = "stopped"
    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"


class Life:
    """The life of an application, which has it as ``_life``."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.state = State.STOPPED
        self.signals = Signals(SIGNALS)
        self.servers: weakref.WeakSet[HTTPServer] = weakref.WeakSet()
        """Those that were made by ``listen()``."""
        self.preparing: list[Callable[[dict[str, Any]], object]] = []
        """Called with the options of each of these before it is made, which they may add to."""
        self.speaks = True
        """Whether it speaks for its process to those who run that. A process that has a parent of ours does not."""
        self.on_stop: Callable[[], object] | None = None
        """Called when somebody begins to stop the application."""
        self._hooks: list[tuple[str, Callable[..., Any]]] = []
        self._ends: list[tuple[str, End]] = []
        self._members: list[Life] = []  # this one, and what was started with it
        self._stopper: asyncio.Task[Any] | None = None
        self._stopped: asyncio.Event | None = None

    @lazy
    def background(self) -> Background:
        """Runs the application's jobs."""
        settings = self.application.settings
        options = {
            option: settings[name]
            for name, option in BACKGROUND_SETTINGS.items()
            if name in settings
        }
        return Background(**options)

    @property
    def counts(self) -> Counts:
        """Of all its servers together."""
        return Counts(
            *map(sum, zip(Counts(), *(server.counts for server in self.servers), strict=True))
        )

    # What is to be done

    def add(self, kind: str, function: Callable[..., Any]) -> None:
        """Have ``function`` called at its time. Raises as :meth:`.Lifetime.on_startup`."""
        check_hook(kind, function)
        if self.state is State.STOPPED:
            self._hooks.append((kind, function))
        elif kind == "on_shutdown":  # of this life: start-up may come again, and add it again
            self._ends.append((name_of(function), partial(self._called, function)))
        else:
            raise RuntimeError(
                f"{kind}({name_of(function)}) comes too late: the application is {self.state.value}"
            )

    def tell_of_requests(self) -> None:
        """Send the signals of requests if somebody listens to them; it costs nothing as long as nobody does."""
        application = self.application
        if self._tell_of_request not in application.middleware and any(
            self.signals.has_receivers(name) for name in REQUEST_SIGNALS
        ):
            application.middleware = (self._tell_of_request, *application.middleware)
            changes.count += 1

    async def _tell_of_request(self, handler: Any, call_next: Next) -> None:
        """A middleware: the outermost, so that it sees all that is raised."""
        send = self.signals.send
        await send("request.begun", handler=handler)

        def finished() -> None:
            task = asyncio.ensure_future(send("request.finished", handler=handler))
            handler.request.connection.keep_task(task)

        handler._call_afterwards(finished)
        handler._failure_listeners += (self._tell_of_failure,)
        try:
            await call_next(handler)
        except Exception as error:
            await self._tell_of_failure(handler, error)
            raise

    async def _tell_of_failure(self, handler: Any, error: Exception) -> None:
        """Tell of an exception, once: on its way out it comes by who answers it, and by the middleware above."""
        if handler._told_of.get(self) != id(error):
            handler._told_of = {**handler._told_of, self: id(error)}
            await self.signals.send("request.failed", handler=handler, error=error)

    def check_started(self) -> None:
        """Raise :exc:`RuntimeError` if there is something to be done at start-up, and it was not."""
        for life in self._all():
            if life.state is State.STOPPED and life._has_something_to_do():
                raise RuntimeError(
                    "this application has hooks (on_startup, on_shutdown, lifetime, background.every) and was not "
                    "started: use app.run(), or await app.serve(), or call listen() inside of `async with app:`"
                )

    def _has_something_to_do(self) -> bool:
        return bool(self._hooks) or any(not one.running for one in self.background.repeated)

    # Starting

    async def start(self) -> None:
        """What :meth:`.Lifetime.start` says."""
        if self.state is not State.STOPPED:
            raise RuntimeError(
                f"the application is {self.state.value} already: stop() it before it starts again"
            )
        self._members = members = [life for life in self._all() if life.state is State.STOPPED]
        try:
            for life in members:
                life.state = State.STARTING
            for life in members:
                await life._enter()
            for life in members:
                life.background.resume()
                life.state = State.STARTED
            for life in members:
                await life.signals.send("application.started", application=life.application)
        except BaseException:
            await self._go_down(0, hurry=True)
            raise

    async def _enter(self) -> None:
        for middleware in self._middleware():
            function = getattr(middleware, "lifetime", None)
            if function is not None:
                await self._begin("lifetime", function)
        for kind, function in self._hooks:
            await self._begin(kind, function)

    async def _begin(self, kind: str, function: Callable[..., Any]) -> None:
        name = name_of(function)
        try:
            if kind == "on_startup":
                await self._called(function)
            elif kind == "on_shutdown":
                self._ends.append((name, partial(self._called, function)))
            else:
                context = context_of(call_hook(function, self.application), name)
                await context.__aenter__()
                self._ends.append((name, partial(context.__aexit__, None, None, None)))
        except Exception as error:
            error.add_note(
                f"It was raised by {kind}({name}): the application was not started, and what had been begun is ended."
            )
            raise

    async def _called(self, function: Callable[..., Any]) -> None:
        result = call_hook(function, self.application)
        if inspect.isawaitable(result):
            await result

    # Stopping

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """What :meth:`.Lifetime.stop` says."""
        if self.state is State.STARTING:
            raise RuntimeError("the application is starting: cancel what has called start()")
        if self._stopped is not None:
            if self._stopper is not asyncio.current_task():  # or it would wait for itself
                await self._stopped.wait()
            return
        self._stopper, self._stopped = asyncio.current_task(), asyncio.Event()
        if self.on_stop is not None:
            self.on_stop()
        try:
            await self._go_down(drain_seconds)
        finally:
            self._stopped.set()
            self._stopper = self._stopped = None

    async def _go_down(self, drain_seconds: float, hurry: bool = False) -> None:
        """Go all the steps, also if somebody cancels this: then what goes on is waited for no more."""
        members = self._members or [self]
        ending: BaseException | None = None
        for step in (_tell_stopping, partial(_drain, seconds=drain_seconds), _stop_jobs, _leave):
            try:
                await step(members, hurry=hurry or ending is not None)
            except ENDINGS as error:
                ending = error
        for life in members:
            life.state = State.STOPPED
        self._members = []
        if ending is not None:
            raise ending

    async def leave(self) -> None:
        """End what was begun, the last first."""
        ending: BaseException | None = None
        while self._ends:
            name, end = self._ends.pop()
            try:
                await end()
            except (Exception, BaseExceptionGroup, *ENDINGS) as error:
                if _ends_more(error):
                    ending = error
                else:
                    app_log.error("%s failed when the application stopped", name, exc_info=True)
        if ending is not None:
            raise ending

    # What belongs to it

    def _all(self, seen: "set[Life] | None" = None) -> "Iterator[Life]":
        """This life, and those of the applications that are targets of rules."""
        seen = set() if seen is None else seen
        if self in seen:
            return
        seen.add(self)
        yield self
        for rule in rules_of(self.application.default_router):
            for target in targets_of(rule):
                life = getattr(target, "_life", None)
                if isinstance(life, Life):
                    yield from life._all(seen)

    def _middleware(self) -> list[Any]:
        """What stands around handlers, each once."""
        rules = rules_of(self.application.default_router)
        found = [*self.application.middleware, *(one for rule in rules for one in rule.middleware)]
        return list({id(one): one for one in found}.values())


# The steps of going down


async def _tell_stopping(members: list[Life], hurry: bool) -> None:
    stopping = [life for life in members if life.state is State.STARTED]
    for life in stopping:
        life.state = State.STOPPING
    for life in stopping:
        await life.signals.send("application.stopping", application=life.application)


async def _drain(members: list[Life], hurry: bool, seconds: float) -> None:
    servers = [server for life in members for server in life.servers]
    for server in servers:
        if not hurry:
            server._accept_waiting()
        server.stop()
    end = time.monotonic() + seconds
    try:
        for server in () if hurry else servers:
            await server.drain(max(0.0, end - time.monotonic()))
    finally:
        for server in servers:
            await server.close_all_connections()


async def _stop_jobs(members: list[Life], hurry: bool) -> None:
    for life in members:
        await life.background.stop(0 if hurry else None)


async def _leave(members: list[Life], hurry: bool) -> None:
    ending: BaseException | None = None
    for life in reversed(members):
        try:
            await life.leave()
        except ENDINGS as error:
            ending = error
    if ending is not None:
        raise ending


def _ends_more(error: BaseException) -> bool:
    """Whether it is for the whole program, or for who stops the application, rather than a hook's failure."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, ENDINGS)


# What belongs to an application


def rules_of(router: RuleRouter) -> Iterator[Rule]:
    """The rules of a router, and of those within it."""
    for rule in router.rules:
        yield rule
        for target in targets_of(rule):
            if isinstance(target, RuleRouter):
                yield from rules_of(target)


def targets_of(rule: Rule) -> tuple[Any, ...]:
    """What a rule leads to: itself, by a :class:`.Mount`, or by a :class:`.FallbackHandler`."""
    return rule.target, getattr(rule.target, "target", None), rule.target_kwargs.get("fallback")
