"""What a guest is told when something is not possible, by code.

This is the one place for these texts: the English goes out with the event, for whoever reads the
protocol, and the page has all of them in the reader's language and chooses by code.
"""

from __future__ import annotations

from typing import NamedTuple


class Counted(NamedTuple):
    """A text that depends on a number, `count`. Extracted for translation by its name."""

    one: str
    many: str


def N_(text: str) -> str:
    """Mark `text` for extraction."""
    return text


# Translators: {count}, {most} and {room} are filled in. Numbers come in the reader's own digits.
REFUSALS: dict[str, str | Counted] = {
    "bad-client": N_("This page did not introduce itself. Reload it, please."),
    "bad-event": N_("The page and the server misunderstand each other. Reload the page, please."),
    "bad-room": N_("A room's name may have letters, digits, dashes and dots."),
    "closing": N_("The chat is closing. Try again in a moment."),
    "elsewhere": N_("You are in another room now."),
    "empty-message": N_("There is nothing in that message."),
    "empty-name": N_("Please choose a name that others can see."),
    "empty-room": N_("A room's name needs a letter or a digit."),
    "full": N_("The chat is full. Try again in a while."),
    "long-message": Counted(
        "That message has {count} character; {most} are allowed.",
        "That message has {count} characters; {most} are allowed.",
    ),
    "long-name": Counted(
        "That name is too long; {count} character is allowed.",
        "That name is too long; {count} characters are allowed.",
    ),
    "long-room": Counted(
        "That room's name is too long; {count} character is allowed.",
        "That room's name is too long; {count} characters are allowed.",
    ),
    "nowhere": N_("Join a room first."),
    "room-full": N_("{room} is full. Try another room."),
    "too-fast": N_("That was a lot at once. Take a breath."),
    "too-many-rooms": N_("There are too many rooms. Join one of them."),
    "unavailable": N_("The chat is having trouble. Try again in a moment."),
}


def in_english(code: str, values: dict[str, int | str]) -> str:
    """The text for `code`, filled in."""
    text = REFUSALS[code]
    if isinstance(text, Counted):
        text = text.one if values["count"] == 1 else text.many
    shown = {k: f"{v:,}" if isinstance(v, int) else v for k, v in values.items()}
    return text.format_map(shown)
