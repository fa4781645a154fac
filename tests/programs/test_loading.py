"""From names to applications."""

import pytest

from tests.running import run_on
from tornadolike import ioloop
from tornadolike.ioloop import IOLoop
from tornadolike.programs.failing import Failure
from tornadolike.programs.loading import load, load_in_loop
from tornadolike.routing import RuleRouter
from tornadolike.web import Application
from tornadolike.wsgi import WSGIContainer

SITE = """
import asyncio
from tornadolike.web import Application
first = Application(name="first")
class holder:
    inner = Application(name="inner")
def make(name="made"):
    return Application(name=name)
async def make_later():
    await asyncio.sleep(0)
    return Application(name="later")
def wsgi(environ, start_response): pass
def asgi(scope, receive, send): pass
def answer(request): pass
async def nobody_waits(request): pass
def fails(): raise LookupError("lost")
def nothing(): pass
class Sub(Application): pass
number = 3
"""


def made(name):
    return load(name).settings.get("name")


def test_the_names_that_are_written(project):
    project({"pack/__init__": "", "pack/site_b": SITE}, site_a=SITE)
    assert made("site_a:first") == "first"
    assert made("site_a:holder.inner") == "inner"
    assert made("site_a:make") == made("site_a:make()") == "made"
    assert made("site_a:make_later") == "later"
    assert made("pack.site_b:first") == "first"
    assert made("pack/site_b.py:first") == made("./site_a.py:first") == "first"
    assert isinstance(load("site_a:Sub"), Application)
    assert isinstance(load("site_a:wsgi"), WSGIContainer)
    assert load("site_a:answer").__name__ == "answer"
    assert made("site_a") == "first"  # the only one


@pytest.mark.parametrize("name", ["app", "application", "make_app", "create_app"])
def test_the_usual_names(project, name):
    function = name.endswith("_app")
    line = f"def {name}(): return Application()" if function else f"{name} = Application()"
    other = "other = Application()"
    project(usual=f"from tornadolike.web import Application\n{other}\n{line}\n")
    assert isinstance(load("usual"), Application)


def test_a_router_is_an_application_too(project):
    project(
        routers="from tornadolike.routing import RuleRouter\nrouter = RuleRouter()\n",
    )
    assert isinstance(load("routers:router"), RuleRouter)


def test_in_a_loop(project):
    project(looping=SITE)

    async def main():
        return (await load_in_loop("looping:make_later")).settings["name"]

    assert ioloop.run(main()) == "later"
    assert run_on(lambda: IOLoop(make_current=False), main()) == "later"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sit_c", "did you mean 'site_c'?"),
        ("site_c.x", "site_c is a module without others in it"),
        ("xpack.aplication", "there is no module 'aplication' in the package xpack: is it"),
        ("xpack", "is it xpack.app?"),
        ("site_c:frst", "site_c has no 'frst'; did you mean 'first'?"),
        ("site_c:xyz", "site_c has no 'xyz'; there are first"),
        ("site_c:number", "'site_c:number' is no application: it is of type int"),
        ("site_c:number()", "leave the () out"),
        ("site_c:nothing", "it is of type NoneType"),
        ("site_c:asgi", "looks like an application of ASGI"),
        ("site_c:nobody_waits", "is no application"),
        ("site_c:make('x')", "names no application: write module:attribute"),
        ("", "names no application"),
        ("a b", "is no name of a module"),
        ("none.py", "there is no file none.py"),
        ("two", "there are one, other"),
        ("empty", "empty has none of app, application, make_app, create_app, nor anything else"),
        ("ends", "ended the program (exit status 3)"),
    ],
)
def test_what_names_nothing(project, name, said):
    project(
        {"xpack/__init__": "", "xpack/app": SITE},
        site_c=SITE,
        empty="",
        ends="raise SystemExit(3)",
        two="from tornadolike.web import Application\none = Application()\nother = Application()",
    )
    with pytest.raises(Failure) as caught:
        load(name)
    assert said in caught.value.text
    assert caught.value.status == 2
    assert caught.value.details == ""


@pytest.mark.parametrize(
    ("name", "said", "last"),
    [
        ("raising", "raising cannot be loaded: ZeroDivisionError: division by zero", "1 / 0"),
        (
            "wants",
            "wants cannot be loaded: ModuleNotFoundError: No module named 'no_such'",
            "no_such",
        ),
        ("wrong", "wrong cannot be loaded: SyntaxError", "def x(:"),
        ("site_d:fails", "site_d:fails cannot be loaded: LookupError: lost", "LookupError"),
        ("chain", "chain cannot be loaded: KeyError: 'x'", "1 / 0"),
    ],
)
def test_the_program_fails(project, name, said, last):
    folder = project(
        raising="def f():\n    1 / 0\nf()\n",
        wants="import no_such\n",
        wrong="def x(:\n",
        site_d=SITE,
        chain="try:\n    import raising\nexcept Exception as e:\n    raise KeyError('x') from e\n",
    )
    with pytest.raises(Failure) as caught:
        load(name)
    failure = caught.value
    assert said in failure.text
    assert last in failure.details
    files = [line.split('"')[1] for line in failure.details.splitlines() if "  File " in line]
    assert files
    assert all(file.startswith(str(folder)) for file in files), failure.details
