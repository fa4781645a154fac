""":class:`FiguresFolder`: where the workers count for :mod:`tornadolike.metrics`, so that what was counted outlives
them."""

import asyncio
import os
import shutil
import tempfile
from typing import Any, Final

from ..log import gen_log

VARIABLE: Final = "TORNADOLIKE_METRICS_DIR"
"""By which workers find it. If it is set already, that folder is used, and left as it is at the end."""

LIBRARYS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The same for what the program itself counts by ``prometheus_client``."""


class FiguresFolder:
    """A folder for as long as the supervisor runs."""

    def __init__(self) -> None:
        given = os.environ.get(VARIABLE)
        self._is_ours = not given
        self._path = given or tempfile.mkdtemp(prefix="tornadolike-metrics-")

    @property
    def environment(self) -> dict[str, str]:
        """What workers are to have in theirs."""
        return {
            VARIABLE: self._path,
            LIBRARYS_VARIABLE: os.environ.get(LIBRARYS_VARIABLE) or self._path,
        }

    @property
    def is_used(self) -> bool:
        with os.scandir(self._path) as entries:
            return any(entries)

    def forget(self, pid: int) -> None:
        """A worker has ended: what it has counted is added to what others have that are gone."""
        if not self.is_used:
            return  # nobody counts, and what is needed for it may not even be installed
        from ..metrics import forget_process

        try:
            forget_process(pid, self._path)
        except (OSError, ValueError) as error:
            gen_log.error("The figures of process %d cannot be added up: %s", pid, error)

    async def scrape(self) -> tuple[str, bytes]:
        """The content type and the text of all figures."""
        if not self.is_used:
            return "text/plain; charset=utf-8", b""
        from ..metrics import scrape

        answer: Any = await asyncio.to_thread(scrape, folder=self._path)
        return str(answer[0]), bytes(answer[1])

    def remove(self) -> None:
        if self._is_ours:
            shutil.rmtree(self._path, ignore_errors=True)
