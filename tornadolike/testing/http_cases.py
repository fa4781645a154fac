"""Tests of :mod:`unittest` with a server on a free port, and a client."""

from typing import Any

from ..httpclient import AsyncHTTPClient, HTTPResponse
from ..httpserver import HTTPServer
from .cases import AsyncTestCase
from .certificate import local_certificate
from .limits import get_async_test_timeout, run_limited
from .ports import bind_unused_port


class AsyncHTTPTestCase(AsyncTestCase):
    """A test with an application, which is served while the test runs.

    .. code-block:: python

        class HelloTest(AsyncHTTPTestCase):
            def get_app(self):
                return make_app()

            def test_hello(self):
                response = self.fetch("/")
                self.assertEqual(response.code, 200)

            @gen_test
            async def test_hello_again(self):
                response = await self.http_client.fetch(self.get_url("/"))
                self.assertEqual(response.body, b"Hello")
    """

    http_client: AsyncHTTPClient
    http_server: HTTPServer
    _app: Any

    def setUp(self) -> None:
        super().setUp()
        sock, self._port = bind_unused_port()
        self.addCleanup(sock.close)  # for a setUp that fails
        self.http_client = self.get_http_client()
        self._app = self.get_app()
        self.http_server = self.get_http_server()
        self.http_server.add_sockets([sock])

    def get_http_client(self) -> AsyncHTTPClient:
        """Makes :attr:`http_client`."""
        return AsyncHTTPClient()

    def get_http_server(self) -> HTTPServer:
        """Makes :attr:`http_server`."""
        return HTTPServer(self._app, **self.get_httpserver_options())

    def get_app(self) -> Any:
        """To be overridden: what is served, an :class:`~tornadolike.web.Application` or what else a server takes."""
        raise NotImplementedError(
            f"{type(self).__qualname__} should have a method get_app that returns the application to test"
        )

    def get_httpserver_options(self) -> dict[str, Any]:
        """More arguments for :class:`~tornadolike.httpserver.HTTPServer`. May be overridden."""
        return {}

    def fetch(self, path: str, raise_error: bool = False, **kwargs: Any) -> HTTPResponse:
        """Ask the server for ``path`` and wait for its answer: for tests that are no coroutines.

        :arg path: or a whole URL, ``http://...``, of another server.
        :arg raise_error: whether a status of 400 or more is raised as
            :exc:`~tornadolike.httpclient.HTTPError`. Other errors are always raised.
        :arg kwargs: for :meth:`.AsyncHTTPClient.fetch`, such as ``method="POST"`` and ``body=...``.

        Raises :exc:`TimeoutError` after :func:`get_async_test_timeout` seconds.
        """
        if self.io_loop.is_running():
            raise RuntimeError(
                "in a coroutine use: await self.http_client.fetch(self.get_url(path)); "
                "self.fetch() waits by running the loop, which is running"
            )
        is_whole = path.lower().startswith(("http://", "https://"))
        url = path if is_whole else self.get_url(path)
        response: HTTPResponse = run_limited(
            self.io_loop,
            lambda: self.http_client.fetch(url, raise_error=raise_error, **kwargs),
            get_async_test_timeout(),
        )
        return response

    def get_http_port(self) -> int:
        """The port that the server listens on: another one in each test."""
        return self._port

    def get_protocol(self) -> str:
        """The scheme of the server's URLs."""
        return "http"

    def get_url(self, path: str) -> str:
        """The URL of a path of the server."""
        return f"{self.get_protocol()}://127.0.0.1:{self.get_http_port()}{path}"

    def tearDown(self) -> None:
        self.http_server.stop()
        run_limited(self.io_loop, self.http_server.close_all_connections, get_async_test_timeout())
        self.http_client.close()
        del self.http_server
        del self._app
        super().tearDown()


class AsyncHTTPSTestCase(AsyncHTTPTestCase):
    """As :class:`AsyncHTTPTestCase`, over TLS, with a certificate that was made for the tests.

    The client does not verify it, for the sake of who has certificates of other names in :meth:`get_ssl_options`.
    To have it do so, pass ``validate_cert=True, ca_certs=local_certificate().ca_certs`` to a fetch.
    """

    def get_http_client(self) -> AsyncHTTPClient:
        return AsyncHTTPClient(force_instance=True, defaults={"validate_cert": False})

    def get_httpserver_options(self) -> dict[str, Any]:
        return {"ssl_options": self.get_ssl_options()}

    def get_ssl_options(self) -> dict[str, Any]:
        """The server's ``ssl_options``. May be overridden; by default those of :func:`local_certificate`."""
        return self.default_ssl_options()

    @staticmethod
    def default_ssl_options() -> dict[str, Any]:
        """Options with the certificate of :func:`local_certificate`."""
        return dict(local_certificate().ssl_options)

    def get_protocol(self) -> str:
        return "https"
