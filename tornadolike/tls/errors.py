"""What goes wrong with certificates."""


class CertificateError(ValueError):
    """A certificate or a key cannot be used. The text says which file it is, and what to do."""


def unreadable(path: str, error: OSError) -> str:
    """How to say that a file cannot be read."""
    return f"cannot read {path}: {error.strerror or error}"
