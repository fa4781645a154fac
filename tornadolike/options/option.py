"""One option: what it may be, and what it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from . import values

_UNSET: Final = object()

_SECRET_WORDS: Final = frozenset(
    ("key", "passphrase", "passwd", "password", "secret", "secrets", "token")
)


@dataclass(slots=True)
class Option:
    """An option as it was defined.

    :ivar place: the module that has defined it; empty for what each parser has.
    :ivar secret: whether its value is kept out of the help and of errors.
    :ivar source: who gave it the value that it has, for people.
    """

    name: str
    default: Any
    type: type
    help: str | None
    metavar: str | None
    multiple: bool
    file_name: str
    group_name: str
    callback: Callable[[Any], None] | None
    secret: bool
    place: str
    source: str = "the default"
    _value: Any = field(default=_UNSET, init=False)

    def value(self) -> Any:
        """What it is: the default as long as nobody has said anything."""
        return self.default if self._value is _UNSET else self._value

    def read(self, text: str) -> Any:
        """The value that this text stands for. Raises :exc:`.InvalidValue`."""
        return values.read(text, self.type, multiple=self.multiple, secret=self.secret)

    def fit(self, value: Any) -> Any:
        """The value for what a file of data has. Raises :exc:`.InvalidValue`."""
        return values.fit(value, self.type, multiple=self.multiple, secret=self.secret)

    def check(self, value: Any) -> None:
        """Raise :exc:`.InvalidValue` for what the program cannot have it be."""
        values.check(value, self.type, multiple=self.multiple, secret=self.secret)

    def give(self, value: Any, source: str) -> None:
        """Let it be this. The callback is to be told (:meth:`tell`)."""
        self._value = value
        self.source = source

    def tell(self) -> None:
        """Call its callback."""
        if self.callback is not None:
            self.callback(self._value)


def is_secret(name: str) -> bool:
    """Whether an option of this name has a secret, if nobody says it: by its last word."""
    return name.rpartition("-")[2] in _SECRET_WORDS


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a source says about an option."""

    option: Option
    value: Any
    source: str

    def apply(self) -> None:
        """Let it hold, and tell the option's callback."""
        self.option.give(self.value, self.source)
        self.option.tell()
