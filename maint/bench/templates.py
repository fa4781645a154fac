#!/usr/bin/env python3
"""Template engines side by side: rendering, compiling, importing, in CPU milliseconds.

    maint/bench/templates.py ["ENGINE;ENGINE..."] [--rounds N] [--seconds S]

The engines run in this interpreter, each if it is installed (``pip install tornado jinja2 mako minijinja``), as their
users run them: with escaping for HTML, and templates from files, compiled once. Every engine has to make the
same page, but for white space, and to end with bytes. The rounds go through all engines in turn; medians.

``numbers`` and ``text`` are a table of 1000 rows of 10 cells, escaped; ``raw`` is the one of text without escaping; in
``page`` a template extends another and includes a third in a loop, with functions and conditions; ``compile`` makes
the page's templates ready in a new loader; ``import`` is what the engine adds to the start of an interpreter.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(ROOT := Path(__file__).parents[2]))

PAGES = Path(__file__).parent / "pages"
ROWS, CELLS, ITEMS = 1000, 10, 50
IMPORTS = 5

Render = Callable[..., bytes]
Load = Callable[[str], Render]


@dataclass
class Item:
    id: int
    name: str
    text: str
    price: float
    stock: int
    tags: list[str]


@dataclass
class Named:
    """A link of the page, or who is looking at it."""

    name: str = ""
    url: str = ""
    label: str = ""


def excerpt(text: str) -> str:
    """The beginning of a text."""
    return text if len(text) <= 60 else text[:59] + "…"


def price(amount: float) -> str:
    """An amount as people write it."""
    return f"{amount:,.2f} €"


NUMBERS = [list(range(i, i + CELLS)) for i in range(ROWS)]
WORDS = ["plain", "two words", "Tom & Jerry", "<b>bold</b>", "naïve", 'a "quote"', "x", "Straße 7"]
TEXT = [[WORDS[(i + j) % len(WORDS)] for j in range(CELLS)] for i in range(ROWS)]
PAGE = {
    "title": "Lamps & chairs",
    "here": "/lamps",
    "year": 2026,
    "user": Named("Ann <ann@example.com>"),
    "links": [Named(url=f"/{word}", label=word.title()) for word in ("lamps", "chairs", "beds")],
    "items": [
        Item(i, f"Lamp no. {i}", f"A lamp for {i} > 0 & more. " * 4, 9.5 * i, i % 5, ["new", "r&d"])
        for i in range(ITEMS)
    ],
}
JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    "numbers": ("table.html", {"table": NUMBERS}),
    "text": ("table.html", {"table": TEXT}),
    "raw": ("raw_table.html", {"table": TEXT}),
    "page": ("page.html", PAGE),
}


# The engines: each gives a function that loads a template and says how to render it.


def tornadolike() -> Load:
    from tornadolike.template import Loader

    loader = Loader(str(PAGES / "tornado"), namespace={"excerpt": excerpt, "price": price})
    return lambda name: loader.load(name).generate


def contextual() -> Load:
    from tornadolike.template import Loader

    loader = Loader(
        str(PAGES / "tornado"),
        autoescape="contextual",
        namespace={"excerpt": excerpt, "price": price},
    )
    return lambda name: loader.load(name).generate


def tornado() -> Load:
    from tornado.template import Loader

    loader = Loader(str(PAGES / "tornado"), namespace={"excerpt": excerpt, "price": price})
    return lambda name: loader.load(name).generate


def encoded(render: Callable[..., str], *arguments: Any, **values: Any) -> bytes:
    return render(*arguments, **values).encode()


def jinja2() -> Load:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(PAGES / "jinja"), autoescape=True, auto_reload=False
    )
    environment.filters.update(excerpt=excerpt, price=price)
    return lambda name: partial(encoded, environment.get_template(name).render)


def mako() -> Load:
    from mako.lookup import TemplateLookup

    lookup = TemplateLookup([str(PAGES / "mako")], default_filters=["h"], filesystem_checks=False)
    functions = {"excerpt": excerpt, "price": price}
    return lambda name: partial(encoded, lookup.get_template(name).render_unicode, **functions)


def minijinja() -> Load:
    from minijinja import Environment

    environment = Environment(loader=lambda name: (PAGES / "jinja" / name).read_text())
    environment.add_filter("excerpt", excerpt)
    environment.add_filter("price", price)

    def load(name: str) -> Render:
        environment.render_str("")  # nothing is compiled before it is rendered
        return partial(encoded, environment.render_template, name)

    return load


ENGINES = {
    "tornadolike": (tornadolike, "tornadolike.template"),
    "tornadolike, contextual": (contextual, "tornadolike.template"),
    "tornado": (tornado, "tornado.template"),
    "jinja2": (jinja2, "jinja2"),
    "mako": (mako, "mako.lookup"),
    "minijinja": (minijinja, "minijinja"),
}


def repeated(action: Callable[[], object], seconds: float) -> float:
    """CPU milliseconds of an action, repeated for about that long."""
    count = 0
    begun = time.process_time()
    while True:
        action()
        count += 1
        passed = time.process_time() - begun
        if passed >= seconds:
            return passed / count * 1000


def compile_page(engine: Callable[[], Load]) -> None:
    """Make the page ready to be rendered, by rendering it without an item."""
    empty = {**PAGE, "items": [], "links": []}
    engine()("page.html")(**empty)


def import_time(module: str) -> float:
    """CPU milliseconds that importing a module adds to an interpreter's life, once Python has kept its code."""

    def life(program: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(IMPORTS):
            subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        passed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return passed / IMPORTS * 1000

    with TemporaryDirectory() as kept:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": kept, "PYTHONDONTWRITEBYTECODE": ""}
        life(f"import {module}")
        return life(f"import {module}") - life("pass")


def measure(name: str, seconds: float) -> Iterator[tuple[str, float]]:
    """Each job of an engine with its milliseconds."""
    engine, module = ENGINES[name]
    load = engine()
    for job, (template, values) in JOBS.items():
        render = load(template)
        render(**values)
        yield job, repeated(partial(render, **values), seconds)
    yield "compile", repeated(partial(compile_page, engine), seconds)
    yield "import", import_time(module)


def made_alike(names: list[str]) -> None:
    """Stop the program if the engines do not make the same of a job."""
    for template, values in JOBS.values():
        pages = {name: ENGINES[name][0]()(template)(**values) for name in names}
        squeezed = {name: plain(page) for name, page in pages.items()}
        first = squeezed[names[0]]
        for name, page in squeezed.items():
            if page != first:
                sys.exit(f"{name} and {names[0]} make different pages of {template}")


def plain(page: bytes) -> str:
    """A page without white space, and with one spelling of each escape."""
    text = "".join(page.decode().split())
    for one, other in (("&#34;", "&quot;"), ("&#39;", "&#x27;"), ("&#x2f;", "/"), ("%2F", "/")):
        text = text.replace(one, other)
    return text


def installed(names: list[str]) -> Iterator[str]:
    """Those that can be measured here; the others are told."""
    for name in names:
        try:
            ENGINES[name][0]()
        except ModuleNotFoundError as error:
            print(f"(without {name}: {error})", file=sys.stderr)
        else:
            yield name


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engines", nargs="?", default=";".join(ENGINES), help="separated by ;")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each job; default: 0.5")
    options = parser.parse_args()
    names = options.engines.split(";")
    if unknown := set(names) - set(ENGINES):
        sys.exit(
            f"there is no engine {', '.join(sorted(unknown))}; there are: {'; '.join(ENGINES)}"
        )
    names = list(installed(names))
    made_alike(names)
    rounds = [
        {name: dict(measure(name, options.seconds)) for name in names}
        for _ in range(options.rounds)
    ]
    jobs = [*JOBS, "compile", "import"]
    print(f"| engine | {' | '.join(jobs)} |\n|---|{'---:|' * len(jobs)}")
    for name in names:
        medians = [statistics.median(figures[name][job] for figures in rounds) for job in jobs]
        print(f"| {name} | {' | '.join(f'{figure:.2f}' for figure in medians)} |")


if __name__ == "__main__":
    main()
