"""Who answers, within which middleware: applications of all kinds of rules beside a model that tries each in turn.

The model knows what the docs say, and nothing of tables, trees, shortcuts and delegates: it has a tree of parts, tries
them in their order, and the first that takes the request counts.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.helpers import FakeConnection
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.ioloop import run
from tornadolike.routing import AnyMatches, HostMatches, PathMatches, Rule
from tornadolike.web import (
    Application,
    Blueprint,
    HeaderVersions,
    Mount,
    RequestHandler,
    route,
)

VERSIONS = HeaderVersions("V", default=1)
entered: list[str] = []
left: list[str] = []


class Around:
    """Middleware that tells when it is entered and left."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(
        self, handler: RequestHandler, call_next: Callable[[Any], Awaitable[None]]
    ) -> None:
        entered.append(self.name)
        try:
            await call_next(handler)
        finally:
            left.append(self.name)


def around(names: Iterable[str]) -> list[Around]:
    return [Around(name) for name in names]


@dataclass(frozen=True)
class Asked:
    """What of a request counts."""

    path: str
    host: str
    method: str
    version: str


@dataclass
class Passed:
    """What has been passed over on the way."""

    methods: list[str] = field(default_factory=list)
    is_version: bool = False
    names: list[str] | None = None
    """The middleware around the first of it."""


@dataclass(frozen=True)
class Found:
    """What answers, within what."""

    names: list[str]
    status: int
    body: str = ""
    """What the handler says, or the methods that there are, or where to go."""


@dataclass(frozen=True)
class Leaf:
    """A rule for a handler."""

    number: int
    path: str
    is_typed: bool
    names: list[str]
    methods: list[str] | None = None
    version: str | None = None

    def find(self, asked: Asked, passed: Passed, prefix: str = "") -> Found | None:
        path = prefix + self.path
        match = re.fullmatch(in_regex(path) if self.is_typed else path, asked.path)
        if match is None:
            return None
        if self.version is not None and self.version != asked.version:
            passed.is_version = True
        elif self.methods is not None and asked.method not in self.methods:
            passed.methods += self.methods
        else:
            named = {
                name: int(text) if name == "i" else unquote(text)
                for name, text in match.groupdict().items()
            }
            values = [[] if named else [unquote(text) for text in match.groups()], named]
            return Found(self.names, 200, json.dumps([self.number, *values]))
        if passed.names is None:
            passed.names = self.names
        return None


@dataclass(frozen=True)
class Branch:
    """Rules behind a rule, or the rules of a blueprint."""

    parts: "list[Part]"
    names: list[str]
    prefix: str = ""
    host: str | None = None
    is_blueprint: bool = False

    def find(self, asked: Asked, passed: Passed, prefix: str = "") -> Found | None:
        if self.host is not None and not re.fullmatch(self.host, asked.host):
            return None
        if not self.is_blueprint and not asked.path.startswith(self.prefix):
            return None
        before = passed.names
        found = first(self.parts, asked, passed, prefix + self.prefix if self.is_blueprint else "")
        if before is None and passed.names is not None:
            passed.names = self.names + passed.names
        return found and Found(self.names + found.names, found.status, found.body)


@dataclass(frozen=True)
class Site:
    """An application, and where it is mounted."""

    parts: "list[Part]"
    names: list[str]
    """The middleware of the application."""
    prefix: str = ""
    mount_names: list[str] = field(default_factory=list)

    def find(self, asked: Asked, passed: Passed, prefix: str = "") -> Found | None:
        if not (asked.path + "/").startswith(self.prefix + "/"):
            return None
        if asked.path == self.prefix:
            return Found(self.mount_names, 307)
        inner = Asked(asked.path[len(self.prefix) :], asked.host, asked.method, asked.version)
        found = self.answer(inner, passed)
        return Found(self.mount_names + found.names, found.status, found.body)

    def answer(self, asked: Asked, passed: Passed) -> Found:
        # Rules for hosts come first, as add_handlers() has them; of blueprints too.
        parts = sorted(self.parts, key=lambda part: not is_for_hosts(part))
        found = first(parts, asked, passed, "")
        if found is None and passed.names is None:
            return Found(self.names, 404)
        if found is None:
            allow = ", ".join(dict.fromkeys(passed.methods))
            found = Found(passed.names or [], 405 if allow else 406, allow)
        return Found(self.names + found.names, found.status, found.body)


Part = Leaf | Branch | Site


def is_for_hosts(part: Part) -> bool:
    return isinstance(part, Branch) and part.is_blueprint and part.host is not None


def first(parts: "list[Part]", asked: Asked, passed: Passed, prefix: str) -> Found | None:
    for part in parts:
        found = part.find(asked, passed, prefix)
        if found is not None:
            return found
    return None


def in_regex(path: str) -> str:
    for kind, regex in ((":int", "[0-9]+"), (":path", ".*"), ("", "[^/]+")):
        path = re.sub(rf"\{{(\w+){kind}\}}", rf"(?P<\1>{regex})", path)
    return path


class Says(RequestHandler):
    """Says its number and what the path has for it."""

    def initialize(self, number: int) -> None:
        self.number = number

    def get(self, *args: Any, **kwargs: Any) -> None:
        self.write(json.dumps([self.number, args, kwargs]))

    head = post = delete = get


# The same for tornadolike


def made(part: Part) -> Any:
    """The rule for a part that is in no blueprint."""
    if isinstance(part, Site):
        return Mount(part.prefix, application(part), middleware=around(part.mount_names))
    if isinstance(part, Branch):
        matcher: Any = AnyMatches()
        if part.host is not None:
            matcher = HostMatches(part.host)
        elif part.prefix:
            matcher = PathMatches(re.escape(part.prefix) + ".*")
        return Rule(matcher, [made(inner) for inner in part.parts], middleware=around(part.names))
    if not part.is_typed:
        return Rule(part.path, Says, {"number": part.number}, middleware=around(part.names))
    version = None if part.version is None else VERSIONS(part.version)
    return route(
        part.path,
        Says,
        {"number": part.number},
        middleware=around(part.names),
        methods=part.methods,
        version=version,
    )


