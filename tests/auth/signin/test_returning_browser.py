"""No page that :func:`safe_next` takes for ours is one of another host in Chromium's eyes."""

import random
from typing import Any

import pytest

from tests.auth.signin.test_returning import NOT_OURS, OURS, PIECES
from tests.chromium import chromium
from tornadolike.auth import safe_next


@pytest.mark.once
@pytest.mark.browser
def test_as_chromium_reads_it() -> None:
    chance = random.Random(11)
    pieces = PIECES.split("|")
    made = ["/" + "".join(chance.choices(pieces, k=chance.randrange(1, 7))) for _ in range(20_000)]
    accepted = [url for url in [*OURS, *NOT_OURS, *made] if safe_next(url, "") == url != ""]
    assert len(accepted) > 500
    with chromium() as driver:
        hosts: Any = driver.execute_script(
            "return arguments[0].map(url => new URL(url, 'https://site.example/signin').host)",
            accepted,
        )
    assert set(hosts) == {"site.example"}
