"""Changes as the system tells of them, by watchfiles."""

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Final

import watchfiles

from .folders import matters, targets_of_links

MOST_MILLISECONDS: Final = 500
"""How long changes are gathered at the most, if one follows the other."""

QUIET_MILLISECONDS: Final = 50
"""Without a change, after which those that there were are told."""


def changes(folders: Sequence[str], stop: threading.Event) -> Iterator[set[str]]:
    """The paths of files that have changed, come or gone, as often as there are some, until ``stop`` is set.

    Raises :exc:`OSError` where the system does not watch so many folders.
    """
    links: dict[str, str] = {}
    for folder in folders:
        links.update(targets_of_links(folder))
    beside = {os.path.dirname(target) for target in links}
    for told in watchfiles.watch(
        *folders,
        *sorted(beside),
        watch_filter=lambda _, path: path in links or matters(path, folders),
        debounce=MOST_MILLISECONDS,
        step=QUIET_MILLISECONDS,
        stop_event=stop,
        raise_interrupt=False,
    ):
        yield {links.get(path, path) for _, path in told}
