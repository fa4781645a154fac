"""Each test of a container runs twice: in the loop's thread, and in threads of an executor."""

import pytest

from tests.wsgi.apps import asked, checked, threads
from tornadolike.wsgi import WSGIContainer


@pytest.fixture(params=["loop", "threads"])
def executor(request):
    if request.param == "loop":
        yield None
    else:
        with threads() as executor:
            yield executor


@pytest.fixture
def ask(serve, executor):
    """``ask(application, "GET /path", *fields, body=None)`` serves the application and returns its answer."""

    def ask(application, request="GET /", *fields, body=None, strict=True, **options):
        make = checked if strict else WSGIContainer
        return asked(serve(make(application, executor, **options)), request, *fields, body=body)

    return ask
