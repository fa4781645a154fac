#!/usr/bin/env python3
"""What signing in costs: signed and encrypted values, tokens and passwords, in microseconds of CPU time each.

    maint/bench/signing.py [--seconds S] [--rounds N]

It needs the extra ``auth``. Tornado is measured beside us if it is installed. Figures are medians over the rounds.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import joserfc.jwt

import tornadolike
from tornadolike.auth import KnownKeys, PasswordHasher, new_key, read_token, write_token
from tornadolike.web import (
    create_encrypted_value,
    create_signed_value,
    decode_encrypted_value,
    decode_signed_value,
)

try:
    import tornado.web as tornado_web
except ImportError:
    tornado_web = None

SECRET = "2f1c5b0e9d8a47c6b3a1908f7e6d5c4b"
VALUE = "user=17&name=Ann&since=1795000000"
CLAIMS = {"iss": "https://id.example.com", "aud": "shop", "sub": "17", "scope": "read write"}
WORD = "seven green teapots"

Row = Callable[[], Awaitable[object]]


def plainly(function: Callable[[], object]) -> Row:
    async def row() -> object:
        return function()

    return row


def signed() -> object:
    value = create_signed_value(SECRET, "user", VALUE)
    return decode_signed_value(SECRET, "user", value)


def signed_by_tornado() -> object:
    value = tornado_web.create_signed_value(SECRET, "user", VALUE)
    return tornado_web.decode_signed_value(SECRET, "user", value)


def encrypted() -> object:
    value = create_encrypted_value(SECRET, "user", VALUE)
    return decode_encrypted_value(SECRET, "user", value, max_age_days=1)


def reading(algorithm: str) -> Row:
    key = new_key(algorithm)
    keys = KnownKeys(key)
    token = write_token(CLAIMS, key, lifetime=3600)

    async def row() -> object:
        return await read_token(token, keys, issuer=CLAIMS["iss"], audience=CLAIMS["aud"])

    return row


def signature_alone() -> Row:
    key = new_key("ES256")
    token = write_token(CLAIMS, key, lifetime=3600)
    return plainly(lambda: joserfc.jwt.decode(token, key, algorithms=["ES256"]))


def writing() -> Row:
    key = new_key("ES256")
    return plainly(lambda: write_token(CLAIMS, key, lifetime=3600))


def hashing(**how: int) -> Row:
    hasher = PasswordHasher(**how)
    return lambda: hasher.hash(WORD)


def rows() -> dict[str, Row]:
    """What is measured, by its name."""
    found = {"signed value, made and read": plainly(signed)}
    if tornado_web is not None:
        found["the same with tornado"] = plainly(signed_by_tornado)
    return found | {
        "encrypted value, made and read": plainly(encrypted),
        "token read, ES256": reading("ES256"),
        "of that, its signature alone": signature_alone(),
        "token read, RS256": reading("RS256"),
        "token read, EdDSA": reading("Ed25519"),
        "token written, ES256": writing(),
        "password hashed, as OWASP's least": hashing(memory=19456, passes=2, lanes=1),
        "password hashed, by default": hashing(),
    }


async def cost(row: Row, seconds: float) -> float:
    """Microseconds of CPU time of the process for each call."""
    await row()
    calls, begin, end = 0, time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end or not calls:
        await row()
        calls += 1
    return (time.process_time() - begin) / calls * 1e6


async def main() -> None:
    """Measure all of them, one round after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="for each row of each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measured = rows()
    costs: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(options.rounds):
        for name, row in measured.items():
            costs[name].append(await cost(row, options.seconds))
    print("| | µs |\n|---|---:|")
    for name, found in costs.items():
        middle = statistics.median(found)
        print(f"| {name} | {middle:,.{1 if middle < 1000 else 0}f} |")


if __name__ == "__main__":
    tornadolike.run(main())
