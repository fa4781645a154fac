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
from tests.deploy.programs import TORNADOLIKE, Program
from tests.tls_certs import Certificates

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]

MACHINES = {"proxy": "10.0.0.10", "one": "10.0.0.11", "two": "10.0.0.12", "redis": "10.0.0.20"}
"""As haproxy.cfg has them."""
CHAT_REDIS = "redis://:swordfish@10.0.0.20"


@dataclass
class Chat:
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
def chat(tmp_path: Path, certs: Certificates) -> Iterator[Chat]:
    redis = shutil.which("redis-server")
    if redis is None:
        pytest.skip("redis-server is not installed")
    with contextlib.ExitStack() as stack:
        short = stack.enter_context(programs.short_folder())
        network = stack.enter_context(Network(MACHINES))
        control = short / "admin.sock"
        values = {
            "/run/haproxy/admin.sock mode": f"{control} mode",
            "/etc/haproxy/site.pem": certs.server,
        }
        haproxy = programs.haproxy_command(tmp_path, values)

        def start(machine: str, *arguments: str, **environment: str) -> Program:
            return stack.enter_context(
                network.run(machine, arguments, tmp_path / machine, **environment)
            )

        start("redis", redis, "--bind", "10.0.0.20", "--requirepass", "swordfish", "--save", "")
        run = [*TORNADOLIKE, "run", "demos.deploy.chat:make_app", "--workers", "1"]
        where = ["--host", "0.0.0.0", "--trust", "10.0.0.10"]
        sites = [start(name, *run, *where, CHAT_REDIS=CHAT_REDIS) for name in ("one", "two")]
        for site in sites:
            site.wait_until(lambda site=site: " is served on " in site.log())
        proxy = start("proxy", *haproxy)
        proxy.wait_until(control.exists)
        chat = Chat(network, proxy, control, certs)
        chat.is_up(one=True, two=True)
        yield chat


def test_a_chat_whose_cables_are_cut(chat: Chat) -> None:
    room = new_room()
    with contextlib.ExitStack() as stack:
        ann = stack.enter_context(chat.tab("Ann"))
        ann.join(room)
        (cut,) = (name for name, (_, sessions) in states(chat.control).items() if sessions)
        bob = stack.enter_context(chat.tab("Bob"))
        bob.join(room)
        assert [sessions for _, sessions in states(chat.control).values()] == [1, 1]
        ann.say("hello")
        assert [tab.hears() for tab in (ann, bob)] == ["hello"] * 2

        # A machine is cut off. Who was on it comes again, to the other one, and is the same member.
        chat.network.cut(cut)
        chat.is_up(**{cut: False})
        again = stack.enter_context(chat.tab("Ann", ann.secret))
        assert len(again.join(room)["members"]) == 2
        again.say("still here")
        assert bob.hears() == "still here"
        chat.network.plug(cut)
        chat.is_up(**{cut: True})

        # So are the rooms. Nobody new is let in meanwhile, and who is there goes on afterwards.
        chat.network.cut("redis")
        chat.is_up(one=False, two=False)
        chat.network.plug("redis")
        chat.is_up(one=True, two=True)
        bob.say("and so are we")
        assert again.hears() == "still here"
        assert again.hears() == bob.hears() == "and so are we"
