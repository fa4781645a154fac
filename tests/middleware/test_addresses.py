"""What stands for a client."""

from types import SimpleNamespace
from typing import Any

import pytest

from tornadolike.middleware import by_address


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),  # the same client, on a socket for both families
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("0.0.0.0", "0.0.0.0"),
        (None, ""),
    ],
)
def test_addresses(address: str | None, key: str) -> None:
    handler: Any = SimpleNamespace(request=SimpleNamespace(remote_ip=address))
    assert by_address()(handler) == key


def test_larger_networks() -> None:
    handler: Any = SimpleNamespace(request=SimpleNamespace(remote_ip="2001:db8:1:2ff::1"))
    assert by_address(56)(handler) == "2001:db8:1:200::/56"
    for wrong in (0, 129, "64"):
        with pytest.raises(ValueError, match="ipv6_prefix is a number of bits"):
            by_address(wrong)  # type: ignore[arg-type]
