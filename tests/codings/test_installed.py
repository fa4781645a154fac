"""Which codings there are, and that everything goes without the packages for the others."""

import subprocess
import sys

import pytest

from tornadolike.codings import CODINGS, coding_named

BLOCKED = ("brotli", "brotlicffi", "zstandard", "backports.zstd", "compression.zstd")


def test_gzip_and_deflate_are_always_there_behind_the_others() -> None:
    assert list(CODINGS)[-2:] == ["gzip", "deflate"]
    assert all(coding.name == name for name, coding in CODINGS.items())


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip", "X-Gzip"])
def test_names(name: str) -> None:
    coding = coding_named(name)
    assert coding is not None
    assert coding.name == "gzip"


def test_no_such_coding() -> None:
    assert coding_named("identity") is None
    assert coding_named("") is None


PROGRAM = """
import gzip, sys
for name in {blocked!r}:
    sys.modules[name] = None

import tornadolike.httpserver
from tornadolike.codings import CODINGS, UnknownCoding, make_decoder
from tornadolike.web import Application, ContentEncoding

assert list(CODINGS) == ["gzip", "deflate"], CODINGS
assert ContentEncoding.CODINGS == ("gzip",)
made = Application(compress_response={{"codings": ["br", "zstd", "gzip"], "levels": {{"br": 99}}}})
assert made.transforms[0].CODINGS == ("gzip",)
assert b"".join(make_decoder("gzip", 100).decode(gzip.compress(b"hello"))) == b"hello"
try:
    make_decoder("br", 100)
except UnknownCoding:
    print("as it should be")
"""


def test_without_the_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(blocked=BLOCKED)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("as it should be\n", "")
