"""From the files of a server's certificates to contexts, one for each set of certificates."""

import datetime
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..log import gen_log
from .errors import CertificateError
from .files import CertificateFiles, Leaf, Password, Stamp, stamp
from .policy import ServerPolicy

ATTEMPTS: Final = 3
"""How often everything is loaded until nobody changed the files meanwhile."""


@dataclass(frozen=True)
class Sources:
    """Where everything comes from."""

    files: tuple[CertificateFiles, ...]
    policy: ServerPolicy
    password: Password

    def paths(self) -> list[str]:
        """All files, each once."""
        paths = [path for each in self.files for path in (each.certfile, each.keyfile)]
        if self.policy.ca_certs is not None:
            paths.append(self.policy.ca_certs)
        return list(dict.fromkeys(paths))

    def stamps(self) -> tuple[Stamp, ...]:
        """How the files are now; other files have other stamps."""
        return tuple(stamp(path) for path in self.paths())

    def load(self) -> "Loaded":
        """Make everything anew. Raises :exc:`CertificateError`."""
        for _ in range(ATTEMPTS):
            stamps = self.stamps()
            try:
                loaded = _load(self, stamps)
            except CertificateError:
                if stamps == self.stamps():
                    raise
            else:
                # Or the names could be those of one certificate and the context have another.
                if stamps == self.stamps():
                    return loaded
        raise CertificateError(
            f"the files change while they are read ({', '.join(self.paths())}): try again"
        )


@dataclass(frozen=True)
class Loaded:
    """What was made of the files, at one moment."""

    contexts: dict[str, ssl.SSLContext]
    """By name, in lower case, some perhaps as ``*.example.com``."""
    default: ssl.SSLContext
    stamps: tuple[Stamp, ...]
    trusted: bytes
    """What is in ``ca_certs``."""
    end: datetime.datetime
    """When the first of the certificates ends."""

    def find(self, name: str) -> ssl.SSLContext | None:
        """The context for a host name, if there is a certificate for it."""
        name = name.lower().rstrip(".")
        return self.contexts.get(name) or self.contexts.get("*." + name.partition(".")[2])


def _load(sources: Sources, stamps: tuple[Stamp, ...]) -> Loaded:
    made: dict[tuple[CertificateFiles, ...], ssl.SSLContext] = {}

    def context_with(chosen: Iterable[CertificateFiles]) -> ssl.SSLContext:
        key = tuple(chosen)
        if key not in made:
            context = made[key] = sources.policy.new_context()
            for files in key:
                files.load_into(context, sources.password)
        return made[key]

    leaves = [files.read() for files in sources.files]
    # For each name, of each kind of key, the first.
    chosen: dict[str, dict[type, CertificateFiles]] = {}
    for files, leaf in zip(sources.files, leaves, strict=True):
        context_with([files])  # also one that nothing is chosen from: what is wrong is said now
        _warn_of(files, leaf)
        for name in leaf.names:
            chosen.setdefault(name, {}).setdefault(leaf.kind, files)
    contexts = {name: context_with(kinds.values()) for name, kinds in chosen.items()}
    first = leaves[0].names
    return Loaded(
        contexts=contexts,
        default=contexts[first[0]] if first else context_with(sources.files[:1]),
        stamps=stamps,
        trusted=sources.policy.trusted(),
        end=min(leaf.end for leaf in leaves),
    )


def _warn_of(files: CertificateFiles, leaf: Leaf) -> None:
    now = datetime.datetime.now(datetime.UTC)
    if now > leaf.end:
        gen_log.warning("The certificate in %s ended at %s", files.certfile, leaf.end)
    elif now < leaf.begin:
        gen_log.warning("The certificate in %s is good from %s only", files.certfile, leaf.begin)
