"""Messages for those who come from other libraries."""

import inspect

import pytest

from tests.running import on_every_loop
from tornadolike.httpclient import AsyncHTTPClient, HTTPClient, HTTPRequest
from tornadolike.httpclient.other_names import OPTIONS, OTHER_NAMES, check_argument, check_names


def test_the_options_are_those_of_requests():
    assert inspect.signature(HTTPRequest).parameters.keys() == OPTIONS
    assert not OPTIONS & OTHER_NAMES.keys()


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_what_they_are_called_exists(name):
    for ours in OTHER_NAMES[name].replace(" or ", ", ").replace(" and ", ", ").split(", "):
        assert ours in OPTIONS | {"raise_error"}


def test_names_of_requests():
    check_names(["method", "json"])
    with pytest.raises(
        TypeError, match="no option 'bogus', 'verify'; verify is called validate_cert"
    ):
        check_names(["verify", "bogus", "json"])


def test_arguments_of_clients():
    def client(**arguments):
        with pytest.raises(TypeError) as caught:
            (lambda max_clients: None)(**arguments)
        check_argument(caught.value)

    client(bogus=1)
    client()
    with pytest.raises(
        TypeError, match=r"^'headers' is an option of requests: .* defaults={\.\.\.}$"
    ):
        client(headers={})
    with pytest.raises(TypeError, match="; timeout is called request_timeout"):
        client(timeout=3)


@on_every_loop
async def test_where_they_are_said():
    async with AsyncHTTPClient(force_instance=True) as client:
        with pytest.raises(TypeError, match="'timeout'; timeout is called request_timeout"):
            client.get("http://localhost/", timeout=5)
        with pytest.raises(TypeError, match="'allow_redirects'; allow_redirects is called follow"):
            client.stream("GET", "http://localhost/", allow_redirects=False)
        with pytest.raises(TypeError, match=r"^params are"):
            client.get("http://localhost/", params=5)
    with pytest.raises(TypeError, match=r"'headers' is .* defaults="):
        AsyncHTTPClient(force_instance=True, headers={"A": "b"})
    with pytest.raises(TypeError, match="'bogus'"):
        AsyncHTTPClient(force_instance=True, bogus=1)
    with pytest.raises(TypeError, match="'timeout' of its requests; timeout is called request_"):
        AsyncHTTPClient(force_instance=True, defaults={"timeout": 5})


def test_without_a_loop():
    with (
        HTTPClient() as client,
        pytest.raises(TypeError, match="timeout is called request_timeout"),
    ):
        client.get("http://localhost/", timeout=5)
    with pytest.raises(TypeError, match="defaults="):
        HTTPClient(timeout=5)
