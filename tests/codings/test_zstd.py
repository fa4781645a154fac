"""zstd: what is particular to it. Frames are also made by hand here, from RFC 8878."""

from typing import Any

import pytest

from tests.codings.samples import NOISE, TEXT, cut, decode, decoded, encoded
from tornadolike.codings import CODINGS, zstd
from tornadolike.httputil import HTTPInputError

if "zstd" not in CODINGS:
    pytest.skip("nothing that speaks zstd is installed", allow_module_level=True)

MAGIC = (0xFD2FB528).to_bytes(4, "little")
RAW, REPEATED, COMPRESSED, RESERVED = range(4)


def frame(*blocks: bytes, descriptor: int = 0, rest: bytes = b"\x58") -> bytes:
    """A frame with a window of 2 MiB, unless ``descriptor`` and the ``rest`` of its header say otherwise."""
    return MAGIC + bytes([descriptor]) + rest + b"".join(blocks)


def block(kind: int, size: int, content: bytes = b"", last: bool = False) -> bytes:
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + content


def skipped(content: bytes, number: int = 0) -> bytes:
    return (
        (0x184D2A50 + number).to_bytes(4, "little") + len(content).to_bytes(4, "little") + content
    )


END = block(RAW, 0, last=True)


@pytest.mark.parametrize("size", [1, 3, 4, 5, 1000])
def test_blocks_of_every_kind(size: int) -> None:
    data = frame(
        block(RAW, 5, b"hello"),
        block(RAW, 0),
        block(REPEATED, 100_000, b"x"),
        block(RAW, 5, b"world"),
        END,
    )
    assert decoded("zstd", *cut(data, size)) == b"hello" + b"x" * 100_000 + b"world"


@pytest.mark.parametrize("size", [1, 2, 1000, 10_000])
def test_frames_are_one_content(size: int) -> None:
    data = b"".join(
        [
            skipped(b""),
            encoded("zstd", TEXT),
            skipped(b"nobody's affair", 15),
            encoded("zstd", b""),
            encoded("zstd", NOISE[:5000]),
            skipped(bytes(3000)),
        ]
    )
    assert decoded("zstd", *cut(data, size)) == TEXT + NOISE[:5000]


def test_a_frame_of_which_the_end_is_missing() -> None:
    for data in (
        frame(),
        frame(block(RAW, 1, b"x")),
        frame(END)[:-1],
        skipped(b"x")[:-1],
        MAGIC[:3],
    ):
        with pytest.raises(HTTPInputError, match="its end is missing"):
            decoded("zstd", data)


def test_a_block_gives_no_more_than_it_may() -> None:
    """However many of them there are in a few bytes, they come out one by one."""
    data = frame(*[block(REPEATED, 128 * 1024, b"x")] * 1000, END)
    assert len(data) < 5000
    pieces = decode("zstd", data)
    assert [len(next(pieces)) for _ in range(10)] == [128 * 1024] * 10


@pytest.mark.parametrize(
    "data",
    [
        frame(block(RESERVED, 1, b"x")),
        frame(block(REPEATED, 128 * 1024 + 1, b"x"), END),
        frame(block(RAW, 128 * 1024 + 1, bytes(128 * 1024 + 1)), END),
        frame(block(COMPRESSED, 5, b"\xff" * 5), END),
        frame(END, descriptor=8),
        frame(END, descriptor=1, rest=b"\x58\x07"),
        b"\x28\xb5\x2f\xfc" + bytes(20),
    ],
    ids=[
        "reserved kind",
        "repeated too often",
        "too large",
        "compressed wrongly",
        "reserved bit",
        "unknown dictionary",
        "another magic number",
    ],
)
def test_what_is_no_frame(data: bytes) -> None:
    with pytest.raises(HTTPInputError, match="invalid zstd data") as caught:
        decoded("zstd", data)
    assert caught.value.status == 400


def test_no_larger_window_than_the_coding_has() -> None:
    assert decoded("zstd", frame(block(RAW, 1, b"x", last=True), rest=b"\x68")) == b"x"  # 8 MiB
    with pytest.raises(HTTPInputError, match="invalid zstd data"):
        decoded("zstd", frame(block(RAW, 1, b"x", last=True), rest=b"\x69"))


def test_checksums_are_checked() -> None:
    zstandard: Any = pytest.importorskip("zstandard")
    data = zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)
    for size in (1, 7, 10_000):
        assert decoded("zstd", *cut(data, size)) == TEXT
    with pytest.raises(HTTPInputError, match="invalid zstd data"):
        decoded("zstd", data[:-1] + bytes([data[-1] ^ 1]))


def test_others_read_ours() -> None:
    zstandard: Any = pytest.importorskip("zstandard")
    for level in CODINGS["zstd"].levels:
        for size in (None, len(TEXT)):
            encoder = CODINGS["zstd"].make_encoder(level, size)
            data = encoder.encode(TEXT) + encoder.finish()
            assert zstandard.ZstdDecompressor().decompressobj().decompress(data) == TEXT
            assert zstandard.get_frame_parameters(data).window_size <= 8 * 1024 * 1024


def test_many_at_the_same_time() -> None:
    """They share nothing."""
    decoders = [CODINGS["zstd"].make_decoder() for _ in range(5)]
    contents = [TEXT[number:] for number in range(5)]
    results = [b""] * 5
    for start in range(0, len(encoded("zstd", TEXT)) + 100, 100):
        for number, content in enumerate(contents):
            part = encoded("zstd", content)[start : start + 100]
            results[number] += b"".join(decoders[number].decode(part))
    assert results == contents


def test_without_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zstd, "zstd", None)
    monkeypatch.setattr(zstd, "zstandard", None)
    assert zstd.installed() == []
