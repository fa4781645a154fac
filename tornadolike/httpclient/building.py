"""Bodies of requests: JSON and forms."""

import json as json_module
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .engine_types import Producer

Form = Mapping[str, str] | Sequence[tuple[str, str]]
"""Fields of a form by their names."""

Files = Mapping[str, Any]
"""Files of a form by the names of their fields."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent."""

    content_type: str
    data: bytes | None = None
    producer: Producer | None = None
    length: int | None = None
    """Bytes that ``producer`` will give, if that is known."""


def build_body(json: Any = None, form: Form | None = None, files: Files | None = None) -> Body:
    """The body that one of these makes. Raises :exc:`ValueError` for several that do not go together."""
    if json is not None:
        if form is not None or files is not None:
            raise ValueError("a body is json, or a form with its files: give one of them")
        text = json_module.dumps(json, ensure_ascii=False, separators=(",", ":"))
        return Body("application/json", text.encode())
    return Body("application/x-www-form-urlencoded", urlencode(form or {}).encode())
