"""Options for :func:`unittest.mock.patch.object`."""

from typing import Any


class Mockable:
    """Hands attributes on to the options, and takes back what was set when it is deleted, as ``patch`` does.

    One object is for one patch at a time of each name.
    """

    def __init__(self, options: Any) -> None:
        # Past our own __setattr__, which is for options.
        vars(self).update(_options=options, _originals={})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._originals:
            raise RuntimeError(f"{name} is patched already: ask for another mockable()")
        self._originals[name] = getattr(self._options, name)
        setattr(self._options, name, value)

    def __delattr__(self, name: str) -> None:
        setattr(self._options, name, self._originals.pop(name))
