"""Tokens that we sign: for our own services, and to say who we are (RFC 7523)."""

import json
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import Key

from ..arguments import check_duration, check_kind, check_text, check_text_if_any
from .algorithms import ALGORITHMS, REGISTRY, algorithm_of
from .keys import kid_of
from .reading import DEFAULT_KIND


def write_token(
    claims: Mapping[str, Any],
    key: Key,
    *,
    lifetime: float,
    algorithm: str | None = None,
    kind: str = DEFAULT_KIND,
) -> str:
    """A token that says ``claims``, signed.

    .. code-block:: python

        write_token({"iss": "https://a.example", "aud": "b", "sub": "17"}, key, lifetime=300)

    :arg claims: what it says. ``iat`` and ``exp`` are put in, unless they are there.
    :arg key: a private key of :func:`.load_key` or :func:`.new_key`, or a :func:`.secret_key`. Its name, or its
        thumbprint, becomes ``kid``.
    :arg lifetime: seconds that it is good for.
    :arg algorithm: by default the first one that the key fits.
    :arg kind: the ``typ`` of its header.

    Raises :exc:`TypeError` for what is no key, no claims and no time, and :exc:`ValueError` for a key that cannot sign
    so and for claims that are no JSON.
    """
    check_text_if_any(algorithm=algorithm)
    usual = algorithm_of(key)
    known = usual if algorithm is None else ALGORITHMS.get(algorithm)
    if known is None or not known.fits(key):
        raise ValueError(f"the key cannot sign by {algorithm!r}")
    if not key.is_private:
        raise ValueError("a public key cannot sign")
    check_kind(Mapping, claims=claims)
    check_duration(lifetime=lifetime)
    check_text(kind=kind)
    now = int(time.time())
    content = {"iat": now, "exp": now + int(lifetime), **claims}
    header = {"alg": known.name, "typ": kind}
    if (kid := kid_of(key)) is not None:
        header["kid"] = kid
    try:
        payload = json.dumps(content, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError("the claims are no JSON") from error
    return jws.serialize_compact(header, payload, key, registry=REGISTRY)
