"""Requests for which a rule is to be found, or none."""

from tests.compare.cases import another, ask, differing, each
from tests.compare.differences import (
    BROKEN_ROUTER,
    END_OF_HOST,
    HEAD_BODIES,
    OTHER_HOST,
    PERCENT,
    REVERSED,
)

PATHS = """/a /b /a/ /ab /dot.html /dotxhtml /escaped.html /escapedxhtml /optional /optional/ /optional//
/anchored /anchored/ /either /or /either/x /eitherx /groups/12/x/abc /groups/12/y/ /groups/12/z/a /groups//x/a
/names/2024/some%20text /names/24/x /names/2024/a%2Fb /nothing/ /nothing/x /nothing/y /CASE /case /Case /url /spec/
/spec/a%20b%C3%BC /spec/%FF /percent%/x /percent%25/x /imported /plain/x /plain/ /matcher/x%20y /matcher/ /list/one
/list/two /list/three /to-spare/plain /to-spare/other /x.mine /told.mine /x/told.mine /other/x /other/
/other /only/plain /only/plain/x /none /%61 /a%00 /A"""
HOSTS = "one.example two.example default.example nested.example bare.example ONE.example one.example:8080 one-example"
LINKS = """groups&arg=1&arg=b names&arg=2024&arg=a%2Fb url spec&arg=a%20b%C3%BC spec&arg= matcher&arg=x host
nested none groups groups&arg=1 url&arg=1 names&arg=1&arg=2&arg=3"""

CASES = [
    *each(PATHS),
    *(
        ask(f"GET {path}", host=host)
        for host in HOSTS.split()
        for path in ("/host", "/a", "/by-default", "/nested", "/deep/x", "/none", "/other/x")
    ),
    ask("GET /by-default", "X-Real-Ip: 1.2.3.4"),
    *each(LINKS, "GET /links?name={}"),
    ask("GET /matched", "X-Kind: value"),
    ask("GET /a", "X-Kind: value"),
    ask("GET /matched", "X-Kind: a%20b"),
    ask("GET /matched", "X-Kind: \xff"),
    ask("POST /a", body="x=1"),
    ask("POST /x.mine", body="the body"),
    *another(200, HEAD_BODIES, ask("HEAD /plain/x")),
    *differing("body", OTHER_HOST, ask("GET /links?name=any&arg=/evil.example")),
    *differing(
        "body",
        END_OF_HOST,
        *(ask("GET /host", host=f"one.example{end}") for end in (".", ":", ".:80")),
    ),
    *differing("body", REVERSED, ask("GET /links?name=optional")),
    *another(500, REVERSED, ask("GET /links?name=class")),
    *another(500, BROKEN_ROUTER, ask("GET /fails.mine")),
    *another(200, PERCENT, ask("GET /links?name=percent&arg=x")),
    ask("POST /only/plain", body="text"),
    ask("POST /none", body="text"),
    ask("POST /none", host="bare.example", body="text"),
    ask("HEAD /none", host="bare.example"),
]
