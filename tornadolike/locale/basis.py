"""What the formats need of the locale that they are mixed into."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


class Basis:
    """The part of `Locale` that the formats stand on; `Locale` gives it its meaning."""

    code: str
    if TYPE_CHECKING:

        @property
        def babel(self) -> Any:
            """Babel's data of this language."""

        def find(
            self, message: str, plural_message: str | None = None, count: int | None = None
        ) -> str | None:
            """The translation of a message in the site's catalogues, or None."""

        def own(
            self, message: str, plural_message: str | None = None, count: int | None = None
        ) -> str:
            """The translation of a message in the site's catalogues or in ours, or the message."""
