"""What a client says for requests that do not say it themselves."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from .checks import check_options
from .other_names import called_here
from .requests import HTTPRequest
from .uncertified import without_certificate

_NEVER: Final = frozenset({"url", "method", "body", "body_producer", "start_time"})
"""Attributes of a request for which a client can have no default: they are what is asked for."""

_WHO_WE_ARE: Final = frozenset(
    {
        *("headers", "cookies", "client_cert", "client_key"),
        *("auth", "auth_username", "auth_password", "auth_mode"),
    }
)


def check_defaults(defaults: Mapping[str, Any]) -> None:
    """Raise :exc:`TypeError` for what is no option that requests have, or none that has a default.

    And what :func:`.check_options` raises for what options cannot be.
    """
    if wrong := sorted(defaults.keys() - _options_with_defaults()):
        raise TypeError(
            f"a client has no default for {', '.join(map(repr, wrong))} of its requests{called_here(wrong)}"
        )
    check_options(defaults, defaults)


@lru_cache(maxsize=1)
def _options_with_defaults() -> frozenset[str]:
    attributes = vars(HTTPRequest("http://localhost/")).keys() | {"headers"}
    return frozenset(name for name in attributes if name[0] != "_") - _NEVER


def for_strangers(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what would tell who we are: headers, cookies, who is asking, our certificate."""
    others = {name: said for name, said in defaults.items() if name not in _WHO_WE_ARE}
    if others.get("ssl_options") is not None:
        others["ssl_options"] = without_certificate(others["ssl_options"])
    return others
