"""What other parsers make of the attacks by which requests are smuggled (:mod:`tests.wire.attacks`).

Each family in which one of them differs from us stands here with its reason. Whatever we accept they read as
we do, or refuse: in a chain with one of them nothing can be smuggled past us, or by us past them.
"""

from collections.abc import Callable, Sequence

import pytest

from tests.fuzz.http1_peers import PEERS, Seen, Verdict, by_aiohttp, ours
from tests.http1.transcripts import CASES
from tests.wire.attacks import FAMILIES

pytestmark = pytest.mark.once

ACCEPTED = {
    "h11": {
        "two ways to tell a length": "it lets the coding win over the length, and chunks into HTTP/1.0",
        "TE.TE: a coding that some do not see": "it takes folded lines, and LF for a line break",
        "TE.TE, without a length": "it takes folded lines, and LF for a line break",
        "lengths that are none": "it takes folded lines, and a list of equal lengths for one",
        "several lengths": "it takes equal lengths for one",
        "0.CL: a length that some do not see": "it takes folded lines, and LF for a line break",
        "line breaks that are none": "it takes LF for a line break; and leaves Host to its user",
        "sizes of chunks": "white space behind a size, and more than fifteen digits",
        "extensions of chunks": "it takes anything but LF for an extension",
        "extensions of the last chunk": "it takes anything but LF for an extension",
        "chunks that two read otherwise": "it takes anything for a trailer, and folded ones",
        "who is asked": "it leaves Host and the form of a target to its user",
        "request lines": "it leaves the version to its user; LF; methods of any length",
        "header lines": "it takes folded lines, LF, and some control characters in values",
        "limits": "it limits a head only in all, and only one that does not come at once",
        "expectations": "it takes folded lines",
        "other protocols": "it leaves the version to its user, and reads the preface of HTTP/2 as 1.1",
    },
    "llhttp": {
        "two ways to tell a length": "it takes chunks in HTTP/1.0",
        "TE.TE, without a length": "it does not look at other codings before chunked, if there are any",
        "codings that we do not have": "it leaves other codings before chunked to its user",
        "line breaks that are none": "it does not look at Host",
        "sizes of chunks": "more than fifteen digits",
        "extensions of chunks": "an extension without a name, or without its value",
        "extensions of the last chunk": "an extension without a name, or without its value",
        "chunks that two read otherwise": "it takes Host in a trailer",
        "who is asked": "it does not look at Host, and little at the target",
        "request lines": "HTTP/0.9 and 2.0, several spaces, any number of empty lines",
        "limits": "it leaves them to its user",
    },
}

WAITING = {
    "h11": {
        "lengths that wrap": "it leaves the size of a body to its user",
        "sizes of chunks": "it leaves the size of a body to its user",
        "limits": "it leaves the size of a body to its user",
    },
    "llhttp": {
        "lengths that wrap": "it leaves the size of a body to its user",
        "sizes of chunks": "it leaves the size of a body to its user",
        "limits": "it leaves the size of a body to its user",
    },
}

REFUSED = {
    "h11": {},
    "llhttp": {
        "CL.0 and TE.0: bodies where some expect none": "it has a list of methods, in capitals",
        "request lines": "it has a list of versions; HTTP/1.2 is served as 1.1 (RFC 9110 section 2.5)",
    },
}


@pytest.mark.parametrize("peer", PEERS)
def test_every_difference_has_its_reason(peer: str) -> None:
    found: dict[str, set[str]] = {}
    for family in FAMILIES:
        for attack in family.attacks:
            difference = ours(attack.data).differs_from(PEERS[peer](attack.data))
            if difference:
                found.setdefault(difference, set()).add(family.name)
    reasons = {"accepts": ACCEPTED, "waits": WAITING, "refuses": REFUSED}
    expected = {does: set(table[peer]) for does, table in reasons.items() if table[peer]}
    assert found == expected


def in_capitals(messages: Sequence[Seen]) -> list[Seen]:
    return [(method.upper(), target, body) for method, target, body in messages]


@pytest.mark.parametrize("peer", [*PEERS.values(), by_aiohttp])
def test_nothing_we_accept_is_read_otherwise(peer: Callable[[bytes], Verdict]) -> None:
    """None of them sees another request, or another body, in what we take for good."""
    attacks = [attack.data for family in FAMILIES for attack in family.attacks]
    for data in [*attacks, *(case.data for case in CASES)]:
        mine = ours(data).messages
        theirs = peer(data).messages[: len(mine)]
        assert in_capitals(theirs) == in_capitals(mine[: len(theirs)]), data
