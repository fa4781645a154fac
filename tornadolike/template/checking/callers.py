"""What a program gives its templates, as far as its source tells.

It is read, not run. Known are the calls that render a template (``self.render("page.html", title=title)``, a loader's
``load("page.html").generate(...)``) and the names that all templates get: by overriding ``get_template_namespace``, by
a loader's ``namespace`` and the setting ``ui_methods``. A template's name may be a literal, a choice of literals, or a
variable or attribute that is only ever given literals.
"""

import ast
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from .literals import Literals, choice, keys_of, text_of_index, texts_in
from .sources import parse_python, python_files

_RENDERERS = {"render", "render_string", "render_async", "render_stream"}
_GENERATORS = {"generate", "generate_async", "stream"}
_WORDS = (b"render", b"generate", b"stream", b"namespace", b"ui_methods")
_NAME_PARAMETERS = {"template_name", "path", "name"}


@dataclass(slots=True)
class Passed:
    """What is passed to a template.

    :ivar names: of keyword arguments.
    :ivar is_open: whether there may be more, by ``**``.
    """

    names: set[str] = field(default_factory=set)
    is_open: bool = False

    def add(self, other: "Passed") -> None:
        self.names |= other.names
        self.is_open |= other.is_open


@dataclass(slots=True)
class Callers:
    """What the whole program passes.

    :ivar templates: by the template's name.
    :ivar everywhere: names that every template may have, and what is passed to templates that are not told by name.
    :ivar anything: paths and lines of calls by which every template may have any name.
    :ivar unread: files that are no Python of this version, with the error.
    """

    templates: dict[str, Passed] = field(default_factory=dict)
    everywhere: Passed = field(default_factory=Passed)
    anything: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def call(self, template: str, passed: Passed) -> None:
        self.templates.setdefault(template, Passed()).add(passed)


def read_callers(paths: Iterable[str | os.PathLike[str]]) -> Callers:
    """Read these files, and all Python below these directories.

    Hidden directories, virtual environments and installed packages are left out. Raises :exc:`FileNotFoundError` for
    a path that is not there, and :exc:`ValueError` if there are more than :data:`.sources.MOST_FILES` files.
    """
    callers = Callers()
    program = _Program()
    files = python_files(paths)
    for path in files:
        try:
            program.read(path.stem, parse_python(path.read_bytes(), path))
        except (SyntaxError, ValueError, RecursionError, OSError) as error:
            callers.unread.append((str(path), str(error)))
    unread = {path for path, _ in callers.unread}
    words = [*_WORDS, *(name.encode() for name in program.renderers)]
    for path in files:
        if str(path) in unread:
            continue
        try:
            source = path.read_bytes()
            if any(word in source for word in words):
                tree = parse_python(source, path)
                _Reader(str(path), tree, program, callers).visit(tree)
        except (RecursionError, OSError) as error:
            callers.unread.append((str(path), str(error)))
    return callers


@dataclass(slots=True)
class _Program:
    """What has to be known of all modules before one is read for its calls. (Trees are too large to be kept.)

    :ivar attributes: of objects and classes, that hold templates' names.
    :ivar functions: of each module.
    :ivar renderers: methods that take a template's name and what to pass to it, and pass both on.
    """

    attributes: Literals = field(default_factory=Literals)
    functions: dict[str, set[str]] = field(default_factory=dict)
    renderers: set[str] = field(default_factory=lambda: set(_RENDERERS))

    def read(self, module: str, tree: ast.Module) -> None:
        self.attributes.read_attributes(tree)
        self.functions[module] = _functions(tree)
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                _passes_on(call, function) for call in ast.walk(function)
            ):
                self.renderers.add(function.name)


