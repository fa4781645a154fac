"""Several machines on a switch, imitated by network namespaces: each has its own addresses and ports, and a cable."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.deploy.programs import Program

CLONE_NEWNET = 0x40000000


class Network:
    """``with Network({"one": "10.0.0.11"}) as network:`` makes the machines, and takes them down in the end."""

    def __init__(self, machines: Mapping[str, str]) -> None:
        """
        :arg machines: their addresses in a network of 256, by their names.
        """
        self._machines = machines
        self._names = {name: f"t{os.getpid()}-{name}" for name in [*machines, "switch"]}

    def __enter__(self) -> Network:
        if shutil.which("ip") is None or os.geteuid() != 0:
            pytest.skip("network namespaces are made by root, and by ip of the package iproute2")
        try:
            self._build()
        except subprocess.CalledProcessError as error:
            self.__exit__()
            pytest.skip(f"no network can be made here: {error.stderr.decode().strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    def _build(self) -> None:
        for name in self._names.values():
            _ip("netns", "add", name)
        self._in("switch", "link", "add", "bridge", "type", "bridge")
        self._in("switch", "link", "set", "bridge", "up")
        for name, address in self._machines.items():
            to = ["name", "cable", "netns", self._names[name]]
            self._in("switch", "link", "add", name, "type", "veth", "peer", *to)
            self._in("switch", "link", "set", name, "master", "bridge", "up")
            self._in(name, "address", "add", f"{address}/24", "dev", "cable")
            for device in ("lo", "cable"):
                self._in(name, "link", "set", device, "up")

    def _in(self, machine: str, *arguments: str) -> None:
        _ip("-netns", self._names[machine], *arguments)

    def cut(self, machine: str) -> None:
        """Pull the cable: nothing comes and goes, and nobody is told."""
        self._in("switch", "link", "set", machine, "nomaster")

    def plug(self, machine: str) -> None:
        self._in("switch", "link", "set", machine, "master", "bridge")

    def run(self, machine: str, arguments: Sequence[str], log: Path, **environment: str) -> Program:
        """Start a program on a machine."""
        inside = ["ip", "netns", "exec", self._names[machine]]
        return Program([*inside, *arguments], log, environment=environment)

    @contextlib.contextmanager
    def at(self, machine: str) -> Iterator[None]:
        """What this thread connects to in here, it connects to from that machine."""
        setns = ctypes.CDLL(None, use_errno=True).setns
        with open("/proc/thread-self/ns/net") as here:
            with open(f"/run/netns/{self._names[machine]}") as there:
                assert setns(there.fileno(), CLONE_NEWNET) == 0
            try:
                yield
            finally:
                assert setns(here.fileno(), CLONE_NEWNET) == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
