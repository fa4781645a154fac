"""How many processors may be used, as the system's files say it."""

import os
import sys

import pytest

from tornadolike.workers.processors import cgroup_quota, usable_processors

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


@pytest.fixture
def system(tmp_path):
    """Writes files of a system that has another root."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def of_version_2(name="/site"):
    return {"proc/self/cgroup": f"0::{name}\n"}


def test_without_groups_there_is_no_limit(system):
    assert cgroup_quota(system()) is None
    assert usable_processors(system()) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("text", "quota"),
    [("150000 100000\n", 1.5), ("max 100000\n", None), ("nonsense", None), ("1 0\n", None)],
)
def test_version_2(system, text, quota):
    root = system(**of_version_2(), **{"sys/fs/cgroup/site/cpu.max": text})
    assert cgroup_quota(root) == quota


def test_the_groups_around_it_count_and_the_least_holds(system):
    root = system(
        **of_version_2("/a/b"),
        **{
            "sys/fs/cgroup/a/b/cpu.max": "max 100000",
            "sys/fs/cgroup/a/cpu.max": "50000 100000",
            "sys/fs/cgroup/cpu.max": "400000 100000",
        },
    )
    assert cgroup_quota(root) == 0.5
    assert usable_processors(root) == 1


def test_in_a_container_the_group_is_at_the_top(system):
    root = system(**of_version_2("/nobody/knows"), **{"sys/fs/cgroup/cpu.max": "200000 100000"})
    assert cgroup_quota(root) == 2.0


def test_version_1(system):
    files = {
        "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/site\n",
        "sys/fs/cgroup/cpu/site/cpu.cfs_quota_us": "25000",
        "sys/fs/cgroup/cpu/site/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    }
    assert cgroup_quota(system(**files)) == 0.25
