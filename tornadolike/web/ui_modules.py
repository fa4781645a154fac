"""UI modules: parts of pages that bring their scripts and styles with them."""

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from ..escape import linkify
from ..util import ObjectDict
from .handler import RequestHandler
from .resources import files


class UIModule:
    """A part of a page, used in templates by ``{% module Name(...) %}``. A subclass overrides :meth:`render`.

    .. code-block:: python

        class Entry(UIModule):
            def render(self, entry):
                return self.render_string("module-entry.html", entry=entry)

            def css_files(self):
                return "entry.css"

        Application(..., ui_modules={"Entry": Entry})

    A page has one object of each class that it uses. What the other methods give is asked for once, when the
    page is made, and put into it.
    """

    def __init__(self, handler: RequestHandler) -> None:
        self.handler = handler
        self.request = handler.request
        self.locale = handler.locale

    @property
    def ui(self) -> ObjectDict:
        """The handler's UI methods and modules."""
        return self.handler.ui

    @property
    def current_user(self) -> Any:
        """The handler's."""
        return self.handler.current_user

    # To be overridden

    def render(self, *args: Any, **kwargs: Any) -> str | bytes:
        """The part itself, as HTML, for the arguments that the template gives."""
        raise NotImplementedError(f"{type(self).__name__} needs a render() of its own")

    def embedded_javascript(self) -> str | bytes | None:
        """A script to stand at the end of the page's body."""
        return None

    def javascript_files(self) -> str | Iterable[str] | None:
        """Scripts that are files: one or several, absolute or as for ``static_url``."""
        return None

    def embedded_css(self) -> str | bytes | None:
        """A style sheet to stand in the page's head."""
        return None

    def css_files(self) -> str | Iterable[str] | None:
        """Style sheets that are files: one or several, absolute or as for ``static_url``."""
        return None

    def html_head(self) -> str | bytes | None:
        """HTML to stand at the end of the page's head."""
        return None

    def html_body(self) -> str | bytes | None:
        """HTML to stand at the end of the page's body."""
        return None

    # To be called

    def render_string(self, path: str, **kwargs: Any) -> bytes:
        """What a template makes: :meth:`.RequestHandler.render_string`."""
        return self.handler.render_string(path, **kwargs)


class TemplateModule(UIModule):
    """``{% module Template("entry.html", entry=entry) %}``: a template as a UI module.

    Other than ``{% include %}`` it gives the template names of its own. In the template, ``{{
    set_resources(css_files="entry.css") }}`` says what a :class:`UIModule` says by its methods. That is
    put out once for each template, and must be the same each time.
    """

    def __init__(self, handler: RequestHandler) -> None:
        super().__init__(handler)
        self._resources: dict[str, dict[str, Any]] = {}

    def render(self, path: str, **kwargs: Any) -> bytes:
        def set_resources(**resources: Any) -> str:
            if self._resources.setdefault(path, resources) != resources:
                raise ValueError(
                    f"{path} called set_resources() with something else than the first time: "
                    "it must not depend on the template's arguments"
                )
            return ""

        return self.render_string(path, set_resources=set_resources, **kwargs)

    def _wanted(self, key: str) -> list[Any]:
        return [wanted[key] for wanted in self._resources.values() if key in wanted]

    def _wanted_files(self, key: str) -> list[str]:
        return [file for named in self._wanted(key) for file in files(named)]

    def embedded_javascript(self) -> str:
        return "\n".join(self._wanted("embedded_javascript"))

    def javascript_files(self) -> list[str]:
        return self._wanted_files("javascript_files")

    def embedded_css(self) -> str:
        return "\n".join(self._wanted("embedded_css"))

    def css_files(self) -> list[str]:
        return self._wanted_files("css_files")

    def html_head(self) -> str:
        return "".join(self._wanted("html_head"))

    def html_body(self) -> str:
        return "".join(self._wanted("html_body"))


class Linkify(UIModule):
    """``{% module linkify(text) %}``: plain text as HTML in which addresses are links."""

    def render(self, text: str, **kwargs: Any) -> str:
        return linkify(text, **kwargs)


class XsrfForm(UIModule):
    """``{% module xsrf_form_html() %}``: :meth:`.RequestHandler.xsrf_form_html`."""

    def render(self) -> str:
        return self.handler.xsrf_form_html()


def modules_of(setting: Any) -> dict[str, type[UIModule]]:
    """The UI modules of the setting ``ui_modules``, with those that every application has."""
    own: dict[str, type[UIModule]] = {
        "Template": TemplateModule,
        "linkify": Linkify,
        "xsrf_form_html": XsrfForm,
    }
    found = {
        name: value
        for name, value in named_in(setting)
        if isinstance(value, type) and issubclass(value, UIModule)
    }
    return own | found


def methods_of(setting: Any) -> dict[str, Callable[..., Any]]:
    """The UI methods of the setting ``ui_methods``: what is callable and has a name in small letters."""
    return {
        name: value
        for name, value in named_in(setting)
        if callable(value) and not name.startswith("_") and name[:1].lower() == name[:1]
    }


def named_in(setting: Any) -> Iterable[tuple[str, Any]]:
    """The names and values of a Python module, of a dict, or of all that a list of these has."""
    if isinstance(setting, (list, tuple)):
        for one in setting:
            yield from named_in(one)
    elif isinstance(setting, ModuleType):
        for name in dir(setting):
            yield name, getattr(setting, name)
    elif isinstance(setting, Mapping):
        yield from setting.items()
    else:
        raise TypeError(
            "ui_modules and ui_methods are a dict, a Python module or a list of them, "
            f"not {type(setting).__name__}"
        )
