"""What authors write of an application's life."""

import asyncio
import contextlib
import functools

import pytest

from tests.running import on_every_loop
from tornadolike.background import Background
from tornadolike.web import Application, RequestHandler


def recording(told, name, rules=(), **options):
    """An application that tells when it starts and stops."""
    app = Application(list(rules), **options)
    app.on_startup(lambda: told.append(f"{name} starts"))
    app.on_shutdown(lambda: told.append(f"{name} stops"))
    return app


@on_every_loop
async def test_hooks_come_in_their_order_and_go_in_the_reverse():
    app, told = Application(), []

    @app.on_startup
    async def first(app):
        await asyncio.sleep(0)
        app.settings["told"] = told
        told.append("first")

    @app.lifetime
    async def database(application):
        told.append("database opens")
        yield
        told.append("database closes")

    @app.lifetime
    @contextlib.asynccontextmanager
    async def queue():
        told.append("queue opens")
        yield
        told.append("queue closes")

    @app.on_shutdown
    async def last(app, timeout=None):
        assert timeout is None
        told.append("last")

    app.on_startup(functools.partial(told.append, "partial"))
    for _ in range(2):  # it may be started again
        async with app as entered:
            assert entered is app
            assert told == ["first", "database opens", "queue opens", "partial"]
            app.on_shutdown(lambda: told.append("this time only"))
        assert told[4:] == ["this time only", "last", "queue closes", "database closes"]
        told.clear()


def test_what_is_no_hook_is_refused():
    app = Application()

    async def coroutine(app):
        pass

    async def generator(app):
        yield

    def two(app, more):
        pass

    refused = [
        (app.on_startup, None, "takes a function"),
        (app.on_shutdown, "x", "takes a function"),
        (app.on_startup, generator, "use lifetime"),
        (app.on_shutdown, two, "the application and nothing else"),
        (app.lifetime, coroutine, "needs a yield"),
        (app.lifetime, contextlib.nullcontext(), "takes a function"),
    ]
    for add, hook, complaint in refused:
        with pytest.raises(TypeError, match=complaint):
            add(hook)


@on_every_loop
async def test_a_lifetime_that_is_none():
    for wrong in (lambda: None, lambda: asyncio.sleep(0), contextlib.contextmanager(lambda: [1])):
        app = Application()
        app.lifetime(wrong)
        with pytest.raises(TypeError, match="asynchronous context manager") as raised:
            await app.start()
        assert "application was not started" in raised.value.__notes__[0]


@on_every_loop
async def test_what_comes_too_late_is_refused():
    app = Application()
    async with app:
        for add in (app.on_startup, app.lifetime):
            with pytest.raises(RuntimeError, match="comes too late: the application is started"):
                add(contextlib.nullcontext)
        with pytest.raises(RuntimeError, match=r"stop\(\) it before"):
            await app.start()


@on_every_loop
async def test_an_application_with_hooks_has_to_be_started_to_listen(tmp_path):
    told = []
    for app in (
        recording(told, "app"),
        Application([("/.*", recording(told, "inner"))]),
        await asyncio.to_thread(repeating),  # where no loop is running
    ):
        for listen in (
            functools.partial(app.listen, 0, "127.0.0.1"),
            functools.partial(app.listen_unix, tmp_path / "socket"),
        ):
            with pytest.raises(RuntimeError, match=r"app\.run\(\)"):
                listen()
        async with app:
            server = app.listen(0, "127.0.0.1")
        assert not server._sockets  # what began to listen here has ended here
    plain = Application()
    plain.listen(0, "127.0.0.1")
    await plain.stop()  # which needs no start


def repeating():
    app = Application()
    app.background.every(60, print)
    return app


@on_every_loop
async def test_the_names_may_be_taken():
    class Own(Application):
        def __init__(self):
            super().__init__([("/", RequestHandler)])
            self.background = "blue"
            self.start = self.stop = self.send = None

    app = Own()
    async with app:
        assert app.background == "blue"
        assert isinstance(app._background, Background)


@on_every_loop
async def test_the_background_is_as_the_settings_say():
    app = Application(
        background_max_running=1, background_max_waiting=2, background_stop_seconds=0.5
    )
    background = app.background
    assert (background.max_running, background.max_waiting) == (1, 2)
    assert background.stop_seconds == 0.5
    with pytest.raises(TypeError, match="background_max_running is a number of jobs"):
        Application(background_max_running="many")


@on_every_loop
async def test_it_tells_of_itself():
    app, told = Application(), []

    @app.on("application.<what>")
    async def tell(what, application):
        told.append((what, application))

    app.on("user.created", lambda user: told.append(user))
    app.on_shutdown(lambda: told.append("down"))
    async with app:
        await app.send("user.created", user="me")
    assert told == [("started", app), "me", ("stopping", app), "down"]
    with pytest.raises(ValueError, match=r"no signal 'request\.finish', but request"):
        app.on("request.finish", print)
    assert app.middleware == ()  # nobody wants to know of requests
