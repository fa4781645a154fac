""":class:`FileTokens`: in a file of the user, for scripts and tools of the command line.

What is written stands in a new file first, which then takes the place of the old one: whoever reads finds the one or
the other, whole. Those who write, and those who renew, wait for each other by a lock on a second file beside it.
"""

import asyncio
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ...concurrent import in_thread
from ..tokens import Token
from .storage import TokenStorage, decode, encode

MAX_SIZE: Final = 1024 * 1024
"""Bytes that a file of tokens may have."""
_LOOK_AGAIN: Final = 0.05
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class FileTokens(TokenStorage):
    """Keeps tokens in a file that nobody but its owner can read (mode 0600), as JSON, not encrypted.

    .. code-block:: python

        FileTokens("~/.config/my-tool/tokens.json")

    Folders that are missing are made when the first token is saved (mode 0700). Several processes may use a file at a
    time; it is for local disks.

    Methods raise :exc:`PermissionError` for a file that belongs to somebody else, or that others may read or write,
    :exc:`ValueError` for one that is no file of tokens, and :exc:`OSError` for what the system says.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None
        """Who has the lock, and need not wait for it."""

    async def load(self, key: str) -> Token | None:
        return decode((await in_thread(self._read)).get(key))

    async def save(self, key: str, token: Token, *, instead_of: Token | None = None) -> bool:
        def change(tokens: dict[str, Any]) -> bool:
            if instead_of is not None and decode(tokens.get(key)) != instead_of:
                return False
            tokens[key] = encode(token)
            return True

        return await self._change(change)

    async def delete(self, key: str) -> None:
        await self._change(lambda tokens: tokens.pop(key, None) is not None)

    @asynccontextmanager
    async def exclusively(self, key: str) -> AsyncIterator[None]:
        async with self._locked():
            yield

    async def _change(self, change: Any) -> bool:
        """Read, let ``change`` do its work, and write if it says that something is different."""
        async with self._locked():
            return await in_thread(self._rewrite, change)

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Alone with the file, among tasks and processes."""
        if self._holder is asyncio.current_task():
            yield
            return
        async with self._turn():
            lock = (
                self._open_lock()
            )  # at once: it takes no time, and a cancelled thread would lose it
            try:
                while not _is_taken(lock):  # noqa: ASYNC110 - other processes tell nobody
                    await asyncio.sleep(_LOOK_AGAIN)
                self._holder = asyncio.current_task()
                yield
            finally:
                self._holder = None
                os.close(lock)  # which ends the lock

    def _turn(self) -> asyncio.Lock:
        """Of this loop: a lock is good for one, and a program may run several. Among those there is the file's lock."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock

    def _open_lock(self) -> int:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = self.path.with_name(self.path.name + ".lock")
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    # In threads

    def _read(self) -> dict[str, Any]:
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - its end is below
        except FileNotFoundError:
            return {}
        with file:
            self._check(os.fstat(file.fileno()))
            content = file.read(MAX_SIZE + 1)
        try:
            tokens = json.loads(content) if len(content) <= MAX_SIZE else None
        except (ValueError, RecursionError):
            tokens = None
        if not isinstance(tokens, dict):
            raise ValueError(f"{self.path} is no file of tokens: remove it, and sign in again")
        return tokens

    def _check(self, found: os.stat_result) -> None:
        if found.st_uid != os.geteuid():
            raise PermissionError(f"{self.path} belongs to another user: its tokens are not used")
        if found.st_mode & _OTHERS:
            raise PermissionError(
                f"others may read {self.path}, so its tokens are not used: chmod 600 it, or remove it"
            )

    def _rewrite(self, change: Any) -> bool:
        tokens = self._read()
        if not change(tokens):
            return False
        content = json.dumps(tokens, indent=1).encode()
        # (mkstemp makes it for its owner alone.)
        fd, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with open(fd, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise
        return True


def _is_taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
