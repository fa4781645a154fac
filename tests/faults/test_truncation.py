"""TLS streams whose bytes end too early, anywhere: what was whole is heard, and that it is not all is told."""

import ssl

import pytest

from tests.faults.makers import stream_and_machine
from tests.faults.scripts import play
from tests.running import turns
from tests.tls_certs import Certificates
from tornadolike.iostream import StreamClosedError

FIRST, SECOND = b"first record", b"second record"


@pytest.mark.parametrize("missing", [0, 1, 20, 23])
@pytest.mark.parametrize("waits", [True, False])
def test_cut_off(certs: Certificates, missing: int, waits: bool) -> None:
    async def main() -> None:
        stream, theirs, client = await stream_and_machine(certs)
        reading = stream.read_until_close() if waits else None
        client.write(FIRST)
        client.write(SECOND)
        records = client.output()
        theirs.send(records[: len(records) - missing])
        await turns(5)
        theirs.close()
        if reading is None:
            reading = stream.read_until_close()
        assert await reading == (FIRST if missing else FIRST + SECOND)
        assert stream.truncated
        assert stream.closed()

    play(main())


def test_who_wants_more_than_there_is_gets_an_error_and_can_have_the_rest(
    certs: Certificates,
) -> None:
    async def main() -> None:
        stream, theirs, client = await stream_and_machine(certs)
        reading = stream.read_bytes(1000)
        client.write(FIRST)
        theirs.send(client.output())
        theirs.close()
        with pytest.raises(StreamClosedError):
            await reading
        assert stream.truncated
        assert await stream.read_until_close() == FIRST

    play(main())


def test_a_goodbye_within_what_was_cut_off_is_none(certs: Certificates) -> None:
    async def main() -> None:
        stream, theirs, client = await stream_and_machine(certs)
        client.write(FIRST)
        client.say_goodbye()
        theirs.send(client.output()[:-1])
        theirs.close()
        assert await stream.read_until_close() == FIRST
        assert stream.truncated

    play(main())


def test_a_record_that_was_tampered_with(certs: Certificates) -> None:
    """What came before is heard; the rest, and that it ended well, is not."""

    async def main() -> None:
        stream, theirs, client = await stream_and_machine(certs)
        client.write(FIRST)
        first = client.output()
        client.write(SECOND)
        second = bytearray(client.output())
        second[-1] ^= 1
        theirs.send(first + second)
        assert await stream.read_bytes(len(FIRST)) == FIRST
        with pytest.raises(ssl.SSLError, match="BAD_RECORD_MAC"):
            await stream.read_bytes(1)
        assert stream.closed()
        theirs.close()

    play(main())
