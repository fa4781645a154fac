"""Words of docs/client-engines.rst that tell where curl makes something else of the same bytes."""

ALL: frozenset[str] = frozenset()
