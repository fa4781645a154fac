"""The chat on several machines: two serve it, one has the rooms, and one is HAProxy's, where everybody comes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.apps.chat_tabs import SocketTab, new_room
from tests.deploy import programs
from tests.deploy.network import Network
from tests.deploy.operating import states
from tests.deploy.programs import FILES, TORNADOLIKE, Program, command, filled
from tests.tls_certs import Certificates

pytestmark = pytest.mark.once

MACHINES = {"proxy": "10.0.0.10", "one": "10.0.0.11", "two": "10.0.0.12", "redis": "10.0.0.20"}
"""As haproxy.cfg has them."""
CHAT_REDIS = "redis://:swordfish@10.0.0.20"


@dataclass
class Site:
    """The chat, and the machines it is on."""

    network: Network
    proxy: Program
    control: Path
    certs: Certificates

    def is_up(self, **wanted: bool) -> None:
        """Wait until HAProxy sends somebody to these machines, or does not."""

        def seen() -> bool:
            now = states(self.control)
            return all((now[name][0] == "UP") is well for name, well in wanted.items())

        self.proxy.wait_until(seen)

    def tab(self, name: str, secret: str = "") -> SocketTab:
        """A page of the chat, opened beside the proxy."""
        with self.network.at("proxy"):
            return SocketTab(443, name, secret, self.certs.client_context())


@pytest.fixture
def site(tmp_path: Path, certs: Certificates) -> Iterator[Site]:
    redis = shutil.which("redis-server")
    if redis is None:
        pytest.skip("redis-server is not installed")
    haproxy = command("haproxy", "haproxy")
    with contextlib.ExitStack() as stack:
        short = stack.enter_context(programs.short_folder())
        network = stack.enter_context(Network(MACHINES))
        control = short / "admin.sock"
        configuration = tmp_path / "haproxy.cfg"
        values = {
            "    user haproxy\n    group haproxy\n": "",
            "/run/haproxy/admin.sock mode": f"{control} mode",
            "/etc/haproxy/site.pem": certs.server,
        }
        configuration.write_text(filled(FILES / "haproxy" / "haproxy.cfg", values))

        def start(machine: str, *arguments: str, **environment: str) -> Program:
            return stack.enter_context(
                network.run(machine, arguments, tmp_path / machine, **environment)
            )

        start("redis", redis, "--bind", "10.0.0.20", "--requirepass", "swordfish", "--save", "")
        for machine in ("one", "two"):
            run = [*TORNADOLIKE, "run", "demos.deploy.chat:make_app", "--workers", "1"]
            where = ["--host", "0.0.0.0", "--trust", "10.0.0.10"]
            start(machine, *run, *where, CHAT_REDIS=CHAT_REDIS)
        proxy = start("proxy", haproxy, "-db", "-f", str(configuration))
        proxy.wait_until(control.exists)
        site = Site(network, proxy, control, certs)
        site.is_up(one=True, two=True)
        yield site


def test_a_chat_whose_cables_are_cut(site: Site) -> None:
    room = new_room()
    with contextlib.ExitStack() as stack:
        ann = stack.enter_context(site.tab("Ann"))
        ann.join(room)
        (cut,) = (name for name, (_, sessions) in states(site.control).items() if sessions)
        bob = stack.enter_context(site.tab("Bob"))
        bob.join(room)
        assert [sessions for _, sessions in states(site.control).values()] == [1, 1]
        ann.say("hello")
        assert [tab.hears() for tab in (ann, bob)] == ["hello"] * 2

        # A machine is cut off. Who was on it comes again, to the other one, and is the same member.
        site.network.cut(cut)
        site.is_up(**{cut: False})
        again = stack.enter_context(site.tab("Ann", ann.secret))
        assert len(again.join(room)["members"]) == 2
        again.say("still here")
        assert bob.hears() == "still here"
        site.network.plug(cut)
        site.is_up(**{cut: True})

        # So are the rooms. Nobody new is let in meanwhile, and who is there goes on afterwards.
        site.network.cut("redis")
        site.is_up(one=False, two=False)
        site.network.plug("redis")
        site.is_up(one=True, two=True)
        bob.say("and so are we")
        assert again.hears() == "still here"
        assert again.hears() == bob.hears() == "and so are we"
