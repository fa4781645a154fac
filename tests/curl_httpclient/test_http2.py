"""HTTP/2, with nginx, which hands some requests on to a server of ours."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time

import pytest

from tests.curl_httpclient.helpers import OK, Server, body_of, engine, hop
from tests.running import on_every_loop
from tornadolike.httpclient.engine import Way
from tornadolike.httpclient.failures import HTTPProtocolError

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    client_max_body_size 0; proxy_buffering off; proxy_request_buffering off; proxy_http_version 1.1;
    keepalive_requests 20;
    server {{
        listen unix:{folder}/tls ssl http2; listen unix:{folder}/plain http2;
        ssl_certificate {certificate}; ssl_certificate_key {certificate};
        location /small {{ return 200 "$server_protocol $request_method $http_x"; }}
        location / {{ proxy_pass http://unix:{folder}/behind; }}
    }}
}}
"""


@pytest.fixture
def nginx(tmp_path, certs):
    """The folder with nginx's sockets: ``tls``, ``plain``, and ``behind`` for whom it asks."""
    if NGINX is None:
        pytest.skip("there is no nginx here: apt-get install nginx-light")
    file = tmp_path / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=tmp_path, certificate=certs.server))
    with subprocess.Popen([NGINX, "-c", str(file), "-p", str(tmp_path), "-e", "stderr"]) as process:
        try:
            wait_for(tmp_path / "plain", process)
            yield tmp_path
        finally:
            process.terminate()


def wait_for(path, process):
    """Wait until somebody listens there."""
    deadline = time.monotonic() + 30
    with socket.socket(socket.AF_UNIX) as sock:
        while sock.connect_ex(str(path)):
            assert process.poll() is None, "nginx has ended"
            assert time.monotonic() < deadline, "nginx does not listen"
            time.sleep(0.01)


def to(nginx, certs, path, method="GET", **options):
    """A request by TLS."""
    way = Way(unix_socket=str(nginx / "tls"), ssl_options={"ca_certs": certs.ca})
    return hop(f"https://localhost{path}", method, way=way, **options)


@contextlib.asynccontextmanager
async def behind(nginx, *answers):
    server = Server(*answers)
    async with server.running(host=str(nginx / "behind")):
        yield server


@on_every_loop
async def test_where_tls_is_spoken(nginx, certs):
    async with engine() as client:
        answer = await client.send(to(nginx, certs, "/small", headers={"X": "y"}))
        assert (answer.version, answer.status, answer.reason) == ("HTTP/2", 200, "")
        assert await body_of(answer) == b"HTTP/2.0 GET y"
        assert answer.headers["Content-Length"] == "14"


@pytest.mark.parametrize("version", ["1.1", "2-prior-knowledge"])
@on_every_loop
async def test_other_versions(nginx, certs, version):
    async with engine(http_version=version) as client:
        if version == "1.1":
            answer = await client.send(to(nginx, certs, "/small"))
            assert answer.version == "HTTP/1.1"
        else:
            way = Way(unix_socket=str(nginx / "plain"))
            answer = await client.send(hop("http://localhost/small", way=way))
            assert answer.version == "HTTP/2"
        assert await body_of(answer)


@on_every_loop
async def test_many_on_one_connection_and_a_new_one_when_that_ends(nginx, certs):
    """nginx ends the connection behind 20 of them; none is lost."""
    async with engine(50) as client:
        hops = [to(nginx, certs, "/small", repeatable=True) for _ in range(90)]

        async def fetch(sent):
            return await body_of(await client.send(sent))

        assert await asyncio.gather(*map(fetch, hops)) == 90 * [b"HTTP/2.0 GET "]
        new = [sent for sent in hops if not sent.times.reused]
        assert len(new) < 45


@on_every_loop
async def test_bodies_both_ways(nginx, certs):
    large = bytes(range(256)) * 8192

    async def produce(write):
        for start in range(0, len(large), 100_000):
            await write(large[start : start + 100_000])

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(large), large)
    async with behind(nginx, answer) as server, engine() as client:
        length = {"Content-Length": str(len(large))}
        for options in ({"body": large}, {"producer": produce, "headers": length}):
            sent = to(nginx, certs, "/", "POST", **options)
            assert await body_of(await client.send(sent)) == large
    assert server.bodies == 2 * [large]


@on_every_loop
async def test_a_producer_of_unknown_length(nginx, certs):
    async def produce(write):
        await write(b"abc")
        await asyncio.sleep(0)
        await write(b"de")

    async with behind(nginx, OK) as server, engine() as client:
        answer = await client.send(to(nginx, certs, "/", "PUT", producer=produce))
        assert await body_of(answer) == b"ok"
    (body,) = server.bodies
    assert body.endswith(b"0\r\n\r\n")
    assert b"abc" in body
    assert b"de" in body


@on_every_loop
async def test_one_that_nobody_reads_does_not_hold_up_the_others(nginx, certs):
    size = 64 * 1024 * 1024
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, bytes(size))
    async with behind(nginx, answer) as server, engine() as client:
        slow = await client.send(to(nginx, certs, "/"))
        for _ in range(3):
            assert await body_of(await client.send(to(nginx, certs, "/small")))
        assert len(slow.read_nowait() or b"") < size / 2
        slow.close()
        assert await body_of(await client.send(to(nginx, certs, "/small")))
    assert len(server.heads) == 1


@on_every_loop
async def test_headers_that_are_for_a_connection_of_http_1(nginx, certs):
    fields = {"Connection": "close, x", "X": "y", "Keep-Alive": "timeout=5", "Te": "trailers"}
    async with engine() as client:
        for _ in range(2):
            answer = await client.send(sent := to(nginx, certs, "/small", headers=fields))
            assert (answer.status, answer.version) == (200, "HTTP/2")
            assert await body_of(answer)
    assert sent.times.reused


@on_every_loop
async def test_a_body_that_is_too_large(nginx, certs):
    async with engine() as client:
        with pytest.raises(HTTPProtocolError, match="max_body_size"):
            await body_of(await client.send(to(nginx, certs, "/small", max_body_size=5)))
        assert await body_of(await client.send(to(nginx, certs, "/small")))


@on_every_loop
async def test_a_server_that_refuses_the_body(nginx, certs):
    async def produce(write):
        while True:
            await write(bytes(65536))

    async with engine() as client:
        answer = await client.send(to(nginx, certs, "/small", "POST", producer=produce))
        assert answer.status == 200
        assert await body_of(answer) == b"HTTP/2.0 POST "
