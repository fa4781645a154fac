"""Where we and two other parsers part, on every transcript, and why.

Two parsers in one chain that read the same bytes otherwise are what smuggling is made of. So each difference
stands in :data:`DIFFERENCES` with its reason, and a new one fails the test. None of them is of the kind that
hurts: what we accept, they read as we do, or refuse.

``h11`` is the parser of uvicorn and httpx, ``llhttp`` that of node (through httptools).
"""

import pytest

from tests.fuzz.http1_peers import PEERS, Difference, expected_of, ours
from tests.http1.transcripts import CASES

pytestmark = pytest.mark.once


def refused(section: str, *but: str) -> set[str]:
    """The transcripts of a section that we refuse."""
    names = {case.name for case in CASES if case.section == section and case.expected.status}
    assert names >= set(but)
    return names - set(but)


STRICTER = [
    Difference(
        "h11",
        "accepts",
        "RFC 9112 section 2.2 lets a recipient end a line at a bare LF; we do not, since others do not",
        {
            "lines end in LF",
            "line ends in LF",
            "head ends in LF LF",
            "head ends in CR LF LF",
            "head ends in LF CR LF",
            "coding behind a bare LF",
            "LF in a trailer",
            "body ends in LF",
        },
    ),
    Difference(
        "h11",
        "waits",
        "bare CR and LF are refused when they come, not when the head is whole",
        {"lines end in CR", "a second line behind LF", "body ends in CR CR"},
    ),
    Difference(
        "llhttp",
        "accepts",
        "it takes any number of CR and LF before a request; we take four empty lines",
        {
            "five empty lines before",
            "five empty lines between",
            "empty line of LF before",
            "empty line of CR CR LF before",
            "good, then LF",
            "LF behind a body that ends in CR",
        },
    ),
    Difference(
        "h11",
        "waits",
        "a request line is judged when it is whole, not when the head is",
        {
            "SSH hello",
            "PROXY protocol",
            "HTTP/0.9, unfinished",
            "endless method",
            "chunks, then a stray chunk",
        },
    ),
    Difference(
        "llhttp",
        "accepts",
        "HTTP/0.9 is dead: 'GET /' alone is no request",
        {"no version", "HTTP/0.9", "LF in the target"},
    ),
    Difference(
        "llhttp", "waits", "HTTP/0.9 is dead: 'GET /' alone is no request", {"HTTP/0.9, unfinished"}
    ),
    Difference(
        "llhttp",
        "accepts",
        "there is one space between the words of a request line (section 3)",
        {"two spaces behind the method", "two spaces before the version"},
    ),
    Difference("h11", "accepts", "methods have a limit", {"method of 33 bytes"}),
    Difference(
        "h11",
        "accepts",
        "it leaves the form of a target to its user",
        {
            "fragment",
            "path without slash",
            "query without path",
            "backslash for slash",
            *refused("3.2.3"),
            *refused("3.2.4"),
        },
    ),
    Difference(
        "llhttp",
        "accepts",
        "it leaves the form of a target to its user",
        {"fragment", *refused("3.2.3", "authority for GET"), *refused("3.2.4")},
    ),
    Difference(
        "h11",
        "accepts",
        "it leaves the version to its user",
        {"HTTP/2.0", "HTTP/0.9 by name", "HTTP/9.9", "preface of HTTP/2", "good, then HTTP/2"},
    ),
    Difference(
        "llhttp",
        "accepts",
        "it has rules for the other versions; we answer 505",
        {"HTTP/2.0", "HTTP/0.9 by name"},
    ),
    Difference(
        "h11",
        "accepts",
        "it counts Hosts but does not look into them",
        {
            *refused(
                "3.2",
                "no Host",
                "no Host among others",
                "two Hosts",
                "the same Host twice",
                "two Hosts in HTTP/1.0",
                "one Host empty",
            ),
            *refused("3.2.2", "URL but no Host", "URL and two Hosts", "URL with host beyond ASCII"),
        },
    ),
    Difference(
        "llhttp",
        "accepts",
        "it does not look at Host, and little at the host of a URL",
        {
            *refused("3.2"),
            *refused(
                "3.2.2",
                "URL with script for a host",
                "URL with backslash",
                "URL with host beyond ASCII",
                "one slash",
                "no slash",
                "no scheme",
                "javascript",
            ),
            "good, then no Host",
        },
    ),
    Difference(
        "h11",
        "accepts",
        "folded lines are refused (section 5.2), at the beginning and anywhere",
        {
            "space before the name",
            "tab before the name",
            "folded line",
            "folded by a tab",
            "folded, and nothing in it",
            "folded trailer",
            "length with space before the name",
            "space before a coding's name",
            "coding in a folded line",
        },
    ),
    Difference(
        "h11",
        "waits",
        "folded lines are refused (section 5.2), at the beginning and anywhere",
        {"folded framing"},
    ),
    Difference(
        "h11",
        "accepts",
        "no control characters in values (RFC 9110 section 5.5)",
        {"backspace in the value", "escape in the value", "DEL in the value"},
    ),
    Difference(
        "h11",
        "accepts",
        "equal lengths are still two (RFC 9110 section 8.6 leaves the choice)",
        {
            "list of equal lengths",
            "the same length twice",
            "the same length in other case",
        },
    ),
    Difference(
        "h11",
        "waits",
        "it leaves the size of a body to its user",
        {
            "length beyond 63 bits",
            "length beyond 64 bits",
            "length over the limit",
            "good, then too long",
            "size of sixty-four bits",
            "size that wraps to five",
            "size over the limit",
            "sizes over the limit together",
        },
    ),
    Difference(
        "llhttp",
        "waits",
        "it leaves the size of a body to its user",
        {
            "length beyond 63 bits",
            "length over the limit",
            "good, then too long",
            "size of sixty-four bits",
            "size over the limit",
            "sizes over the limit together",
        },
    ),
    Difference(
        "h11 llhttp",
        "accepts",
        "chunks have no place in HTTP/1.0 (section 6.1: treat the framing as faulty)",
        {"HTTP/1.0 in chunks"},
    ),
    Difference(
        "h11",
        "accepts",
        "it lets the coding win over the length, as section 6.3 allows; we refuse, as it allows too",
        {
            "length and chunked",
            "chunked and length",
            "chunked and length of nothing",
            "both lengths",
        },
    ),
    Difference(
        "llhttp",
        "accepts",
        "it leaves other codings before chunked to its user; we know none",
        {
            "comma and chunked",
            "no coding at all, then chunked",
            "gzip, chunked",
            "gzip and chunked in two lines",
            "identity, chunked",
            "unknown, chunked",
            "coding with parameter, chunked",
        },
    ),
    Difference(
        "h11",
        "accepts",
        "no white space behind a size: the grammar of section 7.1 has none",
        {"space behind the size", "tab behind the size"},
    ),
    Difference(
        "h11 llhttp", "accepts", "a size has at most fifteen digits", {"size of sixteen digits"}
    ),
    Difference(
        "h11",
        "accepts",
        "it takes anything but line breaks for an extension",
        refused(
            "7.1.1",
            "no semicolon",
            "LF in an extension",
            "LF in a quoted value",
            "line break in a quoted value",
            "escaped LF in a quoted value",
            "last chunk hidden in an extension",
        ),
    ),
    Difference(
        "llhttp",
        "accepts",
        "extensions have a grammar (section 7.1.1)",
        {"extension without name, with value", "extension without value", "two semicolons"},
    ),
    Difference(
        "h11",
        "accepts",
        "no framing or routing in trailers (RFC 9110 section 6.5.1)",
        {"length in a trailer", "coding in a trailer", "Host in a trailer"},
    ),
    Difference(
        "llhttp",
        "accepts",
        "no framing or routing in trailers (RFC 9110 section 6.5.1)",
        {"Host in a trailer"},
    ),
]