def blueprint(branch: Branch) -> Blueprint:
    new = Blueprint("", branch.prefix, host=branch.host, middleware=around(branch.names))
    for part in branch.parts:
        if isinstance(part, Branch):
            new.add_blueprint(blueprint(part))
            continue
        assert isinstance(part, Leaf)
        version = None if part.version is None else VERSIONS(part.version)
        new.add(
            part.path,
            Says,
            {"number": part.number},
            middleware=around(part.names),
            methods=part.methods,
            version=version,
        )
    return new


def application(site: Site) -> Application:
    new = Application(middleware=around(site.names), log_function=lambda handler: None)
    for part in site.parts:
        if isinstance(part, Branch) and part.is_blueprint:
            new.add_blueprint(blueprint(part))
        else:
            new.wildcard_router.add_rules([made(part)])
    return new


# Trees

SEGMENTS = ["a", "b", "{x}", "{y}", "{i:int}", "7", ""]
NAMES = st.lists(st.sampled_from("mnop"), max_size=2)
HOSTS = st.sampled_from([None, None, "one", "t.*"])
PREFIXES = st.sampled_from(["/a", "/b", "/a/b", "/7"])
TYPED = (
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3, unique=True)
    .map(lambda segments: "/" + "/".join(segments))
    .filter(lambda path: "//" not in path)
)
REGEX = st.sampled_from(
    ["/a", "/a/?", "/.*", "/([ab])", "/a/(.*)", "/([^/]+)/([0-9]+)", "/(?:7|b)"]
)


def leaves(*, any_kind: bool) -> st.SearchStrategy[Leaf]:
    typed = st.builds(
        Leaf,
        st.integers(0, 99),
        st.one_of(TYPED, TYPED.map(lambda path: f"{path.rstrip('/')}/{{rest:path}}")),
        st.just(True),
        NAMES,
        st.sampled_from([None, ["GET"], ["POST", "HEAD"], ["DELETE"]]),
        st.sampled_from([None, None, "1", "2"]),
    )
    classic = st.builds(Leaf, st.integers(100, 199), REGEX, st.just(False), NAMES)
    return st.one_of(typed, classic) if any_kind else typed


def groups(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Branch]:
    return st.builds(
        Branch,
        st.lists(parts, max_size=4),
        NAMES,
        st.sampled_from(["", "/a", "/7"]),
        st.none(),
        st.just(True),
    )


def branches(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Branch]:
    return st.builds(
        lambda parts, names, prefix, host: Branch(parts, names, "" if host else prefix, host),
        st.lists(parts, max_size=4),
        NAMES,
        st.sampled_from(["", "/a", "/b/"]),
        HOSTS,
    )


def outermost(group: Branch, prefix: str, host: str | None) -> Branch:
    return Branch(group.parts, group.names, prefix, host, True)


LEAVES = leaves(any_kind=True)
GROUPS = st.builds(
    outermost,
    st.recursive(groups(leaves(any_kind=False)), groups, max_leaves=4),
    st.sampled_from(["", "/a", "/b/{g}"]),
    HOSTS,
)


def sites(inner: st.SearchStrategy[Any] | None, prefixes: st.SearchStrategy[str]) -> Any:
    kinds = [LEAVES, LEAVES, *([inner] if inner is not None else [])]
    rules = st.recursive(st.one_of(kinds), branches, max_leaves=5)
    return st.builds(
        Site, st.lists(st.one_of(rules, rules, GROUPS), max_size=5), NAMES, prefixes, NAMES
    )


MOUNTED = sites(sites(None, PREFIXES), PREFIXES)
PATHS = st.lists(
    st.sampled_from(["a", "b", "7", "12", "zz", "%2F", ""]), min_size=1, max_size=5
).map(lambda segments: "/" + "/".join(segments))
ASKED = st.builds(
    Asked,
    PATHS,
    st.sampled_from(["one", "two"]),
    st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "DELETE"]),
    st.sampled_from(["1", "1", "2"]),
)


async def answered(answer: Callable[[HTTPServerRequest], object], asked: Asked) -> Found:
    connection: Any = FakeConnection()
    headers = HTTPHeaders({"Host": asked.host, "V": asked.version})
    entered.clear()
    left.clear()
    answer(HTTPServerRequest(asked.method, asked.path, "HTTP/1.1", headers, connection=connection))
    while not connection.whole:  # middleware is a coroutine, which another one cannot start at once
        await asyncio.sleep(0)
    assert left == entered[::-1]
    body = connection.body.decode()
    if connection.status != 200:
        body = "" if connection.headers is None else connection.headers.get("Allow", "")
    return Found(list(entered), connection.status, body)


@settings(max_examples=50)
@given(site=sites(MOUNTED, st.just("")), asked=st.lists(ASKED, min_size=1, max_size=8))
def test_the_first_that_takes_it_answers_within_all_around_it(
    site: Site, asked: list[Asked]
) -> None:
    app = application(site)

    def in_pieces(request: HTTPServerRequest) -> None:
        delegate = app.find_handler(request)
        delegate.execute()  # type: ignore[attr-defined]

    async def main() -> None:
        for asks in [*asked, *asked]:  # also what is kept by then
            expected = site.answer(asks, Passed())
            for answer in (app, in_pieces):
                assert await answered(answer, asks) == expected, asks

    run(main())
