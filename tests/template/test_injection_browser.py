"""Hostile data in a browser: every string in every place, and no script but the page's own runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium
from tests.template.hostile import HOSTILE, ORDINARY, SPECIAL
from tornadolike.template import Template

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# What the hostile strings call, and what the pages' own scripts need. Handlers of events are run by hand.
HEAD = """<!doctype html><meta charset="utf-8"><script>
var ran = [], broken = [];
window.alert = window.msgbox = text => ran.push(String(text));
window.f = value => value;
window.addEventListener("error", event => { if (event.message) broken.push(event.message); });
</script>"""

# What is dangerous only when it is used.
USE = """
for (const element of document.querySelectorAll("*")) {
    for (const attribute of element.attributes) {
        if (attribute.name.startsWith("on")) {
            try { element.onclick?.(new Event("click")); }
            catch (error) { broken.push(String(error)); }
        }
    }
    const address = element.href?.baseVal ?? element.href ?? element.action ?? element.src ?? "";
    if (/^(javascript|data|vbscript):/i.test(String(address))) ran.push(String(address));
}
return [ran, broken];
"""


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium("--host-resolver-rules=MAP * ~NOTFOUND") as driver:
        yield driver


def seen(driver: Any, path: Path, page: bytes) -> tuple[list[str], list[str]]:
    """What ran in a page, and which errors its scripts had."""
    path.write_bytes(page)
    driver.get(path.as_uri())
    ran, broken = driver.execute_script(USE)
    return ran, broken


def test_nothing_runs(driver: Any, tmp_path: Path) -> None:
    for name, text in (ORDINARY | SPECIAL).items():
        template = Template(text, autoescape="contextual")
        page = HEAD.encode() + b"\n".join(template.generate(x=value) for value in HOSTILE)
        assert seen(driver, tmp_path / "page.html", page) == ([], []), name


def test_it_is_seen_when_something_runs(driver: Any, tmp_path: Path) -> None:
    for place in ("strings", "event", "address"):
        template = Template(SPECIAL[place], autoescape="xhtml_escape")
        page = HEAD.encode() + b"\n".join(template.generate(x=value) for value in HOSTILE)
        ran, broken = seen(driver, tmp_path / "page.html", page)
        assert ran or broken, place


def test_scripts_get_the_value_itself(driver: Any, tmp_path: Path) -> None:
    template = Template(
        "<script>ran.push([{{ x }}, '{{ x }}', \"{{ x }}\", `{{ x }}`, /^{{ x }}$/.test({{ x }})]);</script>"
        "<p onclick=\"ran.push([{{ x }}, '{{ x }}', &quot;{{ x }}&quot;, `{{ x }}`, /^{{ x }}$/.test('{{ x }}')])\">",
        autoescape="contextual",
    )
    page = HEAD.encode() + b"\n".join(template.generate(x=value) for value in HOSTILE)
    ran, broken = seen(driver, tmp_path / "page.html", page)
    assert broken == []
    assert ran == [[value] * 4 + [True] for value in [*HOSTILE, *HOSTILE]]
