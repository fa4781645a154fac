"""What else goes on while a page is sent that is made meanwhile."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.web.helpers import Site
from tornadolike.template import DictLoader
from tornadolike.web import RequestHandler


def stream_page(site: Any, page: str, names: dict[str, Any], *rules: Any, **settings: Any) -> Site:
    """A site whose ``/`` streams the page, with these names."""

    class Page(RequestHandler):
        async def get(self) -> None:
            await self.render_stream("page.html", **names)

    loader = DictLoader({"page.html": page})
    served: Site = site(("/", Page), *rules, template_loader=loader, **settings)
    return served


def test_a_large_page_lets_others_in_however_fast_its_client_is(site: Callable[..., Site]) -> None:
    turns: list[int] = []
    seen = []

    def count() -> str:
        seen.append(len(turns))
        asyncio.get_running_loop().call_soon(turns.append, 1)
        return "x" * 5_000

    # Less than what the sockets hold on their way: nothing of it has to wait for the client.
    served = stream_page(site, "{% for _ in range(100) %}{{ count() }}{% end %}", {"count": count})
    assert len(served.ask("GET /").body) == 500_000
    assert seen[-1] > 50


def test_a_template_cannot_hide_that_its_page_could_not_be_sent(
    site: Callable[..., Site], expect_log: Any
) -> None:
    page = "more than three{% try %}{{ await wait() }}{% except Exception %}{% end %}end"

    async def wait() -> str:
        await asyncio.sleep(0)
        return ""

    class Short(RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Length", "3")
            await self.render_stream("page.html", wait=wait)

    loader = DictLoader({"page.html": page})
    served = site(("/", Short), template_loader=loader)
    with expect_log("tornadolike.application", "Uncaught exception GET /") as logged:
        assert served.ask("GET /").status == 500
    assert "more data than Content-Length" in str(logged.matched[0].exc_info[1])
