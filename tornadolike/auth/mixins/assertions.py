"""OpenID 2.0: what a provider vouches for (OpenID Authentication 2.0 sections 10 and 11). Pure functions.

The browser brings it, so that it can be anything: what has been asked for elsewhere, what has been used before, and
what somebody has added to it. Only what is *signed* counts, by a list that is signed itself; the provider tells whether
it is.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from .refusals import DeniedError, RefusedError

PREFIX: Final = "openid."
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
NONCE_SECONDS: Final = 900.0
"""How far away from now the provider may have said it: its clock may be wrong, and people are slow."""
_NONCE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[!-~]{0,235}", re.ASCII)
_ALWAYS_SIGNED: Final = ("op_endpoint", "return_to", "response_nonce", "assoc_handle")
_SIGNED_IF_SENT: Final = ("claimed_id", "identity")


def read_answer(arguments: Mapping[str, Sequence[bytes]]) -> dict[str, str]:
    """The fields of an answer, without ``openid.`` before their names. Raises :exc:`.RefusedError` if one comes twice:
    the provider could have signed one of them, and we take the other."""
    answer = {}
    for name, values in arguments.items():
        if name.startswith(PREFIX):
            if len(values) != 1:
                raise RefusedError("The OpenID response has a field twice")
            try:
                answer[name.removeprefix(PREFIX)] = values[0].decode()
            except UnicodeDecodeError:
                raise RefusedError("The OpenID response is no UTF-8") from None
    return answer


def check_answer(answer: Mapping[str, str], endpoint: str, now: float) -> None:
    """Raise :exc:`.RefusedError` unless it vouches for somebody, and :exc:`.DeniedError` if it says no.

    :arg endpoint: of the provider that was asked.
    :arg now: in seconds since the epoch.
    """
    mode = answer.get("mode")
    if mode == "cancel":
        raise DeniedError("The sign-in was cancelled")
    if mode != "id_res":
        raise RefusedError("The OpenID response vouches for nobody")
    wanted = {*_ALWAYS_SIGNED, *(name for name in _SIGNED_IF_SENT if name in answer)}
    missing = wanted - signed_fields(answer).keys()
    if missing:
        raise RefusedError(f"The OpenID response has not signed {', '.join(sorted(missing))}")
    if answer["op_endpoint"] != endpoint:
        raise RefusedError("The OpenID response comes from another provider")
    if ("claimed_id" in answer) != ("identity" in answer):
        raise RefusedError("The OpenID response names somebody by half")
    if not _is_new(answer["response_nonce"], now):
        raise RefusedError("The OpenID response is too old")


def signed_fields(answer: Mapping[str, str]) -> dict[str, str]:
    """What of it the provider has signed."""
    signed = answer.get("signed", "").split(",")
    return {name: answer[name] for name in signed if name in answer}


def came_back_there(
    answer: Mapping[str, str], url: str, arguments: Mapping[str, Sequence[bytes]]
) -> bool:
    """Whether ``return_to`` is where the answer has come to (section 11.1): else it was meant for another site, which
    brings it to us in the name of its user.

    :arg url: where it has come to. Whether that is ``https`` does not count: a proxy may have spoken that for us.
    :arg arguments: of the request: those that are in the query of ``return_to`` must have come back.
    """
    try:
        meant, here = urlsplit(answer["return_to"]), urlsplit(url)
        if _place(meant) != _place(here):
            return False
    except ValueError:
        return False
    query = parse_qsl(meant.query, keep_blank_values=True)
    return all(value.encode() in arguments.get(name, ()) for name, value in query)


def _place(url: SplitResult) -> tuple[str, str]:
    """The host, with a port that is not the default one, and the path."""
    host = url.netloc.lower()
    if url.port is not None and url.port == _DEFAULT_PORTS.get(url.scheme):
        host = host.removesuffix(f":{url.port}")
    return host, unquote(url.path) or "/"


def is_confirmed(body: bytes) -> bool:
    """Whether a provider says that an answer is its own: lines of ``key:value`` (section 4.1.1)."""
    return b"is_valid:true" in body.splitlines()


def with_state(url: str, name: str, state: str) -> str:
    """The address to come back to, with the state, and without what is left of an answer that was there before."""
    parts = urlsplit(url)
    query = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key != name and not key.startswith(PREFIX)
    ]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, state)]), fragment=""))


def _is_new(nonce: str, now: float) -> bool:
    match = _NONCE.fullmatch(nonce)
    if match is None:
        return False
    try:
        said = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(said.timestamp() - now) <= NONCE_SECONDS
