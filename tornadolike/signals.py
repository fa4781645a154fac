"""Signals: something has happened, and whoever wants to know is told.

.. code-block:: python

    paid = Signal("paid")

    @paid.connect
    async def send_invoice(order):
        ...

    await paid.send(order=order)

Who sends need not know who listens. What a receiver raises is logged, and is nobody else's trouble: neither the
sender's nor the other receivers'. :class:`Signals` are many of them, by name; an
:class:`~tornadolike.web.Application` has such, in which it tells of itself.
"""

import asyncio
import inspect
import re
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from .log import app_log
from .util import name_of

__all__ = ["Receiver", "Signal", "Signals"]

Receiver = Callable[..., Any]
"""What is called when a signal is sent: a function or a coroutine function."""

R = TypeVar("R", bound=Receiver)

_NAME: Final = re.compile(r"[\w-]+(\.[\w-]+)*")
_PART: Final = re.compile(r"(?P<text>[\w-]+)|<(?P<variable>[^\W\d]\w*)>")


class Signal:
    """Something that may happen, and who is to be told.

    :arg name: for the log.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._links: tuple[_Link, ...] = ()

    def __repr__(self) -> str:
        return f"<Signal {self.name!r}, {len(self._links)} receivers>"

    @property
    def receivers(self) -> list[Receiver]:
        """Who is told, in this order."""
        return [receiver for link in self._links if (receiver := link.receiver()) is not None]

    def connect(self, receiver: R, *, weak: bool = False) -> R:
        """Tell ``receiver``, too: a function or a coroutine function. Can be used as a decorator.

        Receivers are told in the order in which they were connected; one that is already is not told twice.

        :arg weak: hold it by a weak reference only: it is disconnected when nobody else has it any more. (A method,
            when nobody has its object; a lambda would be gone at once.)

        Raises :exc:`TypeError` for what cannot be called.
        """
        if not callable(receiver):
            raise TypeError(f"a receiver is a function or a coroutine function, not {receiver!r}")
        if receiver not in self.receivers:
            self._links = (*self._links, _Link(receiver, self._forget if weak else None))
        return receiver

    def disconnect(self, receiver: Receiver) -> bool:
        """Tell ``receiver`` no more. Whether it was connected."""
        left = tuple(link for link in self._links if link.receiver() != receiver)
        found = len(left) < len(self._links)
        self._links = left
        return found

    async def send(self, *args: Any, **data: Any) -> None:
        """Tell all receivers, one after the other, by ``receiver(*args, **data)``, and wait for each.

        Told are those that are connected now. One that raises an exception is logged, and the next one is told.
        """
        for receiver in self.receivers:
            await _tell(receiver, self.name, args, data)

    def _forget(self, link: "_Link") -> None:
        self._links = tuple(other for other in self._links if other is not link)


class _Link:
    """A receiver, or a weak reference to it."""

    def __init__(self, receiver: Receiver, forget: Callable[["_Link"], None] | None) -> None:
        self.receiver: Callable[[], Receiver | None]
        if forget is None:
            self.receiver = lambda: receiver
            return
        # Weak on both sides: who is waited for by a signal that nobody has should not keep it.
        link, forget_it = weakref.ref(self), weakref.WeakMethod(forget)

        def gone(reference: object) -> None:
            this, forget = link(), forget_it()
            if this is not None and forget is not None:
                forget(this)

        if hasattr(receiver, "__self__") and hasattr(receiver, "__func__"):
            self.receiver = weakref.WeakMethod(receiver, gone)
        else:
            self.receiver = weakref.ref(receiver, gone)


async def _tell(receiver: Receiver, name: str, args: tuple[Any, ...], data: dict[str, Any]) -> None:
    try:
        result = receiver(*args, **data)
        if inspect.isawaitable(result):
            await result
    except (Exception, asyncio.CancelledError, BaseExceptionGroup) as error:
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is None or task.cancelling():  # the sender is, not something in the receiver
                raise
        app_log.error(
            "The receiver %s of the signal %r failed", name_of(receiver), name, exc_info=True
        )


class Signals:
    """Signals by name: words with dots between them, such as ``user.created``.

    .. code-block:: python

        signals = Signals()

        @signals.on("user.created")
        async def welcome(user):
            ...

        await signals.send("user.created", user=user)

    Instead of a word a receiver's name may have a variable, for any word: ``on("user.<what>")`` is told of
    ``user.created`` too, with ``what="created"`` beside the sender's data.

    :arg own: the names that somebody sends for sure. Where a name begins like one of these, but is none (is misspelled,
        that is), :meth:`on` raises :exc:`ValueError`.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = tuple(own)
        self._named: dict[str, Signal] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], Signal]] = {}

    def on(
        self, name: str, receiver: Receiver | None = None, *, weak: bool = False
    ) -> Callable[..., Any]:
        """Tell ``receiver`` when the signal ``name`` is sent. Without ``receiver``: a decorator.

        ``weak`` is :meth:`Signal.connect`'s. Raises :exc:`ValueError` for what is no name, and :exc:`TypeError` for
        one that is no text, and a receiver that cannot be called.
        """
        signal = self._signal(name)

        def connect(receiver: R) -> R:
            return signal.connect(receiver, weak=weak)

        return connect if receiver is None else connect(receiver)

    def off(self, name: str, receiver: Receiver) -> bool:
        """Tell ``receiver`` no more of the signal ``name`` that :meth:`on` got. Whether it was told before."""
        return self._signal(name).disconnect(receiver)

    def has_receivers(self, name: str) -> bool:
        """Whether anybody is told of the signal ``name``."""
        return any(signal.receivers for signal, _ in self._matching(name))

    async def send(self, name: str, /, **data: Any) -> None:
        """Tell all who want to know of ``name``, by ``receiver(**data)``, as :meth:`Signal.send` does.

        Who has asked for the very name is told first. Raises :exc:`ValueError` for what is no name. That somebody
        listens is not needed.
        """
        for signal, words in list(self._matching(name)):
            for receiver in signal.receivers:
                await _tell(receiver, name, (), words | data)

    def _signal(self, name: str) -> Signal:
        """The signal that is known by a name or a pattern."""
        found = self._named.get(name)
        if found is not None:
            return found
        if name in self._patterns:
            return self._patterns[name][1]
        pattern = _pattern(name)
        own = [known for known in self._own if known.partition(".")[0] == name.partition(".")[0]]
        if own and not any(pattern.fullmatch(known) for known in own):
            raise ValueError(f"there is no signal {name!r}, but {', '.join(own)}")
        signal = Signal(name)
        if "<" in name:
            self._patterns[name] = pattern, signal
        else:
            self._named[name] = signal
        return signal

    def _matching(self, name: str) -> Iterator[tuple[Signal, dict[str, str]]]:
        named = self._named.get(name)
        if named is not None:
            yield named, {}
        elif not _NAME.fullmatch(name):
            raise ValueError(f"a signal is sent by words with dots between them, not by {name!r}")
        for pattern, signal in self._patterns.values():
            matched = pattern.fullmatch(name)
            if matched is not None:
                yield signal, matched.groupdict()


def _pattern(name: str) -> re.Pattern[str]:
    """What matches the names that a receiver has asked for."""
    if not isinstance(name, str):
        raise TypeError(f"a signal's name is text, not {name!r}")
    parts = [_PART.fullmatch(part) for part in name.split(".")]
    variables = [part["variable"] for part in parts if part is not None and part["variable"]]
    if None in parts or len(set(variables)) < len(variables):
        raise ValueError(
            f"a signal's name is words, or <variables>, with dots between them, not {name!r}"
        )
    return re.compile(
        r"\.".join(
            f"(?P<{part['variable']}>[^.]+)" if part["variable"] else re.escape(part["text"])
            for part in parts
            if part is not None
        )
    )
