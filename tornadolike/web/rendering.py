"""Pages: responses that templates make."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import aclosing
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from ..escape import to_unicode, utf8, xhtml_escape
from ..util import ObjectDict, lazy
from .addresses import Addresses, is_absolute
from .languages import Languages
from .loading import Loading
from .resources import END_OF_BODY, END_OF_HEAD, Resources, StreamedPage, insert
from .stepping import before_waiting
from .xsrf import Xsrf

FLUSH_SIZE: Final = 64 * 1024
"""Bytes of a page that are sent as soon as they are there, also if the template need not wait for anything."""


class Rendering(Xsrf, Languages, Addresses, Loading):
    """Makes pages of templates, with the UI modules and UI methods of the application."""

    _active_modules: dict[str, Any] | None = None
    """The UI modules that were used so far, by name: one of each."""

    # Pages

    def render(self, template_name: str, **kwargs: Any) -> "asyncio.Future[None]":
        """Finish the response with the page that the template makes.

        :arg template_name: as its loader knows it (:meth:`create_template_loader`).
        :arg kwargs: names for the template, beside those of :meth:`get_template_namespace`.

        What the page's UI modules want in its head and at the end of its body is put there. Awaiting the
        result is optional, as with :meth:`finish`. Raises :exc:`RuntimeError` after :meth:`finish`, and for
        a template that awaits something, which :meth:`render_async` renders.
        """
        self._check_unfinished("render")
        return self.finish(self._complete(self._generate(template_name, kwargs, "render_async")))

    def render_async(self, template_name: str, **kwargs: Any) -> Coroutine[Any, Any, None]:
        """As :meth:`render`, for a template that awaits something; others are welcome. To be awaited."""
        self._check_unfinished("render_async")
        return self._finish_later(self.render_string_async(template_name, **kwargs))

    def render_stream(self, template_name: str, **kwargs: Any) -> Coroutine[Any, Any, None]:
        """Finish the response with the page that the template makes, and send the page while it is made.

        To be awaited. What is there goes out when the template has to wait for something, and whenever it has
        become large; the template goes on when the client has taken enough of it. For the length of such a
        page nobody knows, it has no ``Content-Length``, and no Etag but one that the handler has set. A page
        that comes to its end before goes out as by :meth:`render`.

        An exception before the first piece is answered as any. Behind it the status is sent, so that the
        connection is cut: the client cannot take a part of the page for the whole. To HEAD the template runs
        up to its first piece.

        UI modules that are used before the head's end is sent have their styles in the head, as with
        :meth:`render`; those of the others come at the end of the body.
        """
        self._check_unfinished("render_stream")
        template = self._load_template(template_name)
        return self._send_page(template.stream(**self._names(kwargs)))

    def render_string(self, template_name: str, **kwargs: Any) -> bytes:
        """What the template makes, without any response. Arguments and errors as of :meth:`render`."""
        return self._generate(template_name, kwargs, "render_string_async")

    def render_string_async(self, template_name: str, **kwargs: Any) -> Coroutine[Any, Any, bytes]:
        """As :meth:`render_string`, for a template that awaits something; others are welcome."""
        template = self._load_template(template_name)
        making: Coroutine[Any, Any, bytes] = template.generate_async(**self._names(kwargs))
        return making

    def render_linked_js(self, js_files: Iterable[str]) -> str:
        """The elements for the UI modules' scripts that are files. May be overridden, as the next three."""
        return "".join(
            f'<script src="{xhtml_escape(url)}" type="text/javascript"></script>'
            for url in self._urls_of(js_files)
        )

    def render_embed_js(self, js_embed: Iterable[bytes]) -> bytes:
        """The element for the UI modules' scripts."""
        script = b"\n".join(js_embed)
        return b'<script type="text/javascript">\n//<![CDATA[\n%b\n//]]>\n</script>' % script

    def render_linked_css(self, css_files: Iterable[str]) -> str:
        """The elements for the UI modules' styles that are files."""
        return "".join(
            f'<link href="{xhtml_escape(url)}" type="text/css" rel="stylesheet"/>'
            for url in self._urls_of(css_files)
        )

    def render_embed_css(self, css_embed: Iterable[bytes]) -> bytes:
        """The element for the UI modules' styles."""
        return b'<style type="text/css">\n%b\n</style>' % b"\n".join(css_embed)

    def clear(self) -> None:
        """Forget the response that was made so far: status, headers, body and UI modules (but not cookies)."""
        super().clear()
        self._active_modules = None  # an error page has not what the page wanted that failed

    # What templates know

    @lazy
    def ui(self) -> ObjectDict:
        """The UI methods of the application, and its UI modules as ``modules``."""
        return self._make_ui()

    def _make_ui(self) -> ObjectDict:
        application = self.application
        ui = ObjectDict(
            (name, partial(method, self)) for name, method in application.ui_methods.items()
        )
        # The tag {% module %} looks into the second, which nobody takes for a name of their own.
        ui["modules"] = ui["_tt_modules"] = ModuleNamespace(self, application.ui_modules)
        return ui

    def get_template_namespace(self) -> dict[str, Any]:
        """The names that every template of this handler knows. May be overridden, to add to them.

        ``handler``, ``request``, ``current_user``, ``locale``, ``_`` and ``pgettext`` (translate),
        ``static_url``, ``xsrf_form_html``, ``reverse_url``, ``modules``, and the application's UI methods.
        """
        locale = self.locale
        names: dict[str, Any] = {
            "handler": self,
            "request": self.request,
            "current_user": self.current_user,
            "locale": locale,
            "_": locale.translate,
            "pgettext": locale.pgettext,
            "static_url": self.static_url,
            "xsrf_form_html": self.xsrf_form_html,
            "reverse_url": self.reverse_url,
        }
        # Kept by the handler it would keep the handler: only where the handler has asked for it.
        names.update(self.__dict__.get("ui") or self._make_ui())
        return names

    def _names(self, given: dict[str, Any]) -> dict[str, Any]:
        return {**self.get_template_namespace(), **given}

    def _urls_of(self, files: Iterable[str]) -> Iterable[str]:
        """The addresses of files, each once, in their order."""
        return dict.fromkeys(file if is_absolute(file) else self.static_url(file) for file in files)

    # Making pages

    def _check_unfinished(self, method: str) -> None:
        if self._finished:
            raise RuntimeError(f"Cannot {method}() after finish()")

    def _generate(self, name: str, given: dict[str, Any], awaiting: str) -> bytes:
        template = self._load_template(name)
        # A loader of the author's may give templates of another kind.
        if getattr(template, "is_async", False):
            raise RuntimeError(
                f"{name} awaits something; use: await self.{awaiting}({name!r}, ...)"
            )
        page: bytes = template.generate(**self._names(given))
        return page

    async def _finish_later(self, making: Awaitable[bytes]) -> None:
        await self.finish(self._complete(await making))

    async def _send_page(self, pieces: AsyncGenerator[bytes, None]) -> None:
        page = self._begin_page()
        is_head = self.request.method == "HEAD"

        def send() -> None:
            if ready := page.take():
                self.write(ready)
            if self._write_buffer:
                self.flush()

        async with aclosing(pieces):  # who leaves it early ends what the template has begun
            # What the template does not have to wait for is sent together.
            while (piece := await before_waiting(anext(pieces, None), send)) is not None:
                page.add(piece)
                if is_head:
                    await self.flush()
                    break
                if page.size > FLUSH_SIZE:
                    send()
                    await asyncio.sleep(0)  # a fast client must not keep the loop from all others
                if self._sending is not None:
                    await self._sending
        rest = b"" if is_head else page.finish()
        self._active_modules = None
        await self.finish(rest)

    def _begin_page(self) -> StreamedPage:
        in_head = Resources()

        def end_head() -> bytes:
            nonlocal in_head
            in_head = self._wanted()
            return self._styles(in_head)

        def end_body() -> bytes:
            late = self._wanted().behind_the_head(in_head)
            return self._styles(late) + self._scripts(late) + bodies(late)

        return StreamedPage(end_head, end_body)

    def _complete(self, page: bytes) -> bytes:
        """The page with what its UI modules want."""
        if self._active_modules is None:
            return page
        wanted = self._wanted()
        self._active_modules = None  # they have the handler, who need not have them any more
        if not wanted:
            return page
        page = insert(page, page.rfind(END_OF_BODY), self._scripts(wanted), END_OF_BODY)
        page = insert(page, page.find(END_OF_HEAD), self._styles(wanted), END_OF_HEAD)
        return insert(page, page.find(END_OF_BODY), bodies(wanted), END_OF_BODY)

    def _wanted(self) -> Resources:
        return Resources.of(self._active_modules or {})

    def _scripts(self, wanted: Resources) -> bytes:
        pieces = []
        if wanted.js_files:
            pieces.append(utf8(self.render_linked_js(wanted.js_files)))
        if wanted.js:
            pieces.append(utf8(self.render_embed_js(list(wanted.js.values()))))
        return lines(pieces)

    def _styles(self, wanted: Resources) -> bytes:
        """What goes into the head: styles, and whatever else the modules have for it."""
        pieces = []
        if wanted.css_files:
            pieces.append(utf8(self.render_linked_css(wanted.css_files)))
        if wanted.css:
            pieces.append(utf8(self.render_embed_css(list(wanted.css.values()))))
        if wanted.heads:
            pieces.append(b"".join(wanted.heads.values()))
        return lines(pieces)

    # UI modules

    def _ui_module(self, name: str, module: type[Any]) -> Callable[..., str]:
        """What a template calls to have the module ``name`` put out."""

        def render(*args: Any, **kwargs: Any) -> str:
            if self._active_modules is None:
                self._active_modules = {}
            active = self._active_modules.get(name)
            if active is None:
                active = self._active_modules[name] = module(self)
            rendered: str | bytes | Coroutine[Any, Any, Any] = active.render(*args, **kwargs)
            if isinstance(rendered, Coroutine):
                rendered.close()
                raise TypeError(
                    f"the UI module {name} cannot wait: render() is not to be a coroutine; a template may "
                    f"wait for its arguments: {{% module {name}(await ...) %}}"
                )
            return to_unicode(rendered)

        return render


class ModuleNamespace:
    """The UI modules of an application, for the templates of one handler: ``modules.Name(...)``."""

    def __init__(self, handler: Rendering, modules: dict[str, type[Any]]) -> None:
        self._handler = handler
        self._modules = modules

    def __getitem__(self, name: str) -> Callable[..., str]:
        return self._handler._ui_module(name, self._modules[name])

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name in self._modules:
            return self[name]
        close = get_close_matches(name, self._modules, 1)
        hint = f"did you mean {close[0]}?" if close else "the setting ui_modules gives them names"
        raise AttributeError(f"there is no UI module {name}; {hint}")


def bodies(wanted: Resources) -> bytes:
    return lines([b"".join(wanted.bodies.values())] if wanted.bodies else [])


def lines(pieces: list[bytes]) -> bytes:
    return b"".join(piece + b"\n" for piece in pieces)
