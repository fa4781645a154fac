""":class:`DigestAuth`: a user and a password, which are not shown (RFC 7616)."""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from ...httputil import HTTPHeaders
from ...httputil.parameters import parse_parameters
from ..engine import Hop
from .base import Auth
from .challenges import Challenge, parse_challenges

ALGORITHMS: Final = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
"""What :mod:`hashlib` calls them, the strongest last."""

_SENDABLE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]+")

MAX_ORIGINS: Final = 100
"""Servers of which one :class:`DigestAuth` remembers what they want; the one it met first is forgotten then."""


@dataclass(slots=True)
class _Session:
    """What a server wants, and what we have said of it."""

    realm: str
    nonce: str
    algorithm: str
    """As the server has written it: empty if it has not."""
    hash_name: str
    opaque: str | None
    qop: str
    """``"auth"`` or ``"auth-int"``; empty as it was before there was one."""
    hashes_user: bool
    is_utf8: bool
    cnonce: str = field(default_factory=lambda: secrets.token_hex(16))
    count: int = 0
    """Requests that have had this nonce."""

    def digest(self, *parts: bytes) -> bytes:
        # MD5 is what old servers have; it is no choice of ours.
        hashed = hashlib.new(self.hash_name, b":".join(parts), usedforsecurity=False)
        return hashed.hexdigest().encode()


class DigestAuth(Auth):
    """A user and a password of which only a digest is sent (:rfc:`7616`).

    Knows MD5, SHA-256 and SHA-512/256, each also with ``-sess``; of several that a server offers it takes the
    strongest. The quality of protection is ``auth``, or ``auth-int``, which covers the body, where a server wants
    nothing else (and the body is no ``body_producer``, of which nothing is known before it has been sent).

    The first request to a server is sent twice, as it is the server's answer that says what it wants. Keep the object
    and give it to further requests: they are signed at once.
    """

    def __init__(self, username: str, password: str = "") -> None:
        self.username = username
        self._name = _normalized(username)
        self._password = _normalized(password)
        self._sessions: dict[tuple[str, str, int], _Session] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.username!r}, ...)"

    def sign(self, hop: Hop) -> None:
        session = self._sessions.get(hop.address.origin)
        if session is not None and _can_sign(session, hop):
            hop.headers["Authorization"] = self._credentials(session, hop)

    def answered(self, hop: Hop, status: int, headers: HTTPHeaders, tries: int) -> bool:
        origin = hop.address.origin
        if status != 401:
            self._take_next_nonce(origin, headers)
            return False
        challenge = _best(parse_challenges(headers.get_list("WWW-Authenticate")))
        self._sessions.pop(origin, None)
        if challenge is None:
            return False
        session = _session(challenge)
        stale = challenge.parameters.get("stale", "").lower() == "true"
        if not _can_sign(session, hop) or (tries > 0 and not stale):
            return False
        if len(self._sessions) >= MAX_ORIGINS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[origin] = session
        return True

    def _take_next_nonce(self, origin: tuple[str, str, int], headers: HTTPHeaders) -> None:
        session = self._sessions.get(origin)
        said = headers.get("Authentication-Info")
        if session is None or said is None:
            return
        nonce = parse_parameters(f";{said.replace(',', ';')}")[1].get("nextnonce")
        # (As "nextnonce*" it may have whatever characters.)
        if nonce and nonce != session.nonce and _SENDABLE.fullmatch(nonce):
            session.nonce = nonce
            session.count = 0

    def _credentials(self, session: _Session, hop: Hop) -> str:
        session.count += 1
        count = b"%08x" % session.count
        name = self._name
        realm, nonce = session.realm.encode("latin1"), session.nonce.encode("latin1")
        cnonce, uri = session.cnonce.encode(), hop.address.resource.encode()
        secret = session.digest(name, realm, self._password)
        if session.algorithm.upper().endswith("-SESS"):
            secret = session.digest(secret, nonce, cnonce)
        asked = [hop.method.encode(), uri]
        if session.qop == "auth-int":
            asked.append(session.digest(hop.body or b""))
        more = [count, cnonce, session.qop.encode()] if session.qop else []
        response = session.digest(secret, nonce, *more, session.digest(*asked))
        fields = [
            *self._user(session),
            f"realm={_quoted(session.realm)}",
            f"nonce={_quoted(session.nonce)}",
            f"uri={_quoted(hop.address.resource)}",
            f'response="{response.decode()}"',
        ]
        if session.algorithm:
            fields.append(f"algorithm={session.algorithm}")
        if session.opaque is not None:
            fields.append(f"opaque={_quoted(session.opaque)}")
        if session.qop:
            fields += [f"qop={session.qop}", f"nc={count.decode()}", f'cnonce="{session.cnonce}"']
        return f"Digest {', '.join(fields)}"

    def _user(self, session: _Session) -> list[str]:
        """Who it is, in the way that the server understands."""
        if session.hashes_user:
            hashed = session.digest(self._name, session.realm.encode("latin1")).decode()
            return [f'username="{hashed}"', "userhash=true"]
        if session.is_utf8 and not self._name.isascii():
            return [f"username*=UTF-8''{quote(self._name, safe='')}"]
        # Its bytes, as headers have them.
        return [f"username={_quoted(self._name.decode('latin1'))}"]


def _best(challenges: list[Challenge]) -> Challenge | None:
    """The one with the strongest algorithm of those that can be answered."""
    known = list(ALGORITHMS)
    usable = [
        (known.index(name), -position, challenge)
        for position, challenge in enumerate(challenges)
        if challenge.scheme == "digest" and (name := _algorithm(challenge)) is not None
    ]
    return max(usable, key=lambda found: found[:2])[2] if usable else None


def _algorithm(challenge: Challenge) -> str | None:
    """The algorithm, without ``-sess``; None if the challenge cannot be answered."""
    said = challenge.parameters
    algorithm = said.get("algorithm", "MD5").upper()
    name = algorithm.removesuffix("-SESS")
    if not said.get("nonce") or ALGORITHMS.get(name) not in hashlib.algorithms_available:
        return None
    # (A session without a quality of protection would need a cnonce, and have none.)
    wants_qop = "qop" in said or algorithm != name
    return None if wants_qop and not _qop(said.get("qop", "")) else name


def _qop(offered: str) -> str:
    qops = [qop.strip().lower() for qop in offered.split(",")]
    return next((qop for qop in ("auth", "auth-int") if qop in qops), "")


def _session(challenge: Challenge) -> _Session:
    said = challenge.parameters
    name = _algorithm(challenge)
    assert name is not None
    return _Session(
        said.get("realm", ""),
        said["nonce"],
        said.get("algorithm", ""),
        ALGORITHMS[name],
        said.get("opaque"),
        _qop(said.get("qop", "")),
        said.get("userhash", "").lower() == "true",
        said.get("charset", "").upper() == "UTF-8",
    )


def _can_sign(session: _Session, hop: Hop) -> bool:
    return session.qop != "auth-int" or hop.producer is None


def _normalized(text: str) -> bytes:
    return unicodedata.normalize("NFC", text).encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
