"""From the files of a server's certificates to contexts, one for each set of certificates."""

import datetime
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ..log import gen_log
from .errors import CertificateError
from .files import CertificateFiles, Leaf, Password, Stamp, stamp
from .policy import ServerPolicy

ATTEMPTS: Final = 3
"""How often everything is loaded until nobody changed the files meanwhile."""

Stamps = dict[str, Stamp]
Chosen = tuple[CertificateFiles, ...]


@dataclass(frozen=True)
class Loaded:
    """What was made of the files, at one moment."""

    default: ssl.SSLContext
    by_name: dict[str, ssl.SSLContext]
    """Names are in lower case, some perhaps as ``*.example.com``."""
    by_files: dict[Chosen, ssl.SSLContext]
    leaves: dict[CertificateFiles, Leaf]
    stamps: Stamps
    trusted: bytes
    """What is in ``ca_certs``."""

    def find(self, name: str) -> ssl.SSLContext | None:
        """The context for a host name, if there is a certificate for it."""
        name = name.lower().rstrip(".")
        return self.by_name.get(name) or self.by_name.get("*." + name.partition(".")[2])

    def end(self) -> datetime.datetime:
        """When the first of the certificates ends."""
        return min(leaf.end for leaf in self.leaves.values())


@dataclass(frozen=True)
class Sources:
    """Where everything comes from."""

    files: Chosen
    policy: ServerPolicy
    password: Password = field(repr=False)

    def stamps(self) -> Stamps:
        """How the files are now; other files have other stamps."""
        return {path: stamp(path) for path in self._paths(self.files)}

    def load(self, before: Loaded | None = None) -> Loaded:
        """Make everything anew, except what is in ``before`` and was made of the same files.

        Raises :exc:`CertificateError`.
        """
        for _ in range(ATTEMPTS):
            stamps = self.stamps()
            try:
                loaded = self._load(stamps, before)
            except CertificateError:
                if stamps == self.stamps():
                    raise
            else:
                # Or the names could be those of one certificate and the context have another.
                if stamps == self.stamps():
                    return loaded
        raise CertificateError(
            f"the files change while they are read ({', '.join(stamps)}): try again"
        )

    def _load(self, stamps: Stamps, before: Loaded | None) -> Loaded:
        by_files: dict[Chosen, ssl.SSLContext] = {}
        leaves: dict[CertificateFiles, Leaf] = {}

        def is_unchanged(files: Chosen) -> bool:
            return before is not None and all(
                stamps[path] == before.stamps[path] for path in self._paths(files)
            )

        def context_with(files: Iterable[CertificateFiles]) -> ssl.SSLContext:
            key = tuple(files)
            if key not in by_files:
                known = before.by_files.get(key) if before and is_unchanged(key) else None
                by_files[key] = known or self._new_context(key)
            return by_files[key]

        # For each name, of each kind of key, the first.
        chosen: dict[str, dict[type, CertificateFiles]] = {}
        for files in self.files:
            leaf = before.leaves[files] if before and is_unchanged((files,)) else files.read()
            leaves[files] = leaf
            context_with([files])  # also one that nothing is chosen from: what is wrong is said now
            _warn_of(files, leaf)
            for name in leaf.names:
                chosen.setdefault(name, {}).setdefault(leaf.kind, files)
        by_name = {name: context_with(kinds.values()) for name, kinds in chosen.items()}
        first = leaves[self.files[0]].names
        default = by_name[first[0]] if first else context_with(self.files[:1])
        return Loaded(default, by_name, by_files, leaves, stamps, self.policy.trusted())

    def _new_context(self, chosen: Chosen) -> ssl.SSLContext:
        context = self.policy.new_context()
        for files in chosen:
            files.load_into(context, self.password)
        return context

    def _paths(self, chosen: Chosen) -> list[str]:
        """All files that a context with these certificates is made of."""
        paths = [path for files in chosen for path in (files.certfile, files.keyfile)]
        if self.policy.ca_certs is not None:
            paths.append(self.policy.ca_certs)
        return paths


def _warn_of(files: CertificateFiles, leaf: Leaf) -> None:
    now = datetime.datetime.now(datetime.UTC)
    if now > leaf.end:
        gen_log.warning("The certificate in %s ended at %s", files.certfile, leaf.end)
    elif now < leaf.begin:
        gen_log.warning("The certificate in %s is good from %s only", files.certfile, leaf.begin)
