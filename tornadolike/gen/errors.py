"""Exceptions of Tornado's first coroutines, which took callbacks by keys.

Nothing raises them any more; programs that catch them still find them.
"""


class KeyReuseError(Exception):
    """A key was used for a second callback."""


class UnknownKeyError(Exception):
    """No callback had this key."""


class LeakedCallbackError(Exception):
    """A callback was made and never waited for."""
