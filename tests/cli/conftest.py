"""What the tests of commands use."""

from tests.programs.conftest import project

__all__ = ["project"]
