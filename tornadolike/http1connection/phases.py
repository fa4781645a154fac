"""What a connection is doing. The package's docstring says what each phase means."""

from typing import Final

IDLE: Final = "IDLE"
HEAD: Final = "HEAD"
BODY: Final = "BODY"
HANDLING: Final = "HANDLING"
WRITING: Final = "WRITING"
LINGERING: Final = "LINGERING"
ENDED: Final = "ENDED"
UPGRADED: Final = "UPGRADED"
