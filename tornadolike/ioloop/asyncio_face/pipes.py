"""connect_read_pipe, connect_write_pipe."""

from ..core import Core


class Pipes(Core):
    """connect_read_pipe, connect_write_pipe."""
