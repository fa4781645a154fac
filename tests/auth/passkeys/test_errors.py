"""What does not work, in words."""

import pickle
import re
from pathlib import Path

import pytest

from tornadolike.auth import AuthError
from tornadolike.auth.passkeys import PasskeyError
from tornadolike.auth.passkeys.errors import ANSWERS

PAGE = Path(__file__).parents[3] / "docs" / "passkeys.rst"


@pytest.mark.parametrize("code", ANSWERS)
def test_each_code(code: str) -> None:
    error = PasskeyError(code, "why it is so")
    assert isinstance(error, AuthError)
    assert (error.code, str(error)) == (code, f"{code}: why it is so")
    assert "why" not in error.message
    assert str(PasskeyError(code)) == f"{code}: {error.message}"
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.status, str(again)) == (code, error.status, str(error))


def test_the_page_has_them_all() -> None:
    rows = re.findall(r"^``(\w+)`` +(\d{3}) ", PAGE.read_text(), re.M)
    assert {code: int(status) for code, status in rows} == {
        code: status for code, (status, _) in ANSWERS.items()
    }
