"""Options for unittest.mock."""

from unittest import mock

import pytest

from tornadolike.options import OptionParser


def test_what_is_patched_comes_back(options: OptionParser) -> None:
    options.define("port", 80)
    with mock.patch.object(options.mockable(), "port", 81):
        assert options.port == 81
        with mock.patch.object(options.mockable(), "port", 82):
            assert options.port == 82
        options.port = 83
    assert options.port == 80


def test_one_patch_of_a_name_at_a_time(options: OptionParser) -> None:
    options.define("port", 80)
    mockable = options.mockable()
    with (
        mock.patch.object(mockable, "port", 81),
        pytest.raises(RuntimeError, match="ask for another mockable"),
    ):
        mockable.port = 82
    mockable.port = 83
    assert mockable.port == 83
