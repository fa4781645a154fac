"""What a program gives its templates, as far as its source tells.

It is read, not run. Known are the calls that render a template (``self.render("page.html", title=title)``, a loader's
``load("page.html").generate(...)``) and the names that all templates get: by overriding ``get_template_namespace``, by
a loader's ``namespace`` and the setting ``ui_methods``. A template's name may be a literal, a choice of literals, or a
variable or attribute that is only ever given literals.
"""

import ast
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_RENDERERS = {"render", "render_string", "render_async", "render_stream"}
_GENERATORS = {"generate", "generate_async", "stream"}
_WORDS = (b"render", b"generate", b"stream", b"namespace", b"ui_methods")
_NAME_PARAMETERS = {"template_name", "path", "name"}
_OTHER_PEOPLES = {"site-packages", "node_modules", "__pycache__"}

MOST_FILES = 5_000
"""How many files of Python are read at most."""


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
    :ivar unread: files that are no Python of this version, with the error.
    """

    templates: dict[str, Passed] = field(default_factory=dict)
    everywhere: Passed = field(default_factory=Passed)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def call(self, template: str, passed: Passed) -> None:
        self.templates.setdefault(template, Passed()).add(passed)


def read_callers(paths: Iterable[str | os.PathLike[str]]) -> Callers:
    """Read these files, and all Python below these directories.

    Hidden directories, virtual environments and installed packages are left out. Raises :exc:`FileNotFoundError` for
    a path that is not there, and :exc:`ValueError` if there are more than :data:`MOST_FILES` files.
    """
    callers = Callers()
    attributes = _Literals()
    functions: dict[str, set[str]] = {}
    trees = []
    for path in _python_files(paths):
        try:
            source = path.read_bytes()
            tree = ast.parse(source, str(path))
        except (SyntaxError, ValueError, RecursionError, OSError) as error:
            callers.unread.append((str(path), str(error)))
            continue
        attributes.read_attributes(tree)
        functions[path.stem] = _functions(tree)
        if any(word in source for word in _WORDS):  # trees are large
            trees.append(tree)
    for tree in trees:
        _Reader(tree, attributes, functions, callers).visit(tree)
    return callers


def _python_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(2, "No such file or directory", str(path))
        for file in _below(path) if path.is_dir() else [path]:
            found[file.resolve()] = None
            if len(found) > MOST_FILES:
                raise ValueError(
                    f"there are more than {MOST_FILES} files of Python in {path}; "
                    "say with --code where the program is"
                )
    return list(found)


def _below(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _OTHER_PEOPLES
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


@dataclass(slots=True)
class _Literals:
    """Which texts the variables, or the attributes, of some code may be. None: others than literals, too."""

    values: dict[str, set[str] | None] = field(default_factory=dict)

    def read_attributes(self, tree: ast.AST) -> None:
        """Those that are given to an object, or stand in a class."""
        self._read(tree, ast.Attribute)
        for node in ast.walk(tree):
            for statement in node.body if isinstance(node, ast.ClassDef) else ():
                for target, value in _assignments(statement):
                    if isinstance(target, ast.Name):
                        self._note(target.id, _choice(value))

    def read_variables(self, tree: ast.AST) -> None:
        self._read(tree, ast.Name)

    def _read(self, tree: ast.AST, kind: type[ast.Name] | type[ast.Attribute]) -> None:
        nodes = list(ast.walk(tree))
        given = {id(target): value for node in nodes for target, value in _assignments(node)}
        for node in nodes:
            if isinstance(node, kind) and isinstance(node.ctx, ast.Store):
                name = node.id if isinstance(node, ast.Name) else node.attr
                self._note(name, _choice(given.get(id(node))))

    def _note(self, name: str, texts: set[str] | None) -> None:
        before = self.values.get(name, set())
        self.values[name] = None if before is None or texts is None else before | texts


def _assignments(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What a statement puts where, if it is as simple as that."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(target, value) for target in targets]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            return [(target, value)]
    return []


def _choice(value: ast.expr | None) -> set[str] | None:
    """The texts that an expression may give, if it is made of literals."""
    match value:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=first, orelse=second):
            left, right = _choice(first), _choice(second)
            return None if left is None or right is None else left | right
    return None


class _Reader(ast.NodeVisitor):
    """Reads a module."""

    def __init__(
        self,
        tree: ast.Module,
        attributes: _Literals,
        functions: dict[str, set[str]],
        callers: Callers,
    ) -> None:
        self.attributes = attributes
        self.modules = functions
        self.callers = callers
        self.variables = _Literals()
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
        if len(node.targets) == 1 and _text_of_index(node.targets[0]) == "ui_methods":
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
                self.callers.everywhere.names |= _keys(keyword.value) or set()
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _RENDERERS:
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
        self._passed(self._texts(name), node, passes_on=self._is_parameter(name))

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
                return self.attributes.values.get(attribute)
        return _choice(name)

    def _is_parameter(self, name: ast.expr) -> bool:
        return isinstance(name, ast.Name) and any(
            name.id == argument.arg
            for function in self.functions
            for argument in _parameters(function.args)
        )

    def _passed(self, templates: set[str] | None, node: ast.Call, passes_on: bool = False) -> None:
        passed = Passed({keyword.arg for keyword in node.keywords if keyword.arg})
        for keyword in node.keywords:
            if keyword.arg is None:
                keys = _keys(keyword.value)
                # A method that passes on what it was given, to the template it was given: whoever
                # calls that is read as well.
                if keys is None and not (passes_on and self._is_rest(keyword.value)):
                    passed.is_open = True
                passed.names |= keys or set()
        for template in templates or ():
            self.callers.call(template, passed)
        if templates is None:
            self.callers.everywhere.add(passed)

    def _is_rest(self, value: ast.expr) -> bool:
        return isinstance(value, ast.Name) and any(
            function.args.kwarg is not None and function.args.kwarg.arg == value.id
            for function in self.functions
        )

    def _ui_methods(self, value: ast.expr) -> None:
        match value:
            case ast.Name(id=module) | ast.Attribute(attr=module) if module in self.modules:
                names = self.modules[module]
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    self._ui_methods(part)
                return
            case _:
                names = _keys(value) or set()
        self.callers.everywhere.names |= names


def _imports_templates(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module=module, names=names):
            return (module or "").endswith("template") or any(a.name == "template" for a in names)
        case ast.Import(names=names):
            return any(alias.name.endswith(".template") for alias in names)
    return False


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _functions(module: ast.Module) -> set[str]:
    return {
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def _keys(value: ast.expr) -> set[str] | None:
    """The keys of a dictionary that is written out; None if it is not, or not wholly."""
    match value:
        case ast.Dict(keys=keys):
            return _texts_in(keys) if all(_choice(key) is not None for key in keys) else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            given = [keyword.arg for keyword in keywords]
            return {name for name in given if name} if None not in given else None
    return None


def _names_put(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The keys that a function puts into some dictionary."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Dict(keys=keys):
                found |= _texts_in(keys)
            case ast.Assign(targets=targets):
                found |= {text for target in targets if (text := _text_of_index(target))}
            case ast.Call(func=ast.Name(id="dict") | ast.Attribute(attr="update")):
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


def _texts_in(nodes: Iterable[ast.expr | None]) -> set[str]:
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _text_of_index(target: ast.expr) -> str | None:
    match target:
        case ast.Subscript(slice=ast.Constant(value=str(text))):
            return text
    return None
