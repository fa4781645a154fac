"""What a worker is told to do."""

import os

from tornadolike.httputil import TrustedProxies
from tornadolike.workers import Settings
from tornadolike.workers.tasks import VARIABLE, Task


def test_on_its_way(monkeypatch):
    settings = Settings(
        application="main:app",
        certificate="a.pem",
        trust=["10.0.0.0/8", "unix"],
        proxy_protocol=["unix"],
        drain_seconds=3.5,
    )
    task = Task.of(settings, 2, 7).with_descriptors(4, (5, 6))
    assert Task.from_json(task.to_json()) == task
    monkeypatch.setenv(VARIABLE, task.to_json())
    assert Task.from_environment() == task
    assert VARIABLE not in os.environ
    assert (task.number, task.generation, task.drain_seconds) == (2, 7, 3.5)
    assert (task.channel, task.sockets) == (4, (5, 6))
    options = task.server_options()
    assert options["ssl_options"] == {"certfile": "a.pem"}
    assert isinstance(options["trust"], TrustedProxies)
    assert options["proxy_protocol"] == ["unix"]


def test_what_is_not_wanted_is_no_option():
    options = Task.of(Settings(application="main:app"), 1, 1).server_options()
    assert options == {"ssl_options": None, "trust": None, "proxy_protocol": None}