LAXER = [
    Difference(
        "h11",
        "refuses",
        "section 2.2 wants an empty line before a request passed over",
        {
            "an empty line before",
            "four empty lines before",
            "empty lines between",
            "four empty lines behind each of five",
            "nothing but empty lines",
            "nothing but CR",
        },
    ),
    Difference(
        "llhttp",
        "reads otherwise",
        "we remember that half a line break has come: what follows must be LF",
        {"nothing but CR"},
    ),
    Difference(
        "llhttp",
        "refuses",
        "it has a list of methods; any token is one (RFC 9110 section 9.1), of which the site tells 405",
        {
            "every token character",
            "methods have case",
            "unknown method",
            "method of 32 bytes",
        },
    ),
    Difference(
        "h11 llhttp",
        "refuses",
        "clients send targets beyond ASCII; they say nothing about framing, and nginx, Go and Tornado "
        "take them",
        {"bare UTF-8", "bare C1 control"},
    ),
    Difference(
        "llhttp",
        "refuses",
        "a higher minor version is served as the highest known (RFC 9110 section 2.5)",
        {"HTTP/1.2 is 1.1", "HTTP/1.9 is 1.1"},
    ),
    Difference(
        "llhttp",
        "refuses",
        "white space around a value is not part of it (section 5.1)",
        {"chunked with spaces around"},
    ),
    Difference(
        "h11 llhttp",
        "refuses",
        "section 7.1.1 has bad white space around the parts of an extension, to be passed over",
        {"spaces around everything"},
    ),
    Difference(
        "llhttp",
        "refuses",
        "it looks at Connection itself, and takes no bytes behind the last request; our reader leaves "
        "that to the connection, which closes",
        {"HTTP/1.0, then 1.1"},
    ),
]

DIFFERENCES = STRICTER + LAXER


@pytest.mark.parametrize("peer", PEERS)
def test_every_difference_has_its_reason(peer: str) -> None:
    found = {
        case.name: difference
        for case in CASES
        if (difference := ours(case.data).differs_from(PEERS[peer](case.data)))
    }
    assert found == expected_of(DIFFERENCES, peer)
