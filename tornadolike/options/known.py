"""The options that there are, by their names."""

from .errors import Error
from .option import Option


def normalized(name: str) -> str:
    """The name as it is looked for: who writes ``-`` or ``_`` means the same."""
    return name.replace("_", "-")


class Known(dict[str, Option]):
    """Options by their normalized names, in the order in which they were defined."""

    def find(self, name: str) -> Option | None:
        """The option of that name, however it is written; None if there is none."""
        return self.get(normalized(name))

    def settable(self) -> dict[str, Option]:
        """All that can stand in a file or in the environment: not the help."""
        return {name: option for name, option in self.items() if option.place}

    def add(self, option: Option) -> None:
        """Take one in. Raises :exc:`.Error` if there is one of that name."""
        name = normalized(option.name)
        if name in self:
            where = self[name].file_name
            raise Error(f"Option {name!r} is already defined{f' in {where}' if where else ''}")
        self[name] = option
