"""Which headers somebody has looked at."""

import copy
import pickle

from tornadolike.caching.watching import ALL, WatchedHeaders
from tornadolike.httputil import HTTPHeaders


def test_every_way_of_looking_is_seen():
    looks = {
        "X-One": [
            lambda headers: headers.get("x-one"),
            lambda headers: headers["x-ONE"],
            lambda headers: headers.get_list("X-One"),
            lambda headers: "x-one" in headers,
            lambda headers: headers.setdefault("X-One", "1"),
            lambda headers: headers.pop("X-One", None),
        ],
        "X-None": [
            lambda headers: headers.get("x-none", "default"),
            lambda headers: "x-none" in headers,
            lambda headers: headers.get_list("x-none"),
        ],
        ALL: [
            lambda headers: list(headers),
            lambda headers: list(headers.items()),
            lambda headers: list(headers.get_all()),
            lambda headers: dict(headers),
            lambda headers: str(headers),
            lambda headers: repr(headers),
            lambda headers: len(headers),
            lambda headers: bool(headers),
            lambda headers: headers == {},
            lambda headers: headers.copy(),
            lambda headers: copy.copy(headers),
            lambda headers: copy.deepcopy(headers),
            lambda headers: pickle.dumps(headers),
            lambda headers: HTTPHeaders(headers),
            lambda headers: HTTPHeaders().update(headers),
        ],
    }
    for name, ways in looks.items():
        for number, look in enumerate(ways):
            watched = WatchedHeaders.over(HTTPHeaders({"X-One": "1", "X-Two": "2"}))
            look(watched)
            assert name in watched.looked_at, (name, number)
            if name != ALL:
                assert watched.looked_at == {name}, (name, number)


def test_they_are_the_same_headers():
    headers = HTTPHeaders({"X-One": "1"})
    watched = WatchedHeaders.over(headers)
    watched["X-Two"] = "2"
    assert headers["X-Two"] == watched["X-Two"] == "2"
    for copied in (watched.copy(), pickle.loads(pickle.dumps(watched)), copy.deepcopy(watched)):
        assert type(copied) is HTTPHeaders
        assert copied == headers
