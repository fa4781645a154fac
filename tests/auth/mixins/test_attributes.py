"""auth/mixins/attributes.py: what is asked for of a user, and what is read."""

import pytest

from tornadolike.auth.mixins.attributes import NAMESPACE, request_for, user_of

TYPES = {
    "first": "http://axschema.org/namePerson/first",
    "last": "http://axschema.org/namePerson/last",
    "full": "http://axschema.org/namePerson",
    "email": "http://axschema.org/contact/email",
    "language": "http://axschema.org/pref/language",
    "username": "http://axschema.org/namePerson/friendly",
}


@pytest.mark.parametrize(
    ("wanted", "required"),
    [
        ([], None),
        (["email"], "email"),
        (["email", "email"], "email"),
        (["name"], "firstname,fullname,lastname"),
        (["username", "name", "language"], "firstname,fullname,lastname,username,language"),
        (["name", "firstname"], "firstname,fullname,lastname"),
        (iter(["email", "name"]), "firstname,fullname,lastname,email"),
    ],
)
def test_asking(wanted: list[str], required: str | None) -> None:
    said = request_for(wanted)
    assert said.get("openid.ax.required") == required
    types = [name for name in said if name.startswith("openid.ax.type.")]
    assert len(types) == (0 if required is None else len(required.split(",")))
    assert said.get("openid.ns.ax") == (None if required is None else NAMESPACE)


@pytest.mark.parametrize("name", ["phone", "firstname"])
def test_what_cannot_be_asked_for(name: str) -> None:
    """As in Tornado."""
    with pytest.raises(KeyError, match=name):
        request_for([name])


def answer(alias: str = "ax", **values: str) -> dict[str, str]:
    fields = {f"ns.{alias}": NAMESPACE}
    for number, (name, value) in enumerate(values.items()):
        fields[f"{alias}.type.a{number}"] = TYPES[name]
        fields[f"{alias}.value.a{number}"] = value
    return fields


@pytest.mark.parametrize(
    ("fields", "user"),
    [
        ({}, {}),
        (answer(), {}),
        ({"claimed_id": "https://a/"}, {"claimed_id": "https://a/"}),
        (answer(email="a@b.c"), {"email": "a@b.c", "name": "a"}),
        (answer("ext7", email=" a@b.c "), {"email": "a@b.c", "name": "a"}),
        (answer(first="A"), {"first_name": "A", "name": "A"}),
        (
            answer(first="A", last="B", email="c@d.e"),
            {"first_name": "A", "last_name": "B", "name": "A B", "email": "c@d.e"},
        ),
        (answer(full="C", first="A"), {"first_name": "A", "name": "C"}),
        (answer(language="PT-br", username="u"), {"locale": "pt-br", "username": "u"}),
        (answer(email="", username="u"), {"username": "u"}),
        # a value without a type, a type without a value, a type nobody asked for, no namespace
        ({"ns.ax": NAMESPACE, "ax.value.email": "a@b.c"}, {}),
        ({"ns.ax": NAMESPACE, "ax.type.email": TYPES["email"]}, {}),
        ({"ns.ax": NAMESPACE, "ax.type.x": "http://x/", "ax.value.x": "1"}, {}),
        ({"ax.type.email": TYPES["email"], "ax.value.email": "a@b.c"}, {}),
        ({"ns.ax": "http://x/", "ax.type.e": TYPES["email"], "ax.value.e": "a@b.c"}, {}),
    ],
)
def test_reading(fields: dict[str, str], user: dict[str, str]) -> None:
    assert user_of(fields) == user
