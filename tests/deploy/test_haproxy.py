"""HAProxy with two servers: one is taken out, replaced and brought back while visitors come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.conftest import Front
from tests.deploy.operating import operate, states
from tests.deploy.visitor import Traffic

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]


@pytest.fixture
def control(haproxy: Front) -> Path:
    """The socket by which it is operated."""
    assert haproxy.control is not None
    return haproxy.control


def test_both_are_well(haproxy: Front, control: Path) -> None:
    haproxy.proxy.wait_until(
        lambda: [state for state, _ in states(control).values()] == ["UP", "UP"]
    )


def test_one_is_drained_and_replaced_and_no_visitor_notices(haproxy: Front, control: Path) -> None:
    site = haproxy.sites[0]
    with Traffic(haproxy.visitor) as traffic:
        traffic.wait_for(20)
        assert operate(control, "set server site/one state drain") == ""
        haproxy.proxy.wait_until(lambda: states(control)["one"] == ("DRAIN", 0))
        assert site.stop() == 0
        traffic.wait_for(20)
        site.start()
        assert operate(control, "set server site/one state ready") == ""
        haproxy.proxy.wait_until(lambda: states(control)["one"][0] == "UP")
        traffic.wait_for(50)
    assert traffic.wrong == []


def test_one_is_just_stopped_and_started_and_no_visitor_notices(
    haproxy: Front, control: Path
) -> None:
    site = haproxy.sites[0]
    with Traffic(haproxy.visitor) as traffic:
        traffic.wait_for(20)
        assert site.stop() == 0
        haproxy.proxy.wait_until(lambda: states(control)["one"][0] == "DOWN")
        traffic.wait_for(20)
        site.start()
        haproxy.proxy.wait_until(lambda: states(control)["one"][0] == "UP")
        traffic.wait_for(50)
    assert traffic.wrong == []
