"""OpenID 2.0: asking for attributes of a user, and reading them (OpenID Attribute Exchange 1.0). Pure functions."""

from collections.abc import Iterable, Mapping
from typing import Final

NAMESPACE: Final = "http://openid.net/srv/ax/1.0"
_NAMES: Final = {
    "firstname": "http://axschema.org/namePerson/first",
    "fullname": "http://axschema.org/namePerson",
    "lastname": "http://axschema.org/namePerson/last",
}
"""All that ``"name"`` asks for."""
_OTHERS: Final = {
    "email": "http://axschema.org/contact/email",
    "language": "http://axschema.org/pref/language",
    "username": "http://axschema.org/namePerson/friendly",
}


def request_for(attributes: Iterable[str]) -> dict[str, str]:
    """The arguments that ask for attributes: ``"name"``, ``"email"``, ``"language"``, ``"username"``. Raises
    :exc:`KeyError` for others."""
    wanted = list(dict.fromkeys(attributes))
    if not wanted:
        return {}
    types: dict[str, str] = {}
    if "name" in wanted:
        types |= _NAMES
        wanted = [name for name in wanted if name != "name" and name not in _NAMES]
    types |= {name: _OTHERS[name] for name in wanted}
    return {
        "openid.ns.ax": NAMESPACE,
        "openid.ax.mode": "fetch_request",
        **{f"openid.ax.type.{name}": type_ for name, type_ in types.items()},
        "openid.ax.required": ",".join(types),
    }


def user_of(signed: Mapping[str, str]) -> dict[str, str]:
    """The user of an answer, of which these fields are signed: ``claimed_id``, and what there is of ``name``,
    ``first_name``, ``last_name``, ``email``, ``locale`` and ``username``."""
    said = _by_type(signed)
    first, last = said.get(_NAMES["firstname"], ""), said.get(_NAMES["lastname"], "")
    email = said.get(_OTHERS["email"], "")
    name = (
        said.get(_NAMES["fullname"], "")
        or " ".join(part for part in (first, last) if part)
        or email.partition("@")[0]
    )
    user = {
        "first_name": first,
        "last_name": last,
        "name": name,
        "email": email,
        "locale": said.get(_OTHERS["language"], "").lower(),
        "username": said.get(_OTHERS["username"], ""),
        "claimed_id": signed.get("claimed_id", ""),
    }
    return {key: value for key, value in user.items() if value}


def _by_type(signed: Mapping[str, str]) -> dict[str, str]:
    """The values of attributes by their types: the provider chooses the names."""
    for name, value in signed.items():
        if name.startswith("ns.") and value == NAMESPACE:
            alias = name.removeprefix("ns.")
            break
    else:
        return {}
    types, values = f"{alias}.type.", f"{alias}.value."
    return {
        type_: signed.get(values + name.removeprefix(types), "").strip()
        for name, type_ in signed.items()
        if name.startswith(types)
    }
