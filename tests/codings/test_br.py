"""br: what is particular to it."""

import random
import types
from typing import Any

import pytest

from tests.codings.samples import TEXT, cut, decode, encoded
from tornadolike.codings import CODINGS, br
from tornadolike.codings.base import PIECE_SIZE

brotli: Any = pytest.importorskip("brotli")


def test_others_read_ours() -> None:
    for level in CODINGS["br"].levels:
        for size in (None, len(TEXT)):
            encoder = CODINGS["br"].make_encoder(level, size)
            assert brotli.decompress(encoder.encode(TEXT) + encoder.finish()) == TEXT


@pytest.mark.parametrize("quality", [0, 1, 5, 11])
def test_we_read_others(quality: int) -> None:
    content = random.Random(2).randbytes(1000) * 200 + bytes(300_000) + TEXT
    for window in (10, 18, 24):
        data = brotli.compress(content, quality=quality, lgwin=window)
        for pieces in ([data], cut(data, 1), cut(data, 501)):
            assert b"".join(decode("br", *pieces)) == content


def test_a_very_small_bomb() -> None:
    data = encoded("br", bytes(50_000_000))
    assert len(data) < 200
    pieces = decode("br", data)
    assert all(0 < len(next(pieces)) <= 2 * PIECE_SIZE for _ in range(10))


@pytest.mark.parametrize(
    "module", [None, types.SimpleNamespace(Decompressor=object)], ids=["none", "an old one"]
)
def test_without_a_package_that_can_bound_what_comes_out(
    monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    monkeypatch.setattr(br, "brotli", module)
    assert br.installed() == []
