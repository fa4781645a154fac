"""What the fixtures give, in a project of somebody else."""

from tests.pytest_plugin.conftest import APP, Project


def test_a_site_and_its_clients(site_project: Project) -> None:
    site_project.write(
        "test_site.py",
        """
        import asyncio
        import pytest
        from tornadolike.httpclient import HTTPError
        from tornadolike.ioloop import IOLoop

        async def test_client(http_client, base_url, http_port):
            assert base_url == f"http://127.0.0.1:{http_port}"
            for url in ("/", base_url + "/"):
                response = await http_client.fetch(url)
                assert response.body == b"http None 1"
            with pytest.raises(HTTPError):
                await http_client.fetch("/nothing")
            assert asyncio.get_running_loop() is IOLoop.current()

        async def test_server(http_server, http_port, io_loop):
            assert type(http_server).__name__ == "HTTPServer"
            _, writer = await asyncio.open_connection("127.0.0.1", http_port)
            writer.close()
            assert io_loop is asyncio.get_running_loop()

        async def test_signed(http_client, signed_cookies):
            response = await http_client.fetch("/", cookies=signed_cookies(user="ann"))
            assert response.body == b"http ann 1"

        async def test_websocket(ws_connect):
            async with ws_connect("/echo") as connection:
                await connection.write_message("hello")
                assert await connection.read_message() == "hello"

        async def test_websocket_left_open(ws_connect):
            connection = await ws_connect("/echo")
            await connection.write_message("hello")

        async def test_tls(https_client, ws_connect, base_url, https_port):
            assert base_url == f"https://127.0.0.1:{https_port}"
            assert (await https_client.fetch("/")).body == b"https None 1"
            async with ws_connect("/echo") as connection:
                await connection.write_message("hello")
                assert await connection.read_message() == "hello"

        async def test_both(http_client, https_client):
            for client, scheme in ((http_client, b"http "), (https_client, b"https ")):
                assert (await client.fetch("/")).body.startswith(scheme)

        async def test_no_cookies(http_client):
            await http_client.fetch("/")
            assert (await http_client.fetch("/")).body == b"http None 1"

        class TestVisitor:
            @pytest.fixture
            def http_client_options(self):
                return {"cookies": True}

            async def test_cookies(self, http_client):
                await http_client.fetch("/")
                assert (await http_client.fetch("/")).body == b"http None 2"

        def test_without_coroutine(io_loop, http_client):
            assert io_loop.run_sync(lambda: http_client.fetch("/")).body == b"http None 1"
        """,
    )
    site_project.configure(tornadolike_check="tasks descriptors errors")
    site_project.run().passed(
        *("test_client", "test_server", "test_signed", "test_websocket"),
        *("test_websocket_left_open", "test_tls", "test_both", "test_no_cookies"),
        *("TestVisitor::test_cookies", "test_without_coroutine"),
    )


def test_the_virtual_clock(site_project: Project) -> None:
    site_project.write(
        "test_clock.py",
        """
        import asyncio, time
        import pytest

        async def test_sleep(virtual_clock, http_client, io_loop):
            real, began = time.monotonic(), io_loop.time()
            await asyncio.sleep(86400)
            assert io_loop.time() - began == 86400
            assert time.monotonic() - real < 3600
            assert (await http_client.fetch("/")).code == 200

        @pytest.mark.tornadolike(timeout=0.05)
        async def test_limit(virtual_clock):
            while True:
                await asyncio.sleep(3600)
        """,
    )
    done = site_project.run()
    assert done.outcomes == {"test_sleep": "PASSED", "test_limit": "FAILED"}, done.text
    assert "test_limit took longer than 0.05 seconds" in done.text


def test_what_is_missing_is_named(project: Project) -> None:
    project.write(
        "test_missing.py",
        APP,
        """
        async def test_no_app(http_client):
            pass

        class TestWith:
            @pytest.fixture
            def app(self, nothing):
                return make_app()

            async def test_other(self, http_client):
                pass

        class TestSecret:
            @pytest.fixture
            def app(self):
                return Application()

            async def test_no_secret(self, signed_cookies):
                signed_cookies(user="ann")
        """,
    )
    done = project.run()
    assert set(done.outcomes.values()) == {"ERROR", "FAILED"}, done.text
    assert "http_server serves what the fixture app gives, and there is none" in done.text
    assert "fixture 'nothing' not found" in done.text
    assert "the application has no setting cookie_secret" in done.text
    assert done.text.count("INTERNALERROR") == 0


def test_another_fixture_for_the_application(project: Project) -> None:
    project.write(
        "test_names.py",
        APP,
        """
        import ssl
        from tornadolike.testing import local_certificate

        @pytest.fixture
        async def my_site():
            await asyncio.sleep(0)
            return make_app()

        @pytest.fixture
        def my_tls():
            return local_certificate().ssl_options

        async def test_app(http_client):
            assert (await http_client.fetch("/")).code == 200

        async def test_tls(https_client):
            assert (await https_client.fetch("/", validate_cert=False)).code == 200
            with pytest.raises(ssl.SSLError):  # it knows only the authority of our certificate
                await https_client.fetch("/")
        """,
    )
    project.run("--app-fixture=my_site", "--ssl-options-fixture=my_tls").passed(
        "test_app", "test_tls"
    )


def test_a_loop_for_a_module(project: Project) -> None:
    project.write(
        "test_module.py",
        APP,
        """
        from tornadolike.pytest_plugin import new_loop

        pytestmark = pytest.mark.tornadolike

        @pytest.fixture(scope="module")
        def io_loop():
            with new_loop() as loop:
                yield loop

        @pytest.fixture(scope="module")
        async def shared():
            await asyncio.sleep(0)
            yield asyncio.get_running_loop()
            assert asyncio.get_running_loop().is_running()

        async def test_first(shared, io_loop):
            assert shared is asyncio.get_running_loop() is io_loop

        async def test_second(shared):
            assert shared is asyncio.get_running_loop()
        """,
    )
    project.run().passed("test_first", "test_second")


def test_an_async_fixture_for_many_tests_needs_a_loop_for_them(project: Project) -> None:
    project.write(
        "test_scopes.py",
        APP,
        """
        @pytest.fixture(scope="session")
        async def shared():
            yield 1

        async def test_it(io_loop, shared):
            pass
        """,
    )
    done = project.run()
    assert done.outcomes == {"test_it": "ERROR"}
    assert "the async fixture shared is for a whole session" in done.text


def test_the_loop_is_not_to_be_had_in_another(project: Project) -> None:
    project.write(
        "test_inside.py",
        APP,
        """
        def test_it(request):
            async def main():
                request.getfixturevalue("io_loop")
            asyncio.run(main())

        class TestStrange:
            @pytest.fixture
            def io_loop(self):
                return "a string"

            @pytest.mark.tornadolike
            async def test_strange(self):
                pass
        """,
    )
    done = project.run()
    assert set(done.outcomes.values()) == {"FAILED"}
    assert "io_loop was asked for while another loop runs" in done.text
    assert "io_loop gives no IOLoop of tornadolike's but 'a string'" in done.text
