"""What the configuration, the command line and a test's marks say."""

from importlib.util import find_spec
from typing import Any, Final

import pytest

MODES: Final = ("strict", "auto")
CHECKS: Final = ("tasks", "descriptors", "errors")
MARK: Final = "tornadolike"
GEN_TEST: Final = "gen_test"

MARK_HELP: Final = (
    "tornadolike(timeout=None, check=None): run this coroutine on a loop of tornadolike's. timeout: seconds it may "
    "take; check: what it must not leave behind, some of tasks, descriptors and errors"
)
GEN_TEST_HELP: Final = (
    "gen_test(timeout=None): run this coroutine, or generator, on a loop of tornadolike's, as "
    "pytest-tornado does"
)


def add_options(parser: pytest.Parser) -> None:
    """Tell pytest what we understand."""
    group = parser.getgroup("tornadolike")
    mode_help = "which async tests are tornadolike's: strict (those that say so) or auto (all that nobody else has)"
    group.addoption("--tornadolike-mode", choices=MODES, default=None, help=mode_help)
    parser.addini("tornadolike_mode", mode_help, default="strict")
    timeout_help = "seconds an async test may take, 0 for as long as it likes (default: ASYNC_TEST_TIMEOUT or 5)"
    group.addoption("--tornadolike-timeout", type=float, default=None, help=timeout_help)
    parser.addini("tornadolike_timeout", timeout_help, default="")
    check_help = "what a test on our loop must not leave behind: some of tasks, descriptors, errors"
    parser.addini("tornadolike_check", check_help, type="args", default=[])
    if not any(find_spec(name) for name in ("pytest_tornado", "pytest_tornasync")):
        # Their options, for who comes from there. Two plugins cannot both add them.
        group.addoption("--async-test-timeout", type=float, default=None, help=timeout_help)
        group.addoption(
            "--app-fixture", default="app", help="the fixture that gives the application"
        )
        group.addoption(
            "--ssl-options-fixture",
            default="ssl_options",
            help="the fixture that gives the options of TLS",
        )


def check_settings(config: pytest.Config) -> None:
    """Raise :exc:`pytest.UsageError` for what makes no sense, or is claimed by two plugins."""
    if (mode := mode_of(config)) not in MODES:
        raise pytest.UsageError(f"tornadolike_mode is strict or auto, not {mode!r}")
    default_timeout(config)
    _known(config.getini("tornadolike_check"))
    if mode != "auto":
        return
    for theirs in ("asyncio_mode", "anyio_mode"):
        if _setting(config, theirs) == "auto":
            raise pytest.UsageError(
                f"tornadolike_mode and {theirs} are both auto: each would run every async test. Make one of them "
                "strict, and mark the tests of that one"
            )


def mode_of(config: pytest.Config) -> str:
    """``strict`` or ``auto``."""
    return _setting(config, "tornadolike_mode") or "strict"


def _setting(config: pytest.Config, name: str) -> str | None:
    """What the command line, or else the configuration, says of it; None where nobody knows the name."""
    said: str | None = config.getoption(name, None)
    if said is None:
        try:
            said = config.getini(name)
        except ValueError:
            return None
    return said


def default_timeout(config: pytest.Config) -> float | None:
    """Seconds for a test that does not say it itself, where pytest was told; 0 for as long as it takes."""
    for option in ("tornadolike_timeout", "async_test_timeout"):
        given: float | None = config.getoption(option, None)
        if given is not None:
            return given
    said = config.getini("tornadolike_timeout")
    try:
        return float(said) if said else None
    except ValueError:
        raise pytest.UsageError(
            f"tornadolike_timeout is a number of seconds, not {said!r}"
        ) from None


def timeout_of(item: pytest.Item) -> float:
    """Seconds that a test may take; 0 for as long as it likes."""
    from ..testing import get_async_test_timeout

    for seconds in (_marked(item, "timeout"), default_timeout(item.config)):
        if seconds is not None:
            return float(seconds)
    return get_async_test_timeout()


def checks_of(item: pytest.Item) -> set[str]:
    """What a test must not leave behind."""
    said = _marked(item, "check")
    if said is None:
        said = item.config.getini("tornadolike_check")
    return _known(said.split() if isinstance(said, str) else said)


def _known(names: list[str]) -> set[str]:
    for name in names:
        if name not in CHECKS:
            raise pytest.UsageError(f"tornadolike_check has some of {', '.join(CHECKS)}: {name!r}?")
    return set(names)


def _marked(item: pytest.Item, option: str) -> Any:
    """What the nearest mark says of it, or None."""
    for name in (MARK, GEN_TEST):
        for mark in item.iter_markers(name):
            if mark.kwargs.get(option) is not None:
                return mark.kwargs[option]
    return None
