"""Every known way to smuggle a request, by family, with whom to read about it.

To smuggle is to send bytes that two servers in a chain cut into requests at different places, so that what
the first takes for a body the second takes for a request. Against that helps only that each cut is beyond
doubt: all doubtful input is refused, and nothing behind it is looked at.

Each attack ends in :data:`POISON`, a good request: wherever a server stands that has read on, it is served.
"""

from .attack import CHUNK_OF_POISON, POISON, Attack, Family, for_each, length, post
from .chunks import (
    CHUNK_SIZES,
    CHUNK_TRICKS,
    EXTENSIONS,
    TERMINATORS,
    other_breaks,
    with_chunk_size,
    with_extension,
    with_last_extension,
    with_terminator,
)
from .conversations import EXPECTATIONS, UPGRADES
from .framing import (
    BAD_LENGTHS,
    BOTH,
    DUPLICATE_LENGTHS,
    HIDDEN_CODINGS,
    HIDDEN_LENGTHS,
    HUGE_LENGTHS,
    IGNORED_BODIES,
    NO_CODINGS,
    ODD_LENGTHS,
    UNKNOWN_CODINGS,
    by_length,
    with_coding,
    with_coding_alone,
    with_length,
    with_lines,
)
from .heads import FIELDS, HOSTS, LIMITS, LINES

WATCHFIRE = "Linhart, Klein, Heled, Orrin 2005: HTTP Request Smuggling"
DESYNC = "Kettle 2019: HTTP Desync Attacks"
GARDEN = "Kallus, Anantharaman, Locasto, Smith 2024: The HTTP Garden"
MUST_DIE = "Kettle 2025: HTTP/1.1 must die"
FUNKY = "Weikop 2025: Funky chunks"

FAMILIES = [
    Family("two ways to tell a length", f"{WATCHFIRE}; {DESYNC}", BOTH),
    Family("TE.TE: a coding that some do not see", DESYNC, for_each(with_coding, *HIDDEN_CODINGS)),
    Family("TE.TE, without a length", DESYNC, for_each(with_coding_alone, *HIDDEN_CODINGS)),
    Family(
        "codings that we do not have",
        "RFC 9112 section 6.1",
        for_each(with_coding_alone, *UNKNOWN_CODINGS, status=501),
    ),
    Family("what is no coding", DESYNC, [by_length(line) for line in NO_CODINGS]),
    Family("lengths that are none", GARDEN, for_each(with_length, *BAD_LENGTHS)),
    Family("several lengths", WATCHFIRE, for_each(with_lines, *DUPLICATE_LENGTHS)),
    Family("0.CL: a length that some do not see", MUST_DIE, for_each(with_lines, *HIDDEN_LENGTHS)),
    Family("lengths that wrap", GARDEN, for_each(with_length, *HUGE_LENGTHS, status=413)),
    Family("odd lengths", GARDEN, ODD_LENGTHS),
    Family(
        "CL.0 and TE.0: bodies where some expect none",
        "Kettle 2022: Browser-Powered Desync Attacks; Moraes, de Castro, Gomes 2024: TE.0",
        IGNORED_BODIES,
    ),
    Family("line breaks that are none", f"{GARDEN}; {FUNKY}", other_breaks()),
    Family(
        "sizes of chunks",
        "Grenfeldt, Olofsson 2021: HTTP Request Smuggling in proxies and libraries",
        for_each(with_chunk_size, *CHUNK_SIZES),
    ),
    Family("extensions of chunks", FUNKY, for_each(with_extension, *EXTENSIONS)),
    Family("extensions of the last chunk", FUNKY, for_each(with_last_extension, *EXTENSIONS)),
    Family("ends of chunks", FUNKY, for_each(with_terminator, *TERMINATORS)),
    Family("chunks that two read otherwise", FUNKY, CHUNK_TRICKS),
    Family("who is asked", "Chen, Jiang, Duan and others 2016: Host of Troubles", HOSTS),
    Family("request lines", "Jabiyev, Sprecher, Onarlioglu, Kirda 2021: T-Reqs", LINES),
    Family("header lines", "Klein 2020: HTTP Request Smuggling in 2020", FIELDS),
    Family("limits", "RFC 9112 section 3", LIMITS),
    Family("expectations", MUST_DIE, EXPECTATIONS),
    Family(
        "other protocols",
        "Miller 2020: h2c smuggling; Emelianova 2019: WebSocket smuggling",
        UPGRADES,
    ),
]

__all__ = ["CHUNK_OF_POISON", "FAMILIES", "POISON", "Attack", "Family", "length", "post"]
