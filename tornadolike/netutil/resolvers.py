"""Resolvers: who says which addresses a host name has."""

import concurrent.futures
import contextlib
import os
import socket
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any

from ..concurrent import dummy_executor, run_on_executor
from ..ioloop import IOLoop
from ..ioloop.resolving import resolve
from ..util import Configurable

Address = tuple[int, Any]
"""Family and socket address: what a socket of that family can be connected to."""


class Resolver(Configurable):
    """Says which addresses a host name has.

    ``Resolver()`` makes the one that :meth:`~.Configurable.configure` has chosen, by default a
    :class:`DefaultLoopResolver`:

    .. code-block:: python

        Resolver.configure("tornadolike.netutil.CachedResolver", ttl=10)

    To ask somebody else, derive from it: :meth:`resolve` has to be there, ``initialize`` takes the
    arguments, :meth:`close` lets go of what it holds.
    """

    @classmethod
    def configurable_base(cls) -> type["Resolver"]:
        return Resolver

    @classmethod
    def configurable_default(cls) -> type["Resolver"]:
        return DefaultLoopResolver

    def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Awaitable[list[Address]]:
        """The addresses of ``port`` at ``host``, the ones to be tried first before the others.

        :arg host: a name or an IP address.
        :arg family: :data:`socket.AF_INET` or :data:`socket.AF_INET6` for addresses of that kind only.

        Each is a pair: the family, and what :meth:`socket.socket.connect` takes. Raises
        :exc:`OSError` (as a rule :exc:`socket.gaierror`) if there is none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method resolve()")

    def close(self) -> None:
        """Let go of what the resolver holds. It is not asked any more then."""


class DefaultLoopResolver(Resolver):
    """Asks the system by way of the running loop's ``getaddrinfo``, in a thread.

    An IP address is its own answer and needs no thread.
    """

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Address]:
        with bad_names_told(host):
            found = await resolve(IOLoop.current(), (host, port), family=family)
        return [(info[0], info[4]) for info in found]


class DefaultExecutorResolver(Resolver):
    """Asks the system in a thread of the loop's default executor."""

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Address]:
        return await IOLoop.current().run_in_executor(None, look_up, host, port, family)


class ExecutorResolver(Resolver):
    """Asks the system in a thread of ``executor``.

    :arg executor: a :class:`concurrent.futures.Executor`; without one the loop stands still meanwhile.
    :arg close_executor: :meth:`close` shuts it down, and waits for its threads.
    """

    executor: concurrent.futures.Executor | None

    def initialize(
        self, executor: concurrent.futures.Executor | None = None, close_executor: bool = True
    ) -> None:
        self.executor = executor or dummy_executor
        self.close_executor = close_executor

    def close(self) -> None:
        if self.close_executor and self.executor is not None:
            self.executor.shutdown()
        self.executor = None

    def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Awaitable[list[Address]]:
        if self.executor is None:
            raise RuntimeError(f"this {type(self).__name__} was closed; make another")
        answer: Awaitable[list[Address]] = self._look_up(host, port, family)
        return answer

    @run_on_executor
    def _look_up(self, host: str, port: int, family: int) -> list[Address]:
        return look_up(host, port, family)


class BlockingResolver(ExecutorResolver):
    """Asks the system while the loop stands still. For programs that must not have threads."""

    def initialize(self) -> None:  # type: ignore[override]
        super().initialize()


class ThreadedResolver(ExecutorResolver):
    """Asks the system in threads that all resolvers of this class share.

    :arg num_threads: how many at the most; the first of these resolvers decides.
    """

    _threadpool: concurrent.futures.ThreadPoolExecutor | None = None
    _threadpool_pid: int | None = None

    def initialize(self, num_threads: int = 10) -> None:  # type: ignore[override]
        super().initialize(self._shared_threads(num_threads), close_executor=False)

    @staticmethod
    def _shared_threads(num_threads: int) -> concurrent.futures.Executor:
        cls = ThreadedResolver
        # Threads stay behind at a fork.
        if cls._threadpool is None or cls._threadpool_pid != os.getpid():
            cls._threadpool = concurrent.futures.ThreadPoolExecutor(
                num_threads, thread_name_prefix="resolver"
            )
            cls._threadpool_pid = os.getpid()
        return cls._threadpool


class OverrideResolver(Resolver):
    """Knows some names better, and asks another resolver for the rest.

    :arg resolver: the other one; it is closed with this one.
    :arg mapping: may be changed at any time. Its entries are of three kinds, and the more specific one
        of two holds:

    .. code-block:: python

        {
            "example.com": "127.0.1.1",
            ("login.example.com", 443): ("localhost", 1443),
            ("login.example.com", 443, socket.AF_INET6): ("::1", 1443),
        }
    """

    def initialize(self, resolver: Resolver, mapping: Mapping[Any, Any]) -> None:
        self.resolver = resolver
        self.mapping = mapping

    def close(self) -> None:
        self.resolver.close()

    def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Awaitable[list[Address]]:
        mapping = self.mapping
        if (host, port, family) in mapping:
            host, port = mapping[host, port, family]
        elif (host, port) in mapping:
            host, port = mapping[host, port]
        elif host in mapping:
            host = mapping[host]
        return self.resolver.resolve(host, port, family)


def look_up(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[Address]:
    """Ask the system now. Raises :exc:`OSError` if there is no address."""
    with bad_names_told(host):
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    return [(info[0], info[4]) for info in found]


@contextlib.contextmanager
def bad_names_told(host: str) -> Iterator[None]:
    """What cannot be a host name has no address: an :exc:`OSError`, whatever the codec of names says."""
    try:
        yield
    except UnicodeError as error:
        raise socket.gaierror(
            socket.EAI_NONAME, f"{host!r} cannot be a host name: {error}"
        ) from error


def is_valid_ip(ip: str) -> bool:
    """Whether ``ip`` is an IPv4 or IPv6 address, in any spelling that the system takes for one."""
    if not ip or "\0" in ip:
        return False  # (the first is the host itself for the system, the second ends there)
    try:
        socket.getaddrinfo(ip, 0, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return False
    return True
