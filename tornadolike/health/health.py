""":class:`Health`: what a site says of itself to those who send it requests, or start it anew."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, overload

from ..httputil import HTTPServerRequest
from ..routing import Rule, route
from ..util import check_numbers
from .checks import Check
from .probes import Live, Probe, Ready

F = TypeVar("F", bound=Callable[[], Any])

LONGEST = 86400.0
"""Seconds: no time-out and no interval is longer."""


class Health:
    """The checks of a site, and the rules by which they can be asked for.

    :arg details: whether the answer has what each check says: whom it is for and why it fails, which may be nobody
        else's business. A function is called with the request, and says whether it may.
    :arg logged: whether who asks has lines in the log. That a check fails, and that it passes again, is logged anyway.
    """

    def __init__(
        self,
        *,
        details: bool | Callable[[HTTPServerRequest], bool] = False,
        logged: bool = False,
    ) -> None:
        self._checks: list[Check] = []
        self._probes: list[Probe] = []
        """Those that ask the checks."""
        self._details = details if callable(details) else lambda request: bool(details)
        self._logged = logged

    @overload
    def check(
        self,
        name: str,
        function: None = None,
        *,
        timeout: float = 5.0,
        critical: bool = True,
        every: float | None = None,
    ) -> Callable[[F], F]: ...

    @overload
    def check(
        self,
        name: str,
        function: F,
        *,
        timeout: float = 5.0,
        critical: bool = True,
        every: float | None = None,
    ) -> F: ...

    def check(
        self,
        name: str,
        function: F | None = None,
        *,
        timeout: float = 5.0,
        critical: bool = True,
        every: float | None = None,
    ) -> Any:
        """Have ``function`` say whether something is well. Can be used as a decorator.

        :arg name: what it is about, once in a site.
        :arg function: a function, or a coroutine function, without arguments. All is well if it returns anything but
            False, and not if it raises an exception. It runs on the loop: what blocks belongs in a thread
            (:func:`asyncio.to_thread`).
        :arg timeout: seconds that it may take. It is cancelled then, and has failed.
        :arg critical: whether the site can do nothing without it: then it is not ready.
        :arg every: seconds from its end to its next beginning, as long as the application runs: who asks is told what
            was found out last. None: it runs when somebody asks, at most once a second.

        Raises :exc:`TypeError` for what is no function, and :exc:`ValueError` for what is no time, and for a name that
        another one has; :exc:`RuntimeError` for one that is to be repeated if the application is started already.
        """
        check_numbers(timeout=timeout, **({} if every is None else {"every": every}))
        for what, seconds in (("timeout", timeout), ("every", every)):
            if seconds is not None and not 0 < seconds <= LONGEST:
                raise ValueError(f"{what} is 0 to {LONGEST:g} seconds, not {seconds!r}")
        if any(check.name == name for check in self._checks):
            raise ValueError(f"there is a health check {name!r} already")

        def add(function: F) -> F:
            if not callable(function):
                raise TypeError(f"what checks {name!r} is a function, not {function!r}")
            if every is not None and not self._repeats:
                for probe in self._probes:
                    probe.target.lifetime(self._repeating)
            self._checks.append(Check(name, function, timeout, critical, every))
            return function

        return add if function is None else add(function)

    def rules(self, live: str = "/live", ready: str = "/ready") -> list[Rule]:
        """Rules for an application: put them before its own.

        :arg live: the path that is answered by 200 as long as the process answers at all.
        :arg ready: the path that is answered by 200 if requests are welcome: not while the application starts or
            stops, and not if a critical check fails, which is 503.

        The middleware of the application does not stand around them.
        """
        probe = Probe(Ready, {"checks": self._checks, "details": self._details}, self._logged)
        self._probes.append(probe)
        if self._repeats:
            probe.target.lifetime(self._repeating)
        return [route(live, Probe(Live, {}, self._logged)), route(ready, probe)]

    @property
    def _repeats(self) -> bool:
        return any(check.every is not None for check in self._checks)

    @contextlib.asynccontextmanager
    async def _repeating(self) -> AsyncIterator[None]:
        """Checks that are repeated are, in here."""
        repeated = [check for check in self._checks if check.every is not None]
        tasks = [asyncio.create_task(check.repeat()) for check in repeated]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(check.end() for check in repeated))
