"""Settings that are of no use are refused when the application is made."""

from pathlib import Path
from typing import Any

import pytest

from tornadolike.web import Application, StaticFileHandler
from tornadolike.web.settings import KINDS


@pytest.mark.parametrize("name", [*KINDS, "static_path", "trusted_origins"])
def test_a_setting_of_another_kind(name: str) -> None:
    for value in (object(), 1.5j):
        with pytest.raises(TypeError, match=f"the setting {name} is .*, not "):
            Application(**{name: value})


def test_settings_that_are_easily_mistaken() -> None:
    wrong: list[dict[str, Any]] = [
        {"log_function": "print"},
        {"default_handler_class": "Handler"},
        {"xsrf_cookie_kwargs": ["httponly"]},
        {"trusted_origins": "https://example.com"},
        {"trusted_origins": None},
        {"upload_memory_size": "1M"},
        {"static_path": ["a", "b"]},
    ]
    for settings in wrong:
        with pytest.raises(TypeError, match=f"the setting {next(iter(settings))} is "):
            Application(**settings)
    for transform in (None, "gzip"):
        with pytest.raises(TypeError, match="a transform is an OutputTransform subclass, not"):
            Application(transforms=[transform])  # type: ignore[list-item]


def test_settings_that_are_left_alone(tmp_path: Path) -> None:
    class SeveralPaths(StaticFileHandler):
        pass

    right: list[dict[str, Any]] = [
        {"log_function": None, "login_url": None, "cookie_secret": "", "static_path": None},
        {"static_path": tmp_path},
        {"static_path": ["a", "b"], "static_handler_class": SeveralPaths},
        {"trusted_origins": frozenset({"https://example.com"})},
        {"cookie_secret": {1: "3c6e0b8a9c15224a8228b9a98ca1531d"}, "key_version": 1},
        {"mine": object()},
    ]
    for settings in right:
        assert Application(**settings).settings == settings
