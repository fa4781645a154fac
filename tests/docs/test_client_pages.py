"""The pages of the HTTP client name what there is: each public name, option, argument and attribute."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tornadolike import httpclient
from tornadolike.curl_httpclient import CurlAsyncHTTPClient
from tornadolike.httpclient import (
    AsyncHTTPClient,
    HTTPRequest,
    HTTPResponse,
    StreamedResponse,
    Trace,
    failures,
)
from tornadolike.httpclient.downloading import download
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient

DOCS = Path(__file__).parents[2] / "docs"
INDEX = (DOCS / "index.rst").read_text()
NAMES = INDEX.partition(":caption: The HTTP client\n")[2].partition("\n\n.. toctree")[0].split()
PAGES = {name: (DOCS / f"{name}.rst").read_text() for name in NAMES}


def named(text: str) -> set[str]:
    """The words that stand in code in the text of a page, or in an example."""
    prose = re.findall(r"``(.+?)``", text, re.DOTALL)
    blocks = re.findall(r"^\.\. code-block:: \w+\n\n((?:   .*\n|\n)+)", text, re.MULTILINE)
    return set(re.findall(r"\w+", " ".join(prose + blocks)))


ALL = named("".join(PAGES.values()))


def arguments(taker: Any) -> set[str]:
    return set(inspect.signature(taker).parameters) - {"self"}


def public(owner: Any) -> set[str]:
    return {name for name in dir(owner) if not name.startswith("_")}


def test_the_public_names() -> None:
    assert set(httpclient.__all__) - ALL == set()


def test_the_options_of_requests() -> None:
    on_its_page = named(PAGES["http-client"])
    assert arguments(HTTPRequest) - on_its_page - {"url"} == {"use_gzip"}  # the old name of another


@pytest.mark.parametrize(
    ("page", "client"),
    [
        ("http-client", AsyncHTTPClient),
        ("client-connections", SimpleAsyncHTTPClient),
        ("curl-client", CurlAsyncHTTPClient),
    ],
)
def test_the_arguments_of_clients(page: str, client: type[AsyncHTTPClient]) -> None:
    assert arguments(client.initialize) - named(PAGES[page]) - {"options", "defaults"} == set()


@pytest.mark.parametrize(
    "owner", [HTTPResponse(HTTPRequest("http://example.com/"), 200), StreamedResponse, Trace]
)
def test_what_objects_have(owner: Any) -> None:
    assert public(owner) - ALL == set()


def test_what_a_download_can_be_told() -> None:
    assert arguments(download) - named(PAGES["client-bodies"]) == set()


def test_the_tree() -> None:
    """It stands on the page as it stands in the module."""
    assert failures.__doc__
    tree = re.findall(r"^.*[├└]── .*$", failures.__doc__, re.MULTILINE)
    assert len(tree) > 5
    assert [line.strip() for line in tree] == [
        line.strip() for line in re.findall(r"^.*[├└]── .*$", PAGES["http-client"], re.MULTILINE)
    ]
