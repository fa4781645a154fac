"""An OpenID provider on this machine, for when no other is configured: oidc-provider-mock, which Authlib drives.

It is another program, with a process, a port and a memory of its own, as a provider somewhere else would be: nothing
but HTTP goes between it and the site. It ends when the site does, however that ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec

NEEDED = "oidc_provider_mock"
COMMAND = [sys.executable, "-m", __name__]
START_SECONDS = 60
END_SECONDS = 5


def is_installed() -> bool:
    """Whether what it is made of is there: the extra `demos` brings it."""
    return find_spec(NEEDED) is not None


@contextlib.asynccontextmanager
async def local_provider() -> AsyncIterator[str]:
    """A provider that runs meanwhile; its issuer. Raises `RuntimeError` if it does not start."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,  # it ends when this does
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            issuer = (await process.stdout.readline()).decode().strip()
        if not issuer:
            raise RuntimeError("the local OpenID provider has not started")
        yield issuer
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
