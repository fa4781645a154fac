""":class:`Serving`: an application's way from start-up over a signal to a quiet end.

.. code-block:: python

    if __name__ == "__main__":
        app.run(port=8888)
"""

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from ... import autoreload, ioloop
from ...httpserver import HTTPServer
from ...log import gen_log
from ...util import describe, ends_in_one_line
from ..cookies.secrets import refuse_guessable, refuse_or_warn_of_guessable
from .life import DRAIN_SECONDS, State
from .lifetime import Lifetime
from .spokesman import Spokesman

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

INTERRUPTED: Final = 128 + signal.SIGINT
"""What a process ends with that Ctrl-C ended in its usual way."""


class Serving(Lifetime):
    """The part of an application that serves until it is told to stop."""

    listen: Callable[..., HTTPServer]
    settings: dict[str, Any]

    async def serve(
        self,
        port: int = 8888,
        address: str | None = None,
        *,
        sockets: Iterable[socket.socket] | None = None,
        drain_seconds: float = DRAIN_SECONDS,
        **options: Any,
    ) -> None:
        """Start, listen, and serve until the process is told to stop; then stop in an orderly way, and return.

        It is told by SIGTERM or SIGINT (Ctrl-C), or :meth:`stop` is called, or what awaits this is cancelled. The
        second signal ends the process at once. Signals are listened to in the main thread only.

        At SIGUSR1 log files are opened anew (:func:`~tornadolike.log.reopen_log_files`), if there were any when it
        began, and the program has not said itself what the signal means. A service manager that has started the
        process is told that it serves and that it stops, and by the loop that it is well
        (:func:`~tornadolike.netutil.notify_service_manager`).

        :arg port: and the other ``options`` are :meth:`~.Application.listen`'s.
        :arg sockets: what listens already, in the place of port and address: what was bound before
            :func:`~tornadolike.process.fork_processes`, or given by a supervisor. They are closed at the end.
        :arg drain_seconds: how long requests that were accepted may go on (:meth:`stop`).

        Raises what fails at start-up, behind which all is ended again, :exc:`OSError` if the port is taken,
        :exc:`ValueError` if the ``cookie_secret`` can be guessed and the application has no setting ``debug``, and
        :exc:`RuntimeError` if it is being served already. One that was started is stopped all the same.
        """
        life = self._life
        if life.on_stop is not None:
            raise RuntimeError(
                "the application is being served already: listen() serves it at another port, too"
            )
        sockets = None if sockets is None else list(sockets)
        spokesman = Spokesman(wanted=life.speaks)
        with Stop() as stop, spokesman, contextlib.ExitStack() as closing:
            for sock in sockets or ():
                closing.callback(sock.close)
            refuse_guessable(self.settings)
            if life.state is not State.STARTED and not await stop.ended(life.start()):
                return
            life.on_stop = stop.begin
            try:
                self._listen(port, address, sockets, options)
                spokesman.ready()
                await stop.begun.wait()
            finally:
                spokesman.stopping()
                life.on_stop = None
                servers = list(life.servers)
                await life.stop(drain_seconds)
                for server in servers:  # a handler that has called stop() answers only now
                    await server.drain(drain_seconds)

    def run(self, port: int = 8888, address: str | None = None, **options: Any) -> None:
        """:meth:`serve` on a new loop, as the whole of a program; the arguments are the same.

        Returns when the application has stopped. Raises as :meth:`serve`, and :exc:`RuntimeError` when a loop is
        running in this thread already.
        """
        if asyncio.events._get_running_loop() is not None:
            raise RuntimeError(
                "app.run() makes a loop, and one is running here: write await app.serve()"
            )
        try:
            ioloop.run(self.serve(port, address, **options))
        except KeyboardInterrupt:  # before we listened to it, or behind that
            sys.exit(INTERRUPTED)

    def _before_listening(self) -> None:
        """Called before a server listens for the application.

        Raises :exc:`ValueError` if its ``cookie_secret`` can be guessed; with the setting ``debug`` that is a warning.
        """
        refuse_or_warn_of_guessable(self.settings)

    def _accepting(self) -> None:
        """Called when a server accepts connections for the application: with ``autoreload`` its files are watched.

        Not by a server in a thread: the program around it, which would be replaced, is somebody else's then.
        """
        if (
            self.settings.get("autoreload")
            and threading.current_thread() is threading.main_thread()
        ):
            autoreload.start()

    def _listen(
        self,
        port: int,
        address: str | None,
        sockets: Iterable[socket.socket] | None,
        options: dict[str, Any],
    ) -> None:
        if sockets is None:
            try:
                server = self.listen(port, address, **options)
            except OSError as error:
                ends_in_one_line(error, describe(error))
                raise
        else:
            self._before_listening()
            server = self._new_server(options)
            server.add_sockets(sockets)
        for listening in server._sockets.values():
            gen_log.info("Serving on %s", listening.getsockname())

    def _new_server(self, options: dict[str, Any]) -> HTTPServer:
        """One that drains when the application stops. Raises :exc:`RuntimeError` if that was to be started first."""
        self._life.check_started()
        for prepare in self._life.preparing:
            prepare(options)
        server = HTTPServer(self, **options)
        self._life.servers.add(server)
        return server


class Stop:
    """Inside of this context the first SIGTERM or SIGINT begins the end, and the second ends the process."""

    _all: ClassVar[list["Stop"]] = []  # there is one SIGTERM for all that is served in a process
    _before: ClassVar[dict[signal.Signals, Any]] = {}

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self._at_start: asyncio.Task[Any] | None = None
        self._listens = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._listens = True
            if not self._all:
                self._listen()
            self._all.append(self)
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._listens:
            return
        self._all.remove(self)
        if not self._all:
            self._listen_no_more(self._before)
            self._before.clear()

    def begin(self) -> None:
        """Begin with the end. Nothing happens the second time."""
        if self.begun.is_set():
            return
        self.begun.set()
        if self._at_start is not None:
            self._at_start.cancel()

    async def ended(self, starting: Coroutine[Any, Any, None]) -> bool:
        """Whether this came to its end. If it had not when the end began, it is cancelled."""
        self._at_start = task = asyncio.current_task()
        assert task is not None
        try:
            await starting
        except asyncio.CancelledError:
            if not self.begun.is_set() or task.uncancel():
                raise  # somebody else wants it, too
            return False
        finally:
            self._at_start = None
        return True

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            before = signal.getsignal(number)
            # Ignored they are where nohup or a shell has put the program into the background.
            if before is not signal.SIG_IGN:
                self._before[number] = before
                loop.add_signal_handler(number, self._arrived, number)

    def _arrived(self, number: signal.Signals) -> None:
        gen_log.info("Stopping, because of %s", number.name)
        # The next one need not find anything that still works.
        self._listen_no_more(dict.fromkeys(self._before, signal.SIG_DFL))
        for one in list(self._all):
            one.begin()

    def _listen_no_more(self, handlers: dict[signal.Signals, Any]) -> None:
        loop = asyncio.get_running_loop()
        for number, handler in handlers.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
