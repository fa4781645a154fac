"""Calls of a handler, one after another, of which one would not think."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from tests.compare.cases import Case, another, ask, differing, older
from tests.compare.differences import BREAKS_OFF, FINISH_FAILS, NO_PAGE, OLDER_STREAMS, SMALL


def calls(
    *steps: list[object],
    fields: Sequence[str] = (),
    request: str = "GET /steps",
    more: str = "",
    silent: bool = False,
) -> Case:
    return ask(f"{request}?get={quote(json.dumps(steps))}{more}", *fields, silent=silent)


CASES = [
    calls(["finish", "x"], ["fail"]),
    calls(["check"], ["clear_header", "Etag"], ["write", "x"]),
    calls(["check"], ["set_header", "Etag", '"mine"'], ["check"], request="HEAD /steps"),
    calls(["send_error", 404], ["send_error", 500]),
    calls(["set_status", 204], ["write", "x"]),
    calls(["redirect", "/x"], ["write", "x"]),
    *another(500, FINISH_FAILS, calls(["set_status", 204], ["stop", "x"], silent=True)),
    *differing("stays", BREAKS_OFF, calls(["flush"], ["fail"], request="HEAD /steps")),
    *(
        calls([step, status], more=more)
        for step in ("refuse", "send_error")
        for status, more in ((204, ""), (304, ""), (304, "&write_error=own"), (204, "&error=200"))
    ),
    *another(
        204,
        NO_PAGE,
        calls(["refuse", 204], more="&write_error=own", silent=True),
        calls(["send_error", 204], more="&write_error=own"),
    ),
    *differing(
        "body connection cut",
        OLDER_STREAMS,
        older(calls(["write", "a"], ["flush"], fields=["Connection: keep-alive"], silent=True)),
    ),
    *differing(
        "content-encoding content-length",
        SMALL,
        calls(
            ["set_status", 206],
            ["write", "x" * 3000],
            fields=["Accept-Encoding: gzip"],
            request="GET /compressed/steps",
        ),
    ),
]
