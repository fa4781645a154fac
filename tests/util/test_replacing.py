"""ArgReplacer."""

from typing import Any

import pytest

from tornadolike.util import ArgReplacer


def function(
    x: Any, y: Any, callback: Any = None, *more: Any, named: Any = None, **rest: Any
) -> None:
    """Has parameters of every kind."""


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "old", "new_args", "new_kwargs"),
    [
        ("callback", (1, 2), {}, None, (1, 2), {"callback": "new"}),
        ("callback", (1, 2, "old", 3), {}, "old", [1, 2, "new", 3], {}),
        ("callback", (1,), {"y": 2, "callback": "old"}, "old", (1,), {"y": 2, "callback": "new"}),
        ("x", ("old",), {}, "old", ["new"], {}),
        ("named", (1, 2, 3, 4), {"named": "old"}, "old", (1, 2, 3, 4), {"named": "new"}),
        ("named", (1, 2), {}, None, (1, 2), {"named": "new"}),
        ("none_at_all", (1, 2), {}, None, (1, 2), {"none_at_all": "new"}),
    ],
)
def test_an_argument_is_found_and_replaced(
    name: str, args: Any, kwargs: Any, old: Any, new_args: Any, new_kwargs: Any
) -> None:
    replacer = ArgReplacer(function, name)
    assert replacer.name == name
    assert replacer.get_old_value(args, kwargs) == old
    assert replacer.get_old_value(args, kwargs, "default") == (old or "default")
    assert replacer.replace("new", args, kwargs) == (old, new_args, new_kwargs)


def test_methods_count_themselves() -> None:
    class Client:
        def fetch(self, url: str) -> None: ...

    assert ArgReplacer(Client.fetch, "url").arg_pos == 1
