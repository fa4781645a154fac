"""Whatever servers answer: a fetch ends, nothing stays open, and no secret goes astray."""

import functools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.httpclient.scripted import ScriptedAnswer, ScriptedEngine, conversation
from tests.ioloop.virtual import VirtualLoop
from tests.running import run_on
from tornadolike.httpclient.authentication import DigestAuth
from tornadolike.httpclient.failures import HTTPRefusedError, HTTPStreamClosedError
from tornadolike.httpclient.jars import BoundedJar
from tornadolike.httpclient.responses import HTTPClientError, HTTPResponse
from tornadolike.httpclient.retries import Retries

HOSTS = ["home.example", "HOME.example:80", "home.example:81", "evil.example", "home.example.evil"]
LOCATIONS = st.one_of(
    st.sampled_from(
        ["/x", "", "?y", "ftp://evil.example/", "//evil.example/z", "http:///", "/\x7f"]
    ),
    st.builds("{}://{}/".format, st.sampled_from(["http", "https"]), st.sampled_from(HOSTS)),
    st.text(st.characters(max_codepoint=255), max_size=12),
)


def redirect(status, location):
    answer = ScriptedAnswer(status)
    # As text that a lenient engine might let through.
    answer.headers._fields["Location"] = location
    return lambda hop: answer


def answer(status, *fields):
    return lambda hop: ScriptedAnswer(status, *fields)


def failure(kind):
    return lambda hop: kind("x")


STEPS = st.one_of(
    st.builds(redirect, st.sampled_from([301, 302, 303, 307, 308]), LOCATIONS),
    st.sampled_from(
        [
            answer(401, ("WWW-Authenticate", "Digest realm=r, nonce=n, qop=auth, stale=true")),
            answer(503, ("Retry-After", "1")),
            answer(200, ("Set-Cookie", "sid=secret")),
            answer(302, ("Set-Cookie", "sid=secret")),
            failure(HTTPRefusedError),
            failure(HTTPStreamClosedError),
        ]
    ),
)


@settings(max_examples=100)
@given(
    st.lists(STEPS, max_size=30),
    st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    st.integers(0, 6),
    st.booleans(),
)
def test_whatever_comes(steps, method, max_redirects, named):
    run_on(
        functools.partial(VirtualLoop, make_current=False),
        check(steps, method, max_redirects, named),
    )


async def check(steps, method, max_redirects, named):
    engine = ScriptedEngine(*steps, *[answer(200)] * 100)
    talk = conversation(
        engine,
        f"http://{'user:secret@' if named else ''}home.example/",
        jar=BoundedJar(),
        method=method,
        body=b"secret" if method in ("POST", "PUT") else None,
        max_redirects=max_redirects,
        headers={"Authorization": "secret", "Cookie": "own=secret"},
        cookies={"more": "secret"},
        auth=None if named else DigestAuth("user", "secret"),
        retries=Retries(3),
        request_timeout=0,
    )
    try:
        last = await talk.open()
    except HTTPClientError as error:
        last = None
        talk.failed(error)
    else:
        response = HTTPResponse(talk._plan.request, last.status, last.headers)
        talk.complete(response)
        assert len(response.history) <= max_redirects
    assert [given for given in engine.given if not given.closed] == ([last] if last else [])
    assert len(engine.hops) <= (max_redirects + 1) * 3 * 4
    left = False
    for hop in engine.hops:
        at_home = hop.address.origin == ("http", "home.example", 80)
        left = left or not at_home
        assert hop.headers["Host"] == hop.address.authority
        if left:
            assert "Authorization" not in hop.headers
            assert "own=" not in hop.headers.get("Cookie", "")
            assert "more=" not in hop.headers.get("Cookie", "")
        else:
            assert "own=secret" in hop.headers["Cookie"]
        assert (hop.body is None) == ("Content-Length" not in hop.headers)
