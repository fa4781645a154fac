"""What is raised where an expression stands, or text, that no escaping makes safe."""

from typing import Any


class Problem(Exception):
    """It says what is wrong and what to write instead, for a :exc:`.ParseError` or for the checker.

    :ivar said: the text from where it is wrong, if that is known more closely than by what follows.
    :ivar skip: where in that text what is wrong ends, if that is known.
    :ivar place: in the page, in front of what is wrong, if it is in text.
    :ivar text: which text.
    :ivar at: where in that text (an index).
    """

    place: Any = None
    text: str = ""
    at: int = 0
    skip: int

    def __init__(self, message: str, said: str = "", skip: int = 0) -> None:
        super().__init__(message)
        self.said = said
        self.skip = skip

    def found(self, place: Any, text: str, at: int) -> None:
        self.place, self.text, self.at = place, text, at
