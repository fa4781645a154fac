"""HAProxy with two servers: one is taken out, replaced and brought back while visitors come and go."""

from __future__ import annotations

import socket

import pytest

from tests.deploy.conftest import Front
from tests.deploy.programs import PATIENCE
from tests.deploy.visitor import Traffic

pytestmark = pytest.mark.once


def operate(haproxy: Front, command: str) -> str:
    """What HAProxy answers to who operates it."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(haproxy.control))
        sock.sendall(command.encode() + b"\n")
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
    return answer.decode().strip()


def states(haproxy: Front) -> dict[str, tuple[str, int]]:
    """Of each server: its state, and how many requests are at work there."""
    head, *lines = operate(haproxy, "show stat").removeprefix("# ").splitlines()
    found = {}
    for line in lines:
        row = dict(zip(head.split(","), line.split(","), strict=True))
        if row["pxname"] == "site" and row["svname"] not in ("FRONTEND", "BACKEND"):
            found[row["svname"]] = (row["status"], int(row["scur"]))
    return found


def test_both_are_well(haproxy: Front) -> None:
    haproxy.proxy.wait_until(
        lambda: [state for state, _ in states(haproxy).values()] == ["UP", "UP"]
    )


def test_one_is_drained_and_replaced_and_no_visitor_notices(haproxy: Front) -> None:
    site = haproxy.sites[0]
    with Traffic(haproxy.visitor) as traffic:
        traffic.wait_for(20)
        assert operate(haproxy, "set server site/one state drain") == ""
        haproxy.proxy.wait_until(lambda: states(haproxy)["one"] == ("DRAIN", 0))
        assert site.stop() == 0
        traffic.wait_for(20)
        site.start()
        assert operate(haproxy, "set server site/one state ready") == ""
        haproxy.proxy.wait_until(lambda: states(haproxy)["one"][0] == "UP")
        traffic.wait_for(100)
    assert traffic.wrong == []


def test_one_is_just_stopped_and_started_and_no_visitor_notices(haproxy: Front) -> None:
    site = haproxy.sites[0]
    with Traffic(haproxy.visitor) as traffic:
        traffic.wait_for(20)
        assert site.stop() == 0
        haproxy.proxy.wait_until(lambda: states(haproxy)["one"][0] == "DOWN")
        traffic.wait_for(20)
        site.start()
        haproxy.proxy.wait_until(lambda: states(haproxy)["one"][0] == "UP")
        traffic.wait_for(100)
    assert traffic.wrong == []
