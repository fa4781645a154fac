"""What the streams under test have to say."""

from pathlib import Path

import pytest

from tests.faults.readers import TEXT


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of it."""
    path = tmp_path_factory.mktemp("faults") / "text"
    path.write_bytes(TEXT)
    return path
