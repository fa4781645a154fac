"""What a scrape gets: our figures, and those that the author has made with ``prometheus_client``."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .families import cpu_of, families_of
from .folder import VARIABLE, Folder
from .library import families_in, forget
from .tables import Snapshot

MULTIPROCESS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""What names the folder in which the author's figures of all processes are: prometheus_client looks at it, too."""

Take = Callable[[], tuple[Snapshot, list[int]]]
"""Gives figures, and the numbers of the processes whose they are; none if it is this one."""


class Everything(Collector):
    """All that is told in one answer.

    :arg take: gives our figures.
    :arg registry: where the author has his own.
    :arg multiprocess: the folder where those of several processes are.
    """

    def __init__(self, take: Take, registry: CollectorRegistry, multiprocess: str | None) -> None:
        self._take = take
        self._registry = registry
        self._multiprocess = multiprocess

    def collect(self) -> Iterator[Metric]:
        """All of it, each name once: ours are ours, what several processes have told comes before what this one has."""
        snapshot, processes = self._take()
        told: set[str] = set()
        for family in self._families(snapshot, processes):
            if family.name not in told:
                told.add(family.name)
                yield family

    def _families(self, snapshot: Snapshot, processes: list[int]) -> Iterator[Metric]:
        yield from families_of(snapshot)
        if processes:
            yield from _of_processes(processes, cpu_of(snapshot))
        if self._multiprocess:
            yield from families_in(Path(self._multiprocess))
        yield from self._registry.collect()


def _of_processes(processes: Iterable[int], cpu: float) -> Iterator[Metric]:
    """What the collector of the library tells of one process, for all of them."""
    found: dict[str, list[Metric]] = {}
    for pid in processes:
        for family in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
            found.setdefault(family.name, []).append(family)
    for name, families in found.items():
        values = [family.samples[0].value for family in families]
        whole = min(values) if name in _LEAST else sum(values)
        if name == "process_cpu_seconds":
            yield CounterMetricFamily(name, families[0].documentation, value=cpu)
        else:
            yield GaugeMetricFamily(name, families[0].documentation, value=whole)


_LEAST: Final = ("process_start_time_seconds", "process_max_fds")
"""Of which the least of all processes is told; of all others the sum."""


def exposed(
    take: Take,
    accept: str = "",
    *,
    registry: CollectorRegistry = REGISTRY,
    multiprocess: str | None = None,
) -> tuple[str, bytes]:
    """The content type and the text of an answer to who accepts this."""
    encode, content_type = choose_encoder(accept)
    folder = os.environ.get(MULTIPROCESS_VARIABLE) if multiprocess is None else multiprocess
    return content_type, encode(Everything(take, registry, folder))


def scrape(accept: str = "", folder: str | os.PathLike[str] | None = None) -> tuple[str, bytes]:
    """The figures of all processes of a site, for who is none of them: its supervisor.

    What these have in ``prometheus_client`` is looked for in the same folder, if ``PROMETHEUS_MULTIPROC_DIR`` names no
    other.

    :arg accept: the ``Accept`` of who asks, which says in which format.
    :arg folder: where they are; by default what ``TORNADOLIKE_METRICS_DIR`` names.

    Returns the content type and the text. Raises :exc:`ValueError` if there is no folder.
    """
    place = _folder(folder)
    return exposed(
        place.snapshot, accept, registry=CollectorRegistry(), multiprocess=str(_librarys(place))
    )


def forget_process(pid: int, folder: str | os.PathLike[str] | None = None) -> None:
    """Add up what a process that has ended has counted: for its supervisor, which knows that first.

    Its gauges, and those in ``prometheus_client`` that are of living processes only, are told of no more.

    :arg folder: as in :func:`scrape`. Raises as that does.
    """
    place = _folder(folder)
    place.forget(pid)
    forget(_librarys(place), pid)


def _folder(path: str | os.PathLike[str] | None) -> Folder:
    named = path or os.environ.get(VARIABLE)
    if not named or not os.path.isdir(named):
        raise ValueError(f"there is no folder of figures: {VARIABLE} is {named or 'not set'}")
    return Folder(named)


def _librarys(place: Folder) -> Path:
    named = os.environ.get(MULTIPROCESS_VARIABLE)
    return Path(named) if named else place.path
