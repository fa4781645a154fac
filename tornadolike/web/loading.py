"""Which templates a handler's pages are made of: loaders, and where they look."""

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from ..template import BaseLoader, Loader
from ..util import lazy
from .head import ResponseHead
from .site import Site

PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
"""The folder of the framework itself, which is nobody's template path."""

Loaders = dict[tuple[Callable[..., BaseLoader], str], BaseLoader]


class Loading(ResponseHead):
    """Finds templates by their names. Loaders, and with them what was compiled, are kept for the application."""

    _template_loaders: ClassVar[WeakKeyDictionary[Site, Loaders]] = WeakKeyDictionary()
    """The loaders of each application, by what made them and the template path."""

    # To be overridden

    def get_template_path(self) -> str | None:
        """The folder of the templates: the setting ``template_path``.

        None stands for the folder of the Python file that calls :meth:`~.RequestHandler.render` or one of
        its relatives.
        """
        return self.settings.get("template_path")

    def create_template_loader(self, template_path: str) -> BaseLoader:
        """The loader for a template path. It is kept, for all handlers of the application that do not override this.

        It is the setting ``template_loader``, or else a :class:`~tornadolike.template.Loader` with the
        settings ``autoescape`` and ``template_whitespace``. That one looks for changed files if the setting
        ``compiled_template_cache`` is false, as with ``debug``.
        """
        settings = self.settings
        if "template_loader" in settings:
            loader: BaseLoader = settings["template_loader"]
            return loader
        options: dict[str, Any] = {}
        if "autoescape" in settings:  # None is a choice
            options["autoescape"] = settings["autoescape"]
        if "template_whitespace" in settings:
            options["whitespace"] = settings["template_whitespace"]
        return Loader(template_path, auto_reload=not self._keeps_templates(), **options)

    # Finding

    def _keeps_templates(self) -> bool:
        keeps: bool = self.settings.get("compiled_template_cache", True)
        return keeps

    def _load_template(self, name: str) -> Any:
        """The template ``name``: one of ours, or whatever else the author's loader gives."""
        path = self.get_template_path() or folder_of_caller(sys._getframe(1))
        key = type(self).create_template_loader, path
        loaders = self._template_loaders.setdefault(self.application, {})
        loader = loaders.get(key)
        if loader is None:
            loader = loaders.setdefault(key, self.create_template_loader(path))
        if not self._keeps_templates() and not getattr(loader, "auto_reload", False):
            self._reset_once(loader)
        return loader.load(name)

    def _reset_once(self, loader: BaseLoader) -> None:
        """Have a loader that does not look for changes forget its templates, once in a request."""
        if loader not in self._reset_loaders:
            self._reset_loaders.append(loader)
            loader.reset()

    @lazy
    def _reset_loaders(self) -> list[BaseLoader]:
        return []


def folder_of_caller(frame: FrameType) -> str:
    """The folder of the Python file that the nearest frame belongs to which is neither ours nor a template's."""
    while is_passed_over(frame) and frame.f_back is not None:
        frame = frame.f_back
    return os.path.dirname(frame.f_code.co_filename)


def is_passed_over(frame: FrameType) -> bool:
    # Templates know their module tag's names as globals.
    return frame.f_code.co_filename.startswith(PACKAGE) or "_tt_modules" in frame.f_globals
