"""Where templates come from: files, a package's data, a dictionary, or what a subclass makes of it.

A loader keeps what it has compiled. With ``auto_reload`` it looks at each :meth:`~BaseLoader.load` whether the texts
that a template is made of (its own, those it extends and includes) are still the same, and compiles it anew if not.
"""

import difflib
import errno
import itertools
import os
import posixpath
import threading
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from .template import Template

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_MOST_NAMES = 2000
"""How many names are looked through for one that is like a name that was not found."""
_LONGEST_NAME = 100
"""How much of that name is compared: it may come from a client, and comparing takes time."""

_NO_FILE: Final = (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError)
"""What is raised for names that no file has, or can have: with a null character it is a ValueError."""


class BaseLoader:
    """What all loaders have in common. A subclass says where the texts are:

    .. code-block:: python

        class DatabaseLoader(BaseLoader):
            def resolve_path(self, name, parent_path=None):
                return name

            def _create_template(self, name):
                return Template(self.database.text_of(name), name=name, loader=self)

    and, if it wants to reload them, :meth:`fingerprint`. It may be used from several threads at once.

    :arg autoescape: the function that ``{{ }}`` is escaped with, by its name in the template's namespace; None for
        none, ``"contextual"`` for one that fits each place.
    :arg namespace: names that all templates have.
    :arg whitespace: what becomes of white space: ``"all"``, ``"single"`` or ``"oneline"``. Default: ``"single"`` for
        names that end in ``.html`` or ``.js``, else ``"all"``.
    :arg auto_reload: whether :meth:`load` gives a new template when a text has changed. It costs a ``stat`` call for
        each file of the template, so it is meant for development.
    """

    def __init__(
        self,
        autoescape: str | None = "xhtml_escape",
        namespace: dict[str, Any] | None = None,
        whitespace: str | None = None,
        auto_reload: bool = False,
    ) -> None:
        self.autoescape = autoescape
        self.namespace = namespace or {}
        self.whitespace = whitespace
        self.auto_reload = auto_reload
        self.templates: dict[str, Template] = {}
        # Templates load those they extend and include while they are compiled.
        self.lock = threading.RLock()
        # For each template that is kept: the fingerprints of the texts that it is made of. Of one that was loaded
        # for another (as True says) it is its own only.
        self._texts: dict[str, tuple[dict[str, object], bool]] = {}
        # The fingerprints taken so far by the load that is under way. Each is taken once, and before the text
        # is read: so what changes meanwhile is seen by the next load, also if it was read twice.
        self._seen: dict[str, object] | None = None

    def load(self, name: str, parent_path: str | None = None) -> Template:
        """Give the template of that name, compiled now or before.

        If it has to be compiled anew and cannot be, the error is raised; the one before is kept, and serves again
        should its text come back.

        :arg parent_path: the name of the template which says ``name``; :meth:`resolve_path` tells what it is for.
        """
        name = self.resolve_path(name, parent_path=parent_path)
        if not self.auto_reload and (template := self.templates.get(name)) is not None:
            return template
        with self.lock:
            if self._seen is not None:
                return self._load(name, for_another=True)
            self._seen = {}
            try:
                return self._load(name, for_another=False)
            finally:
                self._seen = None

    def _load(self, name: str, for_another: bool) -> Template:
        template = self.templates.get(name)
        if template is not None and not (self.auto_reload and self._changed(name, for_another)):
            return template
        if not self.auto_reload:
            template = self.templates[name] = self._create_template(name)
            return template
        texts = {name: self._look_at(name)}
        template = self._create_template(name)
        if not for_another:
            texts = {text: self._look_at(text) for text in template.dependencies}
        self.templates[name] = template
        self._texts[name] = texts, for_another
        return template

    def _changed(self, name: str, for_another: bool) -> bool:
        if name not in self._texts:  # somebody switched auto_reload on after it was compiled
            return True
        texts, was_for_another = self._texts[name]
        if for_another:  # which takes its text only
            return self._look_at(name) != texts[name]
        return was_for_another or any(
            self._look_at(text) != before for text, before in texts.items()
        )

    def _look_at(self, name: str) -> object:
        assert self._seen is not None
        if name not in self._seen:
            self._seen[name] = self.fingerprint(name)
        return self._seen[name]

    def reset(self) -> None:
        """Forget what was compiled. Renders that are under way go on with what they have."""
        with self.lock:
            self.templates = {}
            self._texts = {}

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Give the name under which a template is kept.

        :arg name: as it is said by the program, or in ``{% extends %}`` or ``{% include %}``.
        :arg parent_path: in the second case, the name of the template that it is said in.
        """
        raise NotImplementedError

    def _create_template(self, name: str) -> Template:
        """Make the template of that (resolved) name."""
        raise NotImplementedError

    def fingerprint(self, name: str) -> object:
        """Give something that is another when the text of that (resolved) name is.

        It is asked with ``auto_reload`` only. Default: None, always, so nothing is ever reloaded.
        """
        return None

    def path_of(self, name: str) -> str | None:
        """The file that has this (resolved) name, for tracebacks and errors; None if there is none."""
        return None

    def list_templates(self) -> list[str]:
        """The names of all templates, sorted. Raises :exc:`NotImplementedError` if that cannot be told."""
        raise NotImplementedError


class Loader(BaseLoader):
    """Loads templates from files.

    Names are relative to ``root_directory``; in a template they are relative to that template's directory. Such a name
    never leads out of the root directory: one that would is not found. An absolute path is taken as it is, as in
    Tornado, so a name that comes from a user has to be looked up among those that are meant.

    :arg root_directory: where the templates are.
    :arg kwargs: as for :class:`BaseLoader`.
    """

    def __init__(self, root_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.root = os.path.abspath(root_directory)

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Make a name relative to the root directory.

        Raises :exc:`FileNotFoundError` if it leads out of that.
        """
        if os.path.isabs(name):
            return name
        return _inside(_joined(name, parent_path), self.root)

    def _create_template(self, name: str) -> Template:
        path = self.path_of(name)
        try:
            with open(path, "rb") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            if _is_no_file(error):
                raise _not_found(name, path, self.root, _files_below(self.root)) from None
            raise
        return Template(text, name=name, loader=self)

    def fingerprint(self, name: str) -> object:
        return _file_fingerprint(self.path_of(name))

    def path_of(self, name: str) -> str:
        return os.path.join(self.root, name)

    def list_templates(self) -> list[str]:
        """The names of all files below the root directory, hidden ones excepted."""
        return sorted(_files_below(self.root))