def _passes_on(call: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a call renders the template that the function is given, with all that it is given."""
    match call:
        case ast.Call(func=ast.Attribute(attr=method), args=[ast.Name(id=name), *_]):
            rest = function.args.kwarg
            return (
                method in _RENDERERS
                and rest is not None
                and name in _parameters(function.args)
                and any(
                    keyword.arg is None
                    and isinstance(keyword.value, ast.Name)
                    and keyword.value.id == rest.arg
                    for keyword in call.keywords
                )
            )
    return False


class _Reader(ast.NodeVisitor):
    """Reads a module."""

    def __init__(
        self,
        path: str,
        tree: ast.Module,
        program: _Program,
        callers: Callers,
    ) -> None:
        self.path = path
        self.program = program
        self.callers = callers
        self.variables = Literals()
        self.variables.read_variables(tree)
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        # Variables that hold a loaded template.
        self.loaded: dict[str, set[str]] = {}
        # `generate` and `stream` are words that others use as well.
        self.knows_templates = any(map(_imports_templates, ast.walk(tree)))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "get_template_namespace":
            self.callers.everywhere.names |= _names_put(node)
        self.functions.append(node)
        self.generic_visit(node)
        self.functions.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Assign(self, node: ast.Assign) -> None:
        names = self._loaded(node.value)
        for target in node.targets:
            if names is not None and isinstance(target, ast.Name):
                self.loaded.setdefault(target.id, set()).update(names)
        if len(node.targets) == 1 and text_of_index(node.targets[0]) == "ui_methods":
            self._ui_methods(node.value)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "ui_methods":
                self._ui_methods(value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg == "ui_methods":
                self._ui_methods(keyword.value)
            elif keyword.arg == "namespace":
                self.callers.everywhere.names |= keys_of(keyword.value) or set()
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in self.program.renderers:
                self._render(node)
            elif node.func.attr in _GENERATORS:
                self._generate(node, node.func.value)
        self.generic_visit(node)

    def _render(self, node: ast.Call) -> None:
        name: ast.expr | None = node.args[0] if node.args else None
        for keyword in node.keywords if name is None else ():
            if keyword.arg in _NAME_PARAMETERS:
                name = keyword.value
                break
        if name is None or isinstance(name, ast.Starred):
            return  # a UIModule's own render, for one
        # Whoever calls a method that passes on what it was given is read as well; what it adds is for all.
        inmost = self.functions[-1] if self.functions else None
        if inmost is not None and _passes_on(node, inmost):
            names = _names_put(inmost) | {keyword.arg for keyword in node.keywords if keyword.arg}
            self.callers.everywhere.names |= names
        else:
            self._passed(self._texts(name), node)

    def _generate(self, node: ast.Call, template: ast.expr) -> None:
        if isinstance(template, ast.Name) and template.id in self.loaded:
            self._passed(self.loaded[template.id], node)
        elif (names := self._loaded(template)) is not None:
            self._passed(names, node)
        elif self.knows_templates:
            self._passed(None, node)

    def _loaded(self, value: ast.expr) -> set[str] | None:
        """The template that ``loader.load("its name")`` gives."""
        match value:
            case ast.Call(func=ast.Attribute(attr="load"), args=[name, *_]):
                return self._texts(name)
        return None

    def _texts(self, name: ast.expr) -> set[str] | None:
        match name:
            case ast.Name(id=variable) if not self._is_parameter(name):
                return self.variables.values.get(variable)
            case ast.Attribute(attr=attribute):
                return self.program.attributes.values.get(attribute)
        return choice(name)

    def _is_parameter(self, name: ast.Name) -> bool:
        return any(name.id in _parameters(function.args) for function in self.functions)

    def _passed(self, templates: set[str] | None, node: ast.Call) -> None:
        passed = Passed({keyword.arg for keyword in node.keywords if keyword.arg})
        for keyword in node.keywords:
            if keyword.arg is None:
                keys = keys_of(keyword.value)
                passed.is_open |= keys is None
                passed.names |= keys or set()
        for template in templates or ():
            self.callers.call(template, passed)
        if templates is None:
            self.callers.everywhere.add(passed)
            if passed.is_open:
                self.callers.anything.append(f"{self.path}:{node.lineno}")

    def _ui_methods(self, value: ast.expr) -> None:
        match value:
            case ast.Name(id=module) | ast.Attribute(attr=module) if (
                module in self.program.functions
            ):
                names = self.program.functions[module]
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    self._ui_methods(part)
                return
            case _:
                names = keys_of(value) or set()
        self.callers.everywhere.names |= names


def _imports_templates(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module=module, names=names):
            return (module or "").endswith("template") or any(a.name == "template" for a in names)
        case ast.Import(names=names):
            return any(alias.name.endswith(".template") for alias in names)
    return False


def _parameters(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {argument.arg for argument in every}


def _functions(module: ast.Module) -> set[str]:
    return {
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def _names_put(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The keys that a function puts into some dictionary."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Dict(keys=keys):
                found |= texts_in(keys)
            case ast.Assign(targets=targets):
                found |= {text for target in targets if (text := text_of_index(target))}
            case ast.Call(func=ast.Name(id="dict") | ast.Attribute(attr="update")):
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found
