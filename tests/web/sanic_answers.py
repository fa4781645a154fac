"""``sanic_answers("versions", requests)``: what Sanic answers, which runs in a process of its own.

It is in the extra ``peers``, not in ``test``. Where it is not installed the tables stand as they are: who changes them
runs ``pip install -e .[peers]`` first.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PROGRAM = Path(__file__).with_name("sanic_site.py")


class Answered(NamedTuple):
    status: int
    text: str
    allow: str | None
    after: str | None


def sanic_answers(site: str, requests: Iterable[str]) -> dict[str, Answered]:
    """By the requests (``GET /``); ``site`` is one of those in the program."""
    pytest.importorskip("sanic", reason="asks a peer (the extra peers)")
    asked = json.dumps({site: list(requests)})
    done = subprocess.run([sys.executable, PROGRAM], input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers: dict[str, list[Any]] = json.loads(done.stdout)[site]
    return {request: Answered(*answer) for request, answer in answers.items()}
