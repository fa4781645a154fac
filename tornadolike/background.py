"""Work in the background: what nobody waits for, and what nobody should lose sight of.

.. code-block:: python

    background = Background()
    background.start(send_mail, address, text)
    background.every(3600, remove_old_files)
    ...
    await background.stop()

It is bounded, each job has a name, one that fails is logged, and at the end all are waited for, or cancelled. An
:class:`~tornadolike.web.Application` has one, as ``app.background``.
"""

import asyncio
import inspect
import math
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import partial
from typing import Any, Final

from .ioloop import PeriodicCallback
from .log import app_log
from .util import check_numbers, check_whole_numbers, name_of

__all__ = ["Background", "BackgroundFull", "Job", "Repeated"]

MAX_RUNNING: Final = 100
"""How many jobs run at the same time, by default."""
MAX_WAITING: Final = 1000
"""How many more may wait for their turn, by default."""
STOP_SECONDS: Final = 10.0
"""How long :meth:`Background.stop` waits for jobs before it cancels them, by default."""
CANCEL_SECONDS: Final = 5.0
"""How long it then waits for those that clean up."""

Work = Callable[[], Any] | Coroutine[Any, Any, Any]

HELD, WAITING, RUNNING = "held", "waiting", "running"
FINISHED, FAILED, CANCELLED = "finished", "failed", "cancelled"


class BackgroundFull(RuntimeError):
    """There are as many jobs as there may be."""


class Job:
    """A piece of work. Made by :meth:`Background.start` and :meth:`Background.hold`."""

    def __init__(self, background: "Background", work: Work, name: str) -> None:
        self.name = name
        """What it is called in the log."""
        self.state = HELD
        """``"held"`` (until :meth:`begin`), ``"waiting"`` for its turn, ``"running"``, and in the end ``"finished"``,
        ``"failed"`` or ``"cancelled"``."""
        self.error: BaseException | None = None
        """Why it failed, without the traceback, which is in the log."""
        self._background = background
        self._work: Work | None = work
        self._context = copy_context()
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Job {self.name} ({self.state})>"

    @property
    def over(self) -> bool:
        """Whether it has come to its end, whichever."""
        return self.state in (FINISHED, FAILED, CANCELLED)

    def begin(self) -> None:
        """Let a job that was held run as soon as there is room for it. Nothing happens the second time."""
        if self.state is HELD:
            self._background._begin(self)

    def cancel(self) -> None:
        """Cancel it, or have it never begin. Nothing happens to one that is over."""
        if self._task is not None:
            self._task.cancel()
        elif not self.over:
            self._end(CANCELLED)

    async def wait(self) -> None:
        """Wait until it is over, however it ends; what it has raised is not raised here."""
        await self._over.wait()

    def _run(self) -> None:
        self.state = RUNNING
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._call(), name=self.name, context=self._context)
        self._task.add_done_callback(self._done)

    async def _call(self) -> None:
        work, self._work = self._work, None
        assert work is not None
        result = work() if callable(work) else work
        if inspect.isawaitable(result):
            await result
        elif inspect.isgenerator(result) or inspect.isasyncgen(result):
            raise TypeError(
                f"{self.name} gives a generator, which nobody runs: have it return None"
            )

    def _done(self, task: "asyncio.Task[None]") -> None:
        # What it waited for may have been cancelled without anybody wanting that of the job.
        if task.cancelled() and task.cancelling():
            self._end(CANCELLED)
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            self._end(FINISHED)
            return
        app_log.error("The background job %s failed", self.name, exc_info=error)
        # Its frames have this job: a circle, which only the garbage collector would find.
        self.error = error.with_traceback(None)
        self._end(FAILED)

    def _end(self, state: str) -> None:
        _drop(self._work)  # if it never got its turn
        self._work = self._task = None
        before, self.state = self.state, state
        self._over.set()
        self._background._has_ended(self, before)


