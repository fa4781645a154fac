"""How many processors this process may use."""

import math
import os
import sys
from pathlib import Path
from typing import Final

CGROUPS: Final = Path("/sys/fs/cgroup")


def usable_processors(root: Path = Path("/")) -> int:
    """At least 1: those that the scheduler gives it, and no more than its control group may use up.

    :arg root: where the system's files are.
    """
    if sys.platform == "linux":
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    quota = cgroup_quota(root)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cgroup_quota(root: Path = Path("/")) -> float | None:
    """Processors' worth of time that the control groups of this process allow it; None if they set no limit."""
    quotas = [
        quota
        for group in _groups(root)
        if (quota := _quota_of_version_2(group) or _quota_of_version_1(group)) is not None
    ]
    return min(quotas, default=None)


def _groups(root: Path) -> list[Path]:
    """The folders of this process's groups, and of those around them."""
    top = root / CGROUPS.relative_to("/")
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        number, controllers, name = line.split(":", 2)
        if number == "0":  # version 2
            mounted = top
        elif "cpu" in controllers.split(","):
            mounted = top / "cpu"
        else:
            continue
        # In a container the name may be one that only the host knows: then the mounted folder is the group's own.
        group = mounted / name.lstrip("/")
        found += [one for one in (group, *group.parents) if one.is_relative_to(mounted)]
    return found


def _quota_of_version_2(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_of_version_1(group: Path) -> float | None:
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text())
        period = int((group / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None
