"""Where we and two other parsers part about responses, and why.

What a server says decides where a client cuts the answers to others apart (response splitting), so a new
difference fails the test. None is of the kind that hurts: what we accept, they read as we do, or refuse.
"""

from collections.abc import Callable, Sequence

import pytest

from tests.fuzz.http1_peers import Difference, Seen, Verdict, expected_of
from tests.fuzz.response_peers import PEERS, by_aiohttp, by_h11, by_llhttp, ours
from tests.fuzz.responses import CORPUS, Response
from tests.http1.transcripts.responses import RESPONSES

pytestmark = pytest.mark.once

DIFFERENCES = [
    # Ends
    Difference(
        "llhttp",
        "reads otherwise",
        "httptools cannot tell it that the connection has ended",
        {"until the end", "until the end, and nothing", "HTTP/1.0 until the end"},
    ),
    Difference(
        "llhttp",
        "waits",
        "httptools cannot tell it that the connection has ended",
        {
            "length that is not reached",
            "chunks that break off",
            "chunks without the last",
            "a head that breaks off",
            "until the end, then another",
        },
    ),
    Difference(
        "llhttp",
        "accepts",
        "httptools cannot tell it that the connection has ended",
        {"nothing at all", "only 100, and the end"},
    ),
    Difference(
        "llhttp",
        "reads otherwise",
        "httptools cannot tell it what was asked: HEAD, CONNECT, or two requests",
        {
            "to HEAD",
            "to HEAD, in chunks",
            "to HEAD, without length",
            "to HEAD, with a body",
            "to HEAD, then to GET",
            "2xx to CONNECT",
            "2xx to CONNECT, with a length",
            "only 100",
            "one, and two were asked for",
        },
    ),
    Difference(
        "llhttp",
        "accepts",
        "httptools cannot tell it what was asked: one request",
        {"two, and one was asked for"},
    ),
    Difference(
        "h11",
        "accepts",
        "behind the last response it leaves alone what comes; we say that an answer is missing",
        {"the last, then another", "HTTP/1.0, then another", "until the end, then another"},
    ),
    # Status lines
    Difference(
        "h11 llhttp",
        "accepts",
        "it leaves the version to its user",
        {"line HTTP/2.0 200 OK", "line HTTP/0.9 200 OK"},
    ),
    Difference(
        "llhttp",
        "refuses",
        "a higher minor version is read as the highest known (RFC 9110 section 2.5)",
        {"line HTTP/1.2 200 OK", "line HTTP/1.9 200 OK"},
    ),
    Difference(
        "llhttp",
        "accepts",
        "a status has three digits, and begins with one of its classes (RFC 9110 section 15)",
        {"line HTTP/1.1 099 x", "line HTTP/1.1 000 x"},
    ),
    Difference("h11 llhttp", "accepts", "no DEL in a reason", {r"line HTTP/1.1 200 O\x7fK"}),
    Difference("llhttp", "accepts", "no NUL in a reason", {r"line HTTP/1.1 200 O\x00K"}),
    Difference(
        "llhttp",
        "accepts",
        "empty lines are passed over before requests only (section 2.2)",
        {"two empty lines before", "a line break behind it"},
    ),
    # Framing
    Difference(
        "h11 llhttp",
        "accepts",
        "chunks have no place in HTTP/1.0 (section 6.1: treat the framing as faulty)",
        {"HTTP/1.0 in chunks"},
    ),
    Difference(
        "h11 llhttp",
        "accepts",
        "1xx and 204 have no such fields (RFC 9110 section 8.6, RFC 9112 section 6.1): who sends them may "
        "also send the body",
        {"204 with a length", "204 in chunks", "100 with a length", "100 in chunks"},
    ),
    Difference(
        "h11",
        "accepts",
        "it lets the coding win over the length, as section 6.3 allows; we refuse",
        {"length and chunks", "chunks and length"},
    ),
    Difference(
        "llhttp",
        "refuses",
        "equal lengths are one (RFC 9110 section 8.6): servers behind old intermediaries send them",
        {r"length 5,5", r"length 5, 5", r"length 5\r\nContent-Length: 5"},
    ),
    Difference(
        "llhttp",
        "accepts",
        "it leaves other codings before chunked to its user; we know none",
        {
            "coding gzip, chunked",
            "coding identity, chunked",
            "coding chunked, chunked",
            "coding ,chunked",
        },
    ),
    Difference(
        "llhttp",
        "waits",
        "where chunked is not the last coding it reads until the end, as section 6.3 has it; we would not "
        "know how to read that, and refuse at once",
        {
            "coding chunked, gzip",
            "coding identity",
            "coding gzip",
            "coding chunked,",
            "coding xchunked",
            "coding chunked;x",
            'coding "chunked"',
            r"coding chunked\r\nTransfer-Encoding: x",
        },
    ),
    Difference(
        "h11",
        "waits",
        "it leaves the size of a body to its user",
        {"length 18446744073709551621", "size of sixty four bits"},
    ),
    Difference(
        "llhttp", "waits", "it leaves the size of a body to its user", {"size of sixty four bits"}
    ),
    # Lines, fields and chunks: as with requests
    Difference(
        "h11",
        "accepts",
        "LF is no line break, since others do not take it for one",
        {
            r"field \nX: y",
            "lines end in LF",
            "head ends in LF LF",
            "body ends in LF",
        },
    ),
    Difference(
        "h11",
        "waits",
        "bare CR is refused when it comes",
        {"lines end in CR", "body ends in CR"},
    ),
    Difference(
        "h11",
        "accepts",
        "no folded lines (section 5.2)",
        {r"field X: y\r\n z", "folded trailer", r"coding \r\n chunked"},
    ),
    Difference("h11", "accepts", "no control characters in values", {r"field X: \x7f"}),
    Difference(
        "h11",
        "accepts",
        "no framing in trailers (RFC 9110 section 6.5.1)",
        {"length in a trailer", "coding in a trailer"},
    ),
    Difference(
        "llhttp",
        "accepts",
        "no framing in trailers (RFC 9110 section 6.5.1)",
        {"coding in a trailer"},
    ),
    Difference(
        "h11 llhttp",
        "accepts",
        "a size has at most fifteen digits",
        {"size of sixteen digits"},
    ),
    Difference("h11", "accepts", "no white space behind a size", {"space behind a size"}),
    Difference("h11", "accepts", "extensions have a grammar", {"CR in an extension"}),
    Difference(
        "h11 llhttp",
        "refuses",
        "section 7.1.1 has bad white space around the parts of an extension, to be passed over",
        {"space before an extension"},
    ),
    Difference("h11", "refuses", "it wants to have asked for another protocol", {"101"}),
]


