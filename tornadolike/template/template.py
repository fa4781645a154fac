"""A template that can be rendered."""

import ast
import datetime
import threading
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final, Protocol

from .. import escape
from ..escape import native_str
from .compiler import Compiler, Form, Program, Way, compile_tree, sets_own_name
from .errors import ParseError
from .linking import Linked, link
from .nodes import CONTEXTUAL, XHTML_ESCAPE, Extends, Include, Inlined, Source, Tree
from .parser import parse
from .readable import ReadableCompiler
from .tracebacks import point_at_template, refusal
from .waiting import find_waiting
from .walking import walk
from .whitespace import filter_whitespace

_UNSET: Final[Any] = object()

#: What every template knows, unless its loader or its caller gives something else by that name.
DEFAULT_NAMES: Final[dict[str, Any]] = {
    "escape": escape.xhtml_escape,
    "xhtml_escape": escape.xhtml_escape,
    "url_escape": escape.url_escape,
    "json_encode": escape.json_encode,
    "squeeze": escape.squeeze,
    "linkify": escape.linkify,
    "datetime": datetime,
}


class TemplateLoader(Protocol):
    """What a template needs of a loader; see :class:`~tornadolike.template.BaseLoader`."""

    autoescape: str | None
    namespace: dict[str, Any]
    whitespace: str | None

    def load(self, name: str, parent_path: str | None = None) -> "Template":
        """The template of that name, as it is named in ``parent_path``."""
        raise NotImplementedError

    def path_of(self, name: str) -> str | None:
        """The template's file, for tracebacks."""
        raise NotImplementedError


