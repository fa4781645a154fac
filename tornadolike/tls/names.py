"""Host names and IP addresses as certificates have them, and which of them an authority may sign for."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from cryptography import x509

LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)(\*\.)?{LABEL}(\.{LABEL})*")


def general_name(name: str) -> x509.GeneralName:
    """A host name or an IP address as certificates have it. Raises :exc:`ValueError` for anything else."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        ascii_name = name.lower().encode("idna").decode()
    except UnicodeError:  # a label is empty or too long
        ascii_name = ""
    if not HOST_NAME.fullmatch(ascii_name):
        raise ValueError(
            f"{name!r} is neither a host name nor an IP address. Pass www.example.test, "
            "*.example.test or 192.0.2.1, without scheme and port"
        )
    return x509.DNSName(ascii_name)


def subtree(name: x509.GeneralName) -> x509.GeneralName:
    """What an authority has to be permitted to sign for ``name``."""
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(name.value))
    return x509.DNSName(name.value.removeprefix("*."))


def is_permitted(name: x509.GeneralName, subtrees: Iterable[x509.GeneralName]) -> bool:
    """Whether one of the subtrees, as RFC 5280 has them in section 4.2.1.10, has the name."""
    return any(_is_below(name, each) for each in subtrees)


def _is_below(name: x509.GeneralName, tree: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName) and isinstance(tree, x509.DNSName):
        return f".{name.value}".endswith(f".{tree.value}")
    if isinstance(name, x509.IPAddress) and isinstance(tree, x509.IPAddress):
        return ipaddress.ip_address(str(name.value)) in ipaddress.ip_network(str(tree.value))
    return False
