"""Whole fetches on real sockets: what is asked for leads to what is given."""

import contextlib
import ssl

import pytest

from tests.httpclient.authentication.letting_in import check, said
from tests.running import on_every_loop
from tornadolike.httpclient import HTTPError
from tornadolike.httpclient.authentication import DigestAuth
from tornadolike.httpclient.failures import HTTPRefusedError, TooManyRedirectsError
from tornadolike.httpclient.retries import Retries
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient
from tornadolike.web import Application, RequestHandler


class Told(RequestHandler):
    """Says what it was told."""

    def get(self, *_):
        self.settings["told"].append(self.request)
        self.write(self.request.method)

    post = put = get


class Redirect(Told):
    def get(self, *_):
        self.settings["told"].append(self.request)
        self.set_cookie("seen", "yes")
        self.redirect(self.get_argument("to"), status=int(self.get_argument("status", "302")))

    post = put = get


class Digest(RequestHandler):
    def post(self):
        authorization = self.request.headers.get("Authorization")
        body = self.request.body
        if authorization and check(said(authorization), "secret", "POST", body):
            self.write("welcome")
            return
        self.set_status(401)
        self.set_header("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth-int"')


class Moody(RequestHandler):
    def get(self):
        moods = self.settings["moods"]
        self.set_status(moods.pop(0))
        self.set_header("Retry-After", "0")


@contextlib.asynccontextmanager
async def site(context=None, **settings):
    """A site, its URL and what it was told."""
    told = []
    handlers = [(r"/redirect", Redirect), (r"/digest", Digest), (r"/moody", Moody), (r"/.*", Told)]
    server = HTTPServer(Application(handlers, told=told, **settings), ssl_options=context)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    scheme = "http" if context is None else "https"
    try:
        yield f"{scheme}://localhost:{sockets[0].getsockname()[1]}", told
    finally:
        server.stop()
        await server.close_all_connections()


@contextlib.contextmanager
def fetching(**options):
    client = SimpleAsyncHTTPClient(**options)
    try:
        yield client
    finally:
        client.close()


@on_every_loop
async def test_redirects():
    with fetching() as client:
        async with site() as (home, told), site() as (other, _):
            url = f"{home}/redirect?to=/redirect%3Fto%3D{other}/end#there"
            response = await client.fetch(url, headers={"Authorization": "x", "X": "y"})
            assert response.body == b"GET"
            assert response.effective_url == f"{other}/end#there"
            assert [past.code for past in response.history] == [302, 302]
            assert [request.headers.get("Authorization") for request in told] == ["x", "x"]
            assert response.time_info["total"] >= response.time_info["redirect"] > 0
            assert response.request.url == url


@on_every_loop
async def test_bodies_and_redirects():
    async def produce(write):
        await write(b"from a ")
        await write(b"producer")

    with fetching() as client:
        async with site() as (home, told):
            for status, method in [(302, b"GET"), (303, b"GET"), (307, b"POST"), (308, b"POST")]:
                for body in ({"body": "text"}, {"body_producer": produce}):
                    url = f"{home}/redirect?status={status}&to=/end"
                    response = await client.fetch(url, method="POST", **body)
                    assert response.body == method
                    assert told[-1].body == (told[-2].body if method == b"POST" else b"")


@on_every_loop
async def test_too_many_redirects():
    with fetching() as client:
        async with site() as (home, told):
            url = f"{home}/redirect?to=%3Fto%3D%253Fto%253Dx"
            with pytest.raises(TooManyRedirectsError) as caught:
                await client.fetch(url, max_redirects=2)
            assert len(told) == 3
            assert caught.value.response.effective_url == f"{home}/redirect?to=x"
            response = await client.fetch(url, max_redirects=2, raise_error=False)
            assert response.code == 302
            assert isinstance(response.error, TooManyRedirectsError)


@on_every_loop
async def test_cookies():
    with fetching(cookies=True) as client:
        async with site() as (home, told):
            await client.fetch(f"{home}/redirect?to=/end")
            await client.fetch(f"{home}/again", cookies={"own": "1"})
            sent = [request.headers.get("Cookie") for request in told]
            assert sent == [None, "seen=yes", "own=1; seen=yes"]
            assert [cookie.name for cookie in client.cookies] == ["seen"]


@on_every_loop
async def test_digest():
    with fetching() as client:
        async with site() as (home, _):
            post = {"method": "POST", "body": "all of it"}
            for auth in (
                {"auth": DigestAuth("Mufasa", "secret")},
                {"auth_username": "Mufasa", "auth_password": "secret", "auth_mode": "digest"},
            ):
                response = await client.fetch(f"{home}/digest", **post, **auth)
                assert response.body == b"welcome"
            with pytest.raises(HTTPError) as caught:
                await client.fetch(f"{home}/digest", **post, auth=DigestAuth("Mufasa", "wrong"))
            assert caught.value.code == 401


@on_every_loop
async def test_retries(expect_log):
    retries = Retries(3, backoff=0)
    with fetching() as client:
        async with site(moods=[503, 429, 200, 502]) as (home, _):
            with expect_log("tornadolike.access", "50[23] GET /moody", count=2):
                assert (await client.fetch(f"{home}/moody", retries=retries)).code == 200
                with pytest.raises(HTTPError) as caught:
                    await client.fetch(f"{home}/moody")
            assert caught.value.code == 502
        with pytest.raises(HTTPRefusedError):
            await client.fetch(home, retries=retries)


@pytest.mark.parametrize("kind", ["paths", "a context"])
@on_every_loop
async def test_client_certificates_stay_at_home(certs, kind):
    asking = certs.server_context(ask_client=True)
    asking.verify_mode = ssl.CERT_OPTIONAL
    if kind == "paths":
        options = {"ca_certs": certs.ca, "client_cert": certs.client}
    else:
        options = {"ssl_options": certs.client_context(certs.client)}
    with fetching() as client:
        async with site(asking) as (home, told), site(asking) as (other, others):
            await client.fetch(f"{home}/redirect?to=/same", **options)
            assert [bool(request.get_ssl_certificate()) for request in told] == [True, True]
            back = f"{other}/redirect%3Fto%3D{home}/back"
            await client.fetch(f"{home}/redirect?to={back}", **options)
            assert [bool(request.get_ssl_certificate()) for request in others] == [False]
            assert not told[-1].get_ssl_certificate()


@on_every_loop
async def test_mistakes():
    with fetching() as client:
        for options, kind in [
            ({"auth": "secret"}, TypeError),
            ({"auth_username": "a", "auth_mode": "ntlm"}, ValueError),
            ({"auth_username": "a:b"}, ValueError),
            ({"retries": 3}, TypeError),
            ({"trace": 3}, TypeError),
            ({"cookies": {"a": "b;"}}, ValueError),
            ({"cookies": ["a"]}, TypeError),
        ]:
            with pytest.raises(kind):
                await client.fetch("http://127.0.0.1:1/", **options)
