"""Sizes and times, as people read them."""

from typing import Final

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def size_text(size: float) -> str:
    """A number of bytes for people.

    >>> size_text(999), size_text(1_234_567)
    ('999 bytes', '1.2 MB')
    """
    power = 0
    while size >= 999.5 and power < len(_UNITS) - 1:
        size /= 1000
        power += 1
    return f"{size:.0f} {_UNITS[0]}" if power == 0 else f"{size:.1f} {_UNITS[power]}"


def time_text(seconds: float) -> str:
    """Seconds for people.

    >>> time_text(59), time_text(3725)
    ('0:59', '1:02:05')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
