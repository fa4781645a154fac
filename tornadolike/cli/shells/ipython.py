"""A shell with IPython, if it is installed."""

from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any

from .session import Session


def has_ipython() -> bool:
    """Whether it is installed."""
    return find_spec("IPython") is not None


def run_ipython(session: Session) -> None:
    """Let it ask for Python until it ends; what is awaited runs on the session's loop."""
    from IPython.terminal.embed import InteractiveShellEmbed

    def run(main: Coroutine[Any, Any, Any]) -> Any:
        return session.run(main)

    shell = InteractiveShellEmbed(banner1=session.banner + "\n", user_ns=session.names)
    shell.loop_runner_map["tornadolike"] = (run, True)
    shell.loop_runner = "tornadolike"
    shell.autoawait = True
    shell()
