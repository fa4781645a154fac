"""Several applications at once, and their lives."""

from tests.pytest_plugin.conftest import APP, Project


def test_several(project: Project) -> None:
    project.write(
        "test_several.py",
        APP,
        """
        import ssl
        from tornadolike.httpserver import HTTPServer
        from tornadolike.testing import local_certificate

        told = []

        async def test_two(serve):
            one, two = await serve(make_app()), await serve(make_app(), tls=True)
            assert one.port != two.port
            assert (await one.client().fetch("/")).body == b"http None 1"
            visitor = two.client(cookies=True, defaults={"user_agent": "somebody"})
            await visitor.fetch("/", cookies=two.signed_cookies(user="ann"))
            assert (await visitor.fetch("/")).body == b"https None 2"
            for site in (one, two):
                async with site.ws_connect("/echo") as connection:
                    await connection.write_message("hello")
                    assert await connection.read_message() == "hello"

        async def test_options(serve):
            site = await serve(make_app(), max_header_size=200)
            response = await site.client().fetch("/", headers={"X": "x" * 300}, raise_error=False)
            assert response.code == 431
            with pytest.raises(TypeError):
                await serve(make_app(), no_such_option=1)
            assert (await serve(make_app(), tls=local_certificate().ssl_options)).url.startswith("https:")

        async def test_functions(serve):
            def answer(request):
                request.connection.write_headers(ResponseStartLine("HTTP/1.1", 204, ""), HTTPHeaders())
                request.connection.finish()

            from tornadolike.httputil import HTTPHeaders, ResponseStartLine
            assert (await (await serve(answer)).client().fetch("/")).code == 204

        @pytest.fixture
        def living():
            app = make_app()

            @app.lifetime
            async def life(app):
                told.append("begun")
                yield
                told.append("ended")

            return app

        async def test_lives(serve, living):
            site, again = await serve(living), await serve(living, tls=True)
            assert told == ["begun"]
            assert (await site.client().fetch("/")).code == 200

        async def test_lived(serve, living):
            assert told == ["begun", "ended"]
            async with living:
                await serve(living)
            assert told == ["begun", "ended"] * 2

        async def test_refused(serve):
            site = await serve(make_app())
            with pytest.raises(Exception, match="404"):
                await site.ws_connect("/nothing")

        def test_sync(io_loop, serve):
            site = io_loop.run_sync(lambda: serve(make_app()))
            assert io_loop.run_sync(lambda: site.client().fetch("/")).code == 200
        """,
    )
    project.configure(tornadolike_check="tasks descriptors errors")
    project.run().passed(
        *("test_two", "test_options", "test_functions", "test_lives", "test_lived"),
        *("test_refused", "test_sync"),
    )


def test_a_changed_file_does_not_start_pytest_anew(project: Project) -> None:
    project.write(
        "test_debug.py",
        """
        from tornadolike.autoreload import looking
        from tornadolike.web import Application

        async def test_debug(serve):
            await serve(Application(debug=True))
            assert not looking._loops
        """,
    )
    done = project.run()
    assert done.status == 0, done.text
