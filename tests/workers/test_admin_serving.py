"""The admin site, where it is wanted."""

import json

import pytest

from tests.running import run_on
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.ioloop import IOLoop
from tornadolike.programs.failing import Failure
from tornadolike.workers.admin_serving import Admin, place_of
from tornadolike.workers.state import Status

STATUS = Status("a:b", ("http://x",), "1", 6, 1.0, 1, 3, False, False, 0, "", ())


async def no_figures():
    return "text/plain", b"none"


def test_it_answers_until_the_end():
    async def main():
        admin.serve(lambda: STATUS, no_figures)
        client = AsyncHTTPClient()
        port = admin._sockets[0].getsockname()[1]
        answer = await client.fetch(f"http://127.0.0.1:{port}/status.json")
        assert json.loads(answer.body)["application"] == "a:b"
        answer = await client.fetch(f"http://127.0.0.1:{port}/metrics")
        assert answer.body == b"none"
        client.close()
        await admin.end()

    admin = Admin("127.0.0.1:0")
    run_on(lambda: IOLoop(make_current=False), main())
    admin.close()


def test_addresses(tmp_path):
    assert place_of("127.0.0.1:9000")[:3] == ("127.0.0.1", 9000, None)
    assert place_of("[::1]:9000")[:3] == ("::1", 9000, None)
    assert place_of("unix:/run/a.sock")[2] == "/run/a.sock"
    admin = Admin(f"unix:{tmp_path}/a.sock")
    assert (tmp_path / "a.sock").exists()
    admin.close()
    assert not (tmp_path / "a.sock").exists()


@pytest.mark.parametrize("address", ["9000", "here:there", "unix:", "127.0.0.1:70000", ":9000"])
def test_what_is_no_address(address):
    with pytest.raises(Failure, match=f"--admin {address}"):
        Admin(address)
