"""What providers say in words of their own."""

import pytest

from tornadolike.auth import ProviderAnswerError
from tornadolike.auth.providers.claims import is_true, subject_of, text


@pytest.mark.parametrize("value", [True, "true", "True", "1", 1])
def test_true(value):
    assert is_true(value)


@pytest.mark.parametrize(
    "value", [False, "false", "0", 0, None, "", "yes", 2, 1.0, [True], {}, "TRUE "]
)
def test_not_true(value):
    assert not is_true(value)


@pytest.mark.parametrize(("value", "found"), [("a", "a"), ("", None), (7, None), (None, None)])
def test_text(value, found):
    assert text(value) == found


@pytest.mark.parametrize(("id_", "subject"), [("x", "x"), (7, "7"), (2**64, str(2**64))])
def test_subjects(id_, subject):
    assert subject_of({"id": id_}, "somebody") == subject


@pytest.mark.parametrize(
    "profile", [None, [], {}, {"id": ""}, {"id": 0}, {"id": 1.5}, {"id": False}]
)
def test_nobody(profile):
    with pytest.raises(ProviderAnswerError, match="somebody"):
        subject_of(profile, "somebody")