class Template:
    """A template, compiled. It may be rendered by many threads and tasks at once.

    :param template_string: its text; bytes are UTF-8.
    :param name: by which errors tell of it, and to which the names in ``{% include %}`` and ``{% extends %}`` are
        relative.
    :param loader: finds what is extended and included.
    :param compress_whitespace: of old: ``True`` for ``whitespace="single"``, ``False`` for ``"all"``.
    :param autoescape: the name of the function that makes values safe in ``{{ }}``; ``None`` leaves them as they are,
        and ``"contextual"`` chooses by the place. Default: the loader's, or ``xhtml_escape``.
    :param whitespace: ``"all"``, ``"single"`` or ``"oneline"``, see :func:`.filter_whitespace`. Default: the loader's,
        or ``"single"`` for names that end in ``.html`` or ``.js``, or ``"all"``.

    Raises :exc:`.ParseError` for what is no template, and what the loader raises for templates that it does not find.

    :ivar name: as it was given.
    :ivar autoescape: what holds for the whole of its text.
    :ivar namespace: the loader's.
    :ivar loader: as it was given.
    """

    def __init__(
        self,
        template_string: str | bytes,
        name: str = "<string>",
        loader: TemplateLoader | None = None,
        compress_whitespace: bool = _UNSET,
        autoescape: str | None = _UNSET,
        whitespace: str | None = None,
    ) -> None:
        self.name = native_str(name)
        self.loader = loader
        self.namespace = loader.namespace if loader is not None else {}
        if compress_whitespace is not _UNSET:
            if whitespace is not None:
                raise TypeError("Give whitespace or compress_whitespace, not both")
            whitespace = "single" if compress_whitespace else "all"
        if whitespace is None:
            whitespace = (loader and loader.whitespace) or _whitespace_by_name(self.name)
        filter_whitespace(whitespace, "")  # raises for a mode that is none
        if autoescape is _UNSET:
            autoescape = loader.autoescape if loader is not None else XHTML_ESCAPE
        source = Source(self.name, self._path(), native_str(template_string))
        self.tree: Tree = parse(source, whitespace, autoescape)
        self.autoescape = self.tree.autoescape
        self._known: _Whole | None = None
        self._programs: dict[tuple[Form, bool], Program] = {}
        if not _linking.is_under_way:
            # One that is loaded for another is linked and compiled when it is wanted itself.
            is_own = self.namespace.get(XHTML_ESCAPE, escape.xhtml_escape) is escape.xhtml_escape
            self._program("coroutine" if self.is_async else "function", is_own)

    def _path(self) -> str:
        path_of = getattr(self.loader, "path_of", None)  # a loader may be anybody's
        if path_of is None or self.name.startswith("<"):
            return self.name
        return path_of(self.name) or self.name

    @property
    def linked(self) -> Linked:
        """It and all that it extends and includes, as one tree."""
        return self._whole.linked

    @property
    def _whole(self) -> "_Whole":
        # Several threads may make it at once; what belongs together is kept together.
        if self._known is None:
            linked = self._link()
            root = linked.root
            escapers = _escapers_by_context(root) if _is_contextual(root) else {}
            self._known = _Whole(linked, find_waiting(root.body), escapers)
        return self._known

    def _link(self) -> Linked:
        was_under_way = _linking.is_under_way
        _linking.is_under_way = True
        try:
            return link(self.tree, self._find)
        except RecursionError:
            raise ParseError("Too many files in one another", self.tree.source.path, 1) from None
        finally:
            _linking.is_under_way = was_under_way

    def _find(self, tag: Extends | Include) -> Tree:
        if self.loader is None:
            message = f"to find {tag.name!r} the template needs a loader, as Loader(directory)"
            raise tag.source.error(message, tag.start, tag.end)
        return self.loader.load(tag.name, tag.source.name).tree

    @property
    def dependencies(self) -> list[str]:
        """The names of all templates that this one was made of, itself first."""
        return self.linked.dependencies

    @property
    def is_async(self) -> bool:
        """Whether it awaits something, so that :meth:`generate` cannot render it."""
        return bool(self._whole.waiting)

    @property
    def code(self) -> str:
        """The Python that it becomes, written plainly, for people."""
        whole = self._whole
        compiler = ReadableCompiler(whole.way("coroutine" if whole.waiting else "function", True))
        return ast.unparse(compiler.module(whole.linked.root))

    def generate(self, /, **kwargs: Any) -> bytes:
        """Render it with these names. Returns UTF-8.

        Raises what the template's Python raises, and :exc:`RuntimeError` if it awaits something.
        """
        function, program = self._function("function", kwargs)
        try:
            return function(*program.arguments)  # type: ignore[no-any-return]
        except Exception as error:
            self._point(error, program)
            raise

    async def generate_async(self, /, **kwargs: Any) -> bytes:
        """Render it with these names, waiting for what it awaits. Returns UTF-8."""
        function, program = self._function("coroutine", kwargs)
        try:
            return await function(*program.arguments)  # type: ignore[no-any-return]
        except Exception as error:
            self._point(error, program)
            raise

    async def stream(self, /, **kwargs: Any) -> AsyncGenerator[bytes]:
        """Render it with these names, and give its output in pieces.

        What was made goes out whenever the template waits for something, and when it is more than
        :data:`.runtime.CHUNK_SIZE`, at the next turn of a loop. Output within ``{% apply %}`` and ``{% finally %}`` is
        collected. Close it (:func:`contextlib.aclosing`) if you do not read it to its end.
        """
        function, program = self._function("stream", kwargs)
        chunks: AsyncGenerator[bytes] = function(*program.arguments)
        try:
            async for chunk in chunks:
                yield chunk
        except Exception as error:
            self._point(error, program)
            raise
        finally:
            await chunks.aclose()

    def _function(self, form: Form, names: dict[str, Any]) -> tuple[Callable[..., Any], Program]:
        """The template's code over a namespace of its own, and the program that the code is of."""
        namespace = {**DEFAULT_NAMES, "__name__": self.name.replace(".", "_")}
        namespace.update(self.namespace)
        namespace.update(names)
        is_own = namespace[XHTML_ESCAPE] is escape.xhtml_escape
        program = self._programs.get((form, is_own)) or self._program(form, is_own)
        return FunctionType(program.code, namespace), program

    def _program(self, form: Form, is_own: bool) -> Program:
        """Compile a form of it, for namespaces that have our ``xhtml_escape`` or not."""
        if form == "function" and self.is_async:
            raise RuntimeError(
                f"The template {self.name!r} awaits something: render it with generate_async() or"
                " stream(), in a handler with render_async() or render_stream()"
            )
        whole = self._whole
        program = self._compiled(whole, whole.way(form, is_own))
        if is_own and sets_own_name(program.code):
            program = self._compiled(whole, whole.way(form, False))
        self._programs[form, is_own] = program
        return program

    def _compiled(self, whole: "_Whole", way: Way) -> Program:
        compiler = Compiler(way)
        try:
            return compile_tree(whole.linked.root, compiler)
        except ParseError:
            raise
        except SyntaxError as error:
            raise refusal(error, compiler.places) from None
        except (RecursionError, MemoryError):
            path = self.tree.source.path
            raise ParseError("It is nested too deeply for Python", path, 1) from None

    def _point(self, error: Exception, program: Program) -> None:
        try:
            point_at_template(error, program.code.co_filename, program.places)
        except RecursionError:
            pass  # so near to the end of the stack it stays as it is
        finally:
            del error  # whose traceback keeps this frame


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is known of a template and all its files.

    :ivar waiting: what awaits something, by ids.
    :ivar escapers: what outputs are escaped with where the context chooses, by ids.
    """

    linked: Linked
    waiting: set[int]
    escapers: dict[int, str]

    def way(self, form: Form, is_own: bool) -> Way:
        return Way(form, is_own, self.waiting, self.escapers)


class _Linking(threading.local):
    """Whether this thread is linking a template: those that it loads meanwhile can wait."""

    is_under_way = False


_linking: Final = _Linking()


def _escapers_by_context(root: Inlined) -> dict[int, str]:
    from .contexts import choose_escapers  # large, and most programs never need it

    return choose_escapers([root])


def _is_contextual(root: Inlined) -> bool:
    return any(isinstance(node, Inlined) and node.autoescape == CONTEXTUAL for node in walk([root]))


def _whitespace_by_name(name: str) -> str:
    return "single" if name.endswith((".html", ".js")) else "all"
