"""The files in which ``prometheus_client`` has the figures of several processes, in its multiprocess mode.

It keeps those of processes that have ended, for ever: each worker that was recycled makes every scrape slower. Here
what is only counted is added up in a file for each kind, as :mod:`.folder` does it with our own. Who does it, and who
reads, holds that folder's lock.
"""

from pathlib import Path
from typing import Final

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from .folder import Folder

COUNTED: Final = ("counter", "histogram", "summary")
"""Kinds whose files can be added up. Those of gauges cannot: what becomes of them depends on each gauge."""


def forget(path: Path, pid: int) -> None:
    """Add up what a process that has ended has counted."""
    with Folder(path).locked():
        mark_process_dead(pid, str(path))  # type: ignore[no-untyped-call]
        for kind in COUNTED:
            file = path / f"{kind}_{pid}.db"
            if file.exists():
                _add_up(file, path / f"{kind}_ended.db")


def _add_up(file: Path, whole: Path) -> None:
    sums = MmapedDict(str(whole))  # type: ignore[no-untyped-call]
    try:
        for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call]
            before, _ = sums.read_value(key)  # type: ignore[no-untyped-call]
            sums.write_value(key, before + value, timestamp)  # type: ignore[no-untyped-call]
    finally:
        sums.close()  # type: ignore[no-untyped-call]
    file.unlink()


def families_in(path: Path) -> list[Metric]:
    """What all processes have."""
    with Folder(path).locked():
        collector = MultiProcessCollector(None, str(path))  # type: ignore[no-untyped-call]
        return list(collector.collect())  # type: ignore[no-untyped-call]
