"""Types that requests and engines have in common."""

from collections.abc import Awaitable, Callable

Write = Callable[[bytes], Awaitable[None]]
"""What a producer of a body calls with each piece; awaited, it waits until there is room for more."""

Producer = Callable[[Write], Awaitable[None]]
"""Called with a :data:`Write`, it gives a body."""