@pytest.mark.parametrize("peer", PEERS)
def test_every_difference_has_its_reason(peer: str) -> None:
    found = {
        response.name: difference
        for response in CORPUS
        if (difference := ours(response).differs_from(PEERS[peer](response)))
    }
    assert found == expected_of(DIFFERENCES, peer)


ALL_PEERS: list[Callable[[Response], Verdict]] = [by_h11, by_llhttp, by_aiohttp]


def may_be_told(peer: Callable[[Response], Verdict], asked: tuple[str, ...]) -> bool:
    """Whether a peer can be told what was asked."""
    if peer is by_llhttp:
        return not {"HEAD", "CONNECT"}.intersection(asked)
    if peer is by_aiohttp:
        return asked == ("HEAD",) or (asked != () and not {"HEAD", "CONNECT"}.intersection(asked))
    return True


@pytest.mark.parametrize("peer", ALL_PEERS)
def test_nothing_we_accept_is_read_otherwise(peer: Callable[[Response], Verdict]) -> None:
    """None of them sees another response, or another body, in what we take for good."""
    transcripts = [Response(case.name, case.data, case.methods, case.eof) for case in RESPONSES]
    for response in CORPUS + transcripts:
        if not may_be_told(peer, response.asked):
            continue
        mine = ours(response).messages
        theirs = peer(response).messages[: len(mine)]
        assert in_bytes(theirs) == in_bytes(mine[: len(theirs)]), response


def in_bytes(messages: Sequence[Seen]) -> list[tuple[str, bytes, bytes]]:
    """Without what is beyond ASCII in a reason, which each decodes in its own way."""
    return [(status, reason.encode("ascii", "replace"), body) for status, reason, body in messages]
