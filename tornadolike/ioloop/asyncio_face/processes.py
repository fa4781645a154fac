"""subprocess_exec, subprocess_shell."""

from ..core import Core


class Processes(Core):
    """subprocess_exec, subprocess_shell."""