class PackageLoader(BaseLoader):
    """Loads templates that come with a package, also when it is in a zip file.

    Names are relative to the directory, and never lead out of it; in a template they are relative to that template's
    directory, unless they begin with ``/``.

    :arg package: its name, or itself.
    :arg directory: the directory within the package, with ``/``.
    :arg kwargs: as for :class:`BaseLoader`.
    """

    def __init__(
        self, package: str | ModuleType, directory: str = "templates", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.package = package
        self.directory = directory
        name = package if isinstance(package, str) else package.__name__
        self._said = f"{directory!r} of the package {name!r}"
        if not self._root().is_dir():
            raise FileNotFoundError(
                errno.ENOENT,
                f"There is no directory {self._said} (do the package's data name it?)",
                str(self._root()),
            )

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Make a name relative to the directory. Raises :exc:`FileNotFoundError` if it leads out of that."""
        if name.startswith("/"):
            return _inside(name.lstrip("/"), self._said)
        return _inside(_joined(name, parent_path), self._said)

    def _create_template(self, name: str) -> Template:
        place = self._place(name)
        try:
            text = place.read_bytes()
        except (OSError, ValueError) as error:
            if _is_no_file(error):
                names = _resources_below(self._root())
                raise _not_found(name, str(place), self._said, names) from None
            raise
        return Template(text, name=name, loader=self)

    def fingerprint(self, name: str) -> object:
        place = self._place(name)
        return _file_fingerprint(place) if isinstance(place, os.PathLike) else None

    def path_of(self, name: str) -> str:
        return str(self._place(name))

    def list_templates(self) -> list[str]:
        """The names of all files in the directory, hidden ones excepted."""
        return sorted(_resources_below(self._root()))

    def _place(self, name: str) -> "Traversable":
        return self._root().joinpath(*name.split("/"))

    def _root(self) -> "Traversable":
        # Found anew each time: of a package in a zip file it holds that file open.
        from importlib.resources import files  # it imports a lot, and few need it

        return files(self.package).joinpath(*self.directory.split("/"))


class DictLoader(BaseLoader):
    """Loads templates from a dictionary of texts. Names in a template are relative to it, as those of files are.

    :arg dict: texts by their names. With ``auto_reload``, one that is replaced is compiled anew.
    :arg kwargs: as for :class:`BaseLoader`.
    """

    def __init__(self, dict: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dict = dict

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        return name if name.startswith("/") else _joined(name, parent_path)

    def _create_template(self, name: str) -> Template:
        try:
            text = self.dict[name]
        except KeyError:
            raise KeyError(
                f"no template {name!r} in the dictionary" + _hint(name, self.dict)
            ) from None
        return Template(text, name=name, loader=self)

    def fingerprint(self, name: str) -> object:
        return self.dict.get(name)

    def list_templates(self) -> list[str]:
        """The dictionary's keys."""
        return sorted(self.dict)


def _joined(name: str, parent: str | None) -> str:
    """A name that a template says, seen from the root. A template without a place of its own stands there."""
    if parent and not parent.startswith(("<", "/")):
        return posixpath.normpath(posixpath.join(posixpath.dirname(parent), name))
    return name


def _inside(name: str, root: str) -> str:
    name = posixpath.normpath(name)
    if name == ".." or name.startswith("../"):
        raise FileNotFoundError(errno.ENOENT, f"The template's name leads out of {root}", name)
    return name


def _file_fingerprint(path: str | os.PathLike[str]) -> object:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _is_no_file(error: OSError | ValueError) -> bool:
    # What is too long has no exception of its own.
    return isinstance(error, _NO_FILE) or error.errno == errno.ENAMETOOLONG


def _not_found(name: str, path: str, root: str, names: Iterable[str]) -> FileNotFoundError:
    return FileNotFoundError(
        errno.ENOENT, f"No template {name!r} in {root}{_hint(name, names)}", path
    )


def _hint(name: str, names: Iterable[str]) -> str:
    others = (other for other in itertools.islice(names, _MOST_NAMES) if other != name)
    close = difflib.get_close_matches(name[:_LONGEST_NAME], others, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _files_below(root: str) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith("."):
                yield os.path.relpath(os.path.join(folder, name), root)


def _resources_below(root: "Traversable", prefix: str = "") -> Iterator[str]:
    for entry in root.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _resources_below(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name
