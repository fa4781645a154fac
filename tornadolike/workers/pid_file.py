""":class:`PidFile`: the supervisor's process number, for who sends it signals."""

import os
from types import TracebackType
from typing import Self

from ..programs.failing import Failure


class PidFile:
    """Inside of this context there is a file with the number of this process.

    Raises :exc:`.Failure` if another process that runs is named there, and if it cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> Self:
        other = self._named()
        if other is not None and other != os.getpid() and _runs(other):
            raise Failure(
                f"--pid-file {self._path}: process {other} is named there, and it runs: end it, or take another file"
            )
        new = f"{self._path}.{os.getpid()}"
        try:
            with open(new, "w") as file:
                file.write(f"{os.getpid()}\n")
            os.replace(new, self._path)  # nobody reads half a number
        except OSError as error:
            raise Failure(f"--pid-file {self._path}: {error.strerror}") from error
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._named() == os.getpid():
            os.unlink(self._path)

    def _named(self) -> int | None:
        try:
            with open(self._path) as file:
                return int(file.read(32))
        except (OSError, ValueError):
            return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # of another user
    return True
