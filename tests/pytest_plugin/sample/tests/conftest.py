import pytest
from guestbook import Guestbook


@pytest.fixture
def app():
    return Guestbook()


@pytest.fixture
def http_client_options():
    return {"cookies": True}


@pytest.fixture
async def ann(http_client):
    """A visitor who has logged in."""
    await http_client.fetch("/login", method="POST", body="name=ann")
    return http_client