def _call_of(work: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Work:
    if inspect.iscoroutine(work):
        if args or kwargs:
            raise TypeError(f"{work!r} is called already: the arguments belong in that call")
        return work
    if not callable(work):
        raise TypeError(f"work in the background is a function or a coroutine, not {work!r}")
    return partial(work, *args, **kwargs)


class Background:
    """Runs functions and coroutines that nobody waits for, so many at a time.

    :arg max_running: how many run at the same time.
    :arg max_waiting: how many more may wait for their turn. Over it :exc:`BackgroundFull` is raised.
    :arg stop_seconds: how long :meth:`stop` waits before it cancels what is left.

    All is done in the loop's thread. It belongs to the loop in which its first job is started; when that is closed, to
    the next one.
    """

    def __init__(
        self,
        *,
        max_running: int = MAX_RUNNING,
        max_waiting: int = MAX_WAITING,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        check_whole_numbers(max_running=max_running, max_waiting=max_waiting)
        check_numbers(stop_seconds=stop_seconds)
        if max_running < 1 or max_waiting < 0 or not stop_seconds >= 0:
            raise ValueError(
                "max_running is at least 1, max_waiting and stop_seconds at least 0, not "
                f"{max_running!r}, {max_waiting!r} and {stop_seconds!r}"
            )
        self.max_running = max_running
        self.max_waiting = max_waiting
        self.stop_seconds = stop_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._jobs: dict[Job, None] = {}  # in their order; asyncio itself holds tasks weakly
        self._queue: deque[Job] = deque()
        self._running = 0
        self._winding_up = False
        self._stopping = False
        self._repeated: dict[Repeated, None] = {}

    @property
    def jobs(self) -> list[Job]:
        """All jobs that are not over, those that came first at the beginning."""
        return list(self._jobs)

    @property
    def repeated(self) -> list["Repeated"]:
        """What :meth:`every` repeats."""
        return list(self._repeated)

    def start(
        self,
        work: Callable[..., Any] | Coroutine[Any, Any, Any],
        *args: Any,
        name: str | None = None,
        **kwargs: Any,
    ) -> Job:
        """Run ``work(*args, **kwargs)``, or a coroutine, soon: as soon as the caller is done, if there is room.

        A function runs in the loop's thread, as a callback would. One that takes its time belongs in another thread:
        ``start(asyncio.to_thread, function, ...)``. Context variables are what they are now.

        :arg name: for the log; by default the function's own.

        Raises :exc:`BackgroundFull` if there are too many jobs, :exc:`TypeError` for what is neither a function nor a
        coroutine, and :exc:`RuntimeError` outside of the loop, and when :meth:`stop` has given up waiting.
        """
        job = self.hold(work, *args, name=name, **kwargs)
        job.begin()
        return job

    def hold(
        self,
        work: Callable[..., Any] | Coroutine[Any, Any, Any],
        *args: Any,
        name: str | None = None,
        **kwargs: Any,
    ) -> Job:
        """As :meth:`start`, but the job has its place only, and runs behind :meth:`Job.begin`."""
        try:
            call = _call_of(work, args, kwargs)
            self._belong_to_loop()
            self._check_room()
        except BaseException:
            _drop(work)
            raise
        job = Job(self, call, name or name_of(work))
        self._jobs[job] = None
        return job

    def every(
        self,
        seconds: Any,
        function: Any,
        *args: Any,
        name: str | None = None,
        jitter: float = 0,
    ) -> "Repeated":
        """Call ``function(*args)`` every so many seconds, for the first time when they have passed once.

        Each call is a job. Calls never overlap: what takes longer than ``seconds`` misses those that it has made
        impossible. May be called before there is a loop: then, and after each :meth:`stop`, it begins with
        :meth:`resume`.

        :arg jitter: varies each interval by up to that fraction of it, so that many processes do not march in step.

        Raises :exc:`ValueError` for what is no time and no fraction, and :exc:`TypeError` for what cannot be called.
        """
        if not (isinstance(seconds, (int, float)) and 0 < seconds < math.inf):
            raise ValueError(f"work is repeated every so many seconds, not every {seconds!r}")
        if not callable(function):
            _drop(function)
            raise TypeError(f"what is repeated is a function, not {function!r}")
        check_numbers(jitter=jitter)
        if not 0 <= jitter <= 1:
            raise ValueError(f"jitter is a part of the interval, from 0 to 1, not {jitter!r}")
        call = partial(function, *args)
        repeated = Repeated(self, seconds, call, name or name_of(function), jitter)
        self._repeated[repeated] = None
        if asyncio._get_running_loop() is not None and not self._winding_up:
            self.resume()
        return repeated

    def resume(self) -> None:
        """Begin with what is repeated, in this loop. An application does it when it starts."""
        if self._repeated:
            self._belong_to_loop()
        for repeated in self._repeated:
            repeated._rhythm.start()

    async def stop(self, seconds: float | None = None) -> None:
        """Stop repeating, wait for all jobs, and cancel those that are not over after ``seconds``.

        While it waits more jobs may be started. How each job has ended is a line of the log. A job that calls this is
        neither waited for nor cancelled. Afterwards all can begin again.

        :arg seconds: None: ``stop_seconds``.
        """
        if self._loop is not asyncio.get_running_loop():
            return
        mine = self._job_of(asyncio.current_task())
        limit = self.stop_seconds if seconds is None else seconds
        self._rest()
        self._winding_up = True
        try:
            try:
                await self._wait(mine, limit)
            finally:
                self._stopping = True
                await self._cancel(mine, limit)
        finally:
            self._winding_up = self._stopping = False

    def _rest(self) -> None:
        for repeated in self._repeated:
            repeated._rhythm.stop()

    async def _wait(self, mine: Job | None, limit: float) -> None:
        """Wait for all jobs but ``mine``, so long at the most."""
        try:
            async with asyncio.timeout(None if limit == math.inf else limit):
                while job := next((job for job in self._jobs if job is not mine), None):
                    await job.wait()
        except TimeoutError:
            pass

    async def _cancel(self, mine: Job | None, limit: float) -> None:
        left = [job for job in self._jobs if job is not mine]
        for job in left:
            what = "did not end" if job.state is RUNNING else "did not begin"
            app_log.warning(
                "The background job %s is cancelled: it %s within %g seconds", job.name, what, limit
            )
            job.cancel()
        if left:
            waiting = {asyncio.ensure_future(job.wait()) for job in left}
            _, never = await asyncio.wait(waiting, timeout=CANCEL_SECONDS)
            for one in never:
                one.cancel()
            for job in left:
                if not job.over:
                    app_log.error("The background job %s does not heed its cancellation", job.name)

    def _job_of(self, task: "asyncio.Task[Any] | None") -> Job | None:
        return next((job for job in self._jobs if job._task is task), None)

    def _belong_to_loop(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "work in the background is started in the loop: in a handler or in a hook of start-up; from another "
                "thread by loop.call_soon_threadsafe(background.start, ...)"
            ) from None
        if loop is self._loop:
            return
        if self._loop is not None and self._jobs and not self._loop.is_closed():
            raise RuntimeError("these background jobs belong to another loop, which is not closed")
        self._loop = loop
        self._rest()
        self._jobs.clear()
        self._queue.clear()
        self._running = 0

    def _check_room(self) -> None:
        if self._stopping:
            raise RuntimeError("no more work is begun: the time for stopping is over")
        if len(self._jobs) >= self.max_running + self.max_waiting:
            raise BackgroundFull(
                f"there are {len(self._jobs)} background jobs: answer 503, or raise max_running ({self.max_running}) "
                f"or max_waiting ({self.max_waiting})"
            )

    def _begin(self, job: Job) -> None:
        if self._running < self.max_running:
            self._running += 1
            job._run()
        else:
            job.state = WAITING
            self._queue.append(job)

    def _has_ended(self, job: Job, before: str) -> None:
        """A job is over; ``before`` is what it was until now."""
        if job not in self._jobs:
            return  # it is one of a loop that is closed
        del self._jobs[job]
        if self._winding_up and job.state is FINISHED:
            app_log.info("The background job %s finished before the end", job.name)
        if before is WAITING:
            self._queue.remove(job)
        elif before is RUNNING:
            self._running -= 1
            if self._queue:
                self._begin(self._queue.popleft())


class Repeated:
    """What :meth:`Background.every` repeats."""

    def __init__(
        self,
        background: Background,
        seconds: float,
        call: Callable[[], Any],
        name: str,
        jitter: float,
    ) -> None:
        self.name = name
        """What its jobs are called in the log."""
        self.seconds = seconds
        self._background = background
        self._call = call
        self._rhythm = PeriodicCallback(self._turn, seconds * 1000, jitter)

    def __repr__(self) -> str:
        return f"<Repeated {self.name}, every {self.seconds:g} seconds>"

    @property
    def running(self) -> bool:
        """Whether its time is passing."""
        return self._rhythm.is_running()

    def stop(self) -> None:
        """No further calls; one that is under way goes on."""
        self._rhythm.stop()
        self._background._repeated.pop(self, None)

    async def _turn(self) -> None:
        try:
            job = self._background.start(self._call, name=self.name)
        except BackgroundFull as error:
            app_log.warning("The background job %s is left out this time: %s", self.name, error)
        else:
            await job.wait()


def _drop(work: object) -> None:
    """Have a coroutine that nobody will run not complain of it."""
    if inspect.iscoroutine(work):
        work.close()
