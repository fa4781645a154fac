""":class:`Conversation`: from a plan to an answer, by as many hops as it takes.

One inside the other: redirects (:mod:`.redirects`), each hop of which may be tried again (:mod:`.retries`), each
attempt of which may be answered by a question who is asking (:mod:`.authentication`). What is sent each time has the
cookies of this moment (:mod:`.cookies`).
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urldefrag

from ..httputil.errors import shown
from .addresses import Address
from .authentication.base import Auth
from .authentication.choosing import auth_for
from .checks import check_kind
from .cookies import cookie_header, joined, keep_cookies
from .engine import Answer, Engine, Hop
from .failures import BadRedirectError, TooManyRedirectsError
from .plan import Plan
from .proxies import proxy_from_environment
from .redirects import REDIRECTS, redirected_hop
from .repeating import anew, discard, has_body_again
from .responses import HTTPClientError, HTTPResponse
from .retries import Retries
from .tracing import Trace, everywhere, time_info

MAX_QUESTIONS: Final = 3
"""How often one hop is sent again because a server asks who is asking."""


class Conversation:
    """One fetch.

    :arg engine: what sends the requests.
    :arg plan: for what.

    Raises :exc:`TypeError` and :exc:`ValueError` for options that make no sense.
    """

    __slots__ = (
        "_auth",
        "_cookies",
        "_engine",
        "_first",
        "_fragment",
        "_is_plain",
        "_next",
        "_plan",
        "_refusal",
        "_retries",
        "_trace",
        "history",
        "hop",
    )

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self._engine = engine
        self._plan = plan
        self._next = plan.first_hop()
        """What is to be sent, without what is added each time."""
        self.hop: Hop = self._next
        """The last that was sent."""
        self._first: Hop | None = None
        self.history: list[HTTPResponse] = []
        """The responses that were redirects, without bodies."""
        self._fragment = ""
        self._refusal: HTTPClientError | None = None
        self._auth: Auth | None = None
        self._cookies = ""
        self._retries: Retries | None = None
        self._trace: Trace | None = None
        self._is_plain = plan.is_plain
        """Whether hops are sent as they are."""
        if not plan.is_plain:
            option = plan.option
            self._auth = auth_for(
                option("auth"),
                plan.address,
                option("auth_username"),
                option("auth_password"),
                option("auth_mode"),
            )
            self._cookies = _own_cookies(option("cookies"), plan.address)
            self._retries = option("retries")
            self._trace = option("trace")
            check_kind(Retries, retries=self._retries)
            check_kind(Trace, trace=self._trace)
            self._is_plain = self._auth is None and plan.jar is None and not self._cookies
        self._trace = everywhere.beside(self._trace)
        if self._trace is not None:
            self._is_plain = False

    async def open(self) -> Answer:
        """Send what is to be sent, until there is an answer that is for the caller.

        Raises what :mod:`.failures` has, and what the hooks of the program raise.
        """
        follows = self._plan.follow_redirects and self._plan.max_redirects > 0
        while True:
            if self._retries is None:
                answer = await self._ask()
            else:
                answer = await self._try(self._retries)
            if answer.status not in REDIRECTS or not follows:
                return answer
            locations = answer.headers.get_list("Location")
            if not locations or not self._turn(answer, locations):
                return answer

    def complete(self, response: HTTPResponse) -> None:
        """Say in a response, which is whole, what has led to it."""
        first, last = self._first or self.hop, self.hop
        ended = last.times.ended or asyncio.get_running_loop().time()
        response.time_info = info = time_info(first.times, last.times, ended)
        response.request_time = info["total"] - info["redirect"]
        response.effective_url = self.effective_url
        response.history = self.history
        if self._refusal is not None:
            self._refusal.response = response
            response.error = self._refusal
        if self._trace is not None:
            self._trace.on_end(response)

    @property
    def leads_nowhere(self) -> bool:
        """Whether a redirect was bad, which is an error also for who takes every status."""
        return isinstance(self._refusal, BadRedirectError)

    def failed(self, error: BaseException) -> None:
        """There will be no response."""
        if self._trace is not None:
            self._trace.on_failure(self.hop, error)

    @property
    def effective_url(self) -> str:
        """Where the answer comes from: the URL of the request, or the last one that it was redirected to."""
        if not self.history:
            return self._plan.request.url
        return self.hop.address.url + self._fragment

    # Redirects

    def _turn(self, answer: Answer, locations: list[str]) -> bool:
        """Make what a redirect leads to the next hop. Returns False if the answer is for the caller."""
        try:
            if len(self.history) >= self._plan.max_redirects:
                self._refusal = TooManyRedirectsError(
                    answer.status,
                    f"more than {self._plan.max_redirects} redirects, which are max_redirects",
                )
                return False
            following = self._following(answer.status, locations)
            if following is None:
                return False
            if self._trace is not None:
                self._trace.on_redirect(self.hop, answer, following)
            self._remember(answer, locations[0])
        except BaseException:
            answer.close()
            raise
        discard(answer)
        if following.address.origin != self.hop.address.origin:
            # For good: a redirect back must not make use of them, either.
            self._auth, self._cookies = None, ""
        self._next = self.hop = following
        return True

    def _following(self, status: int, locations: list[str]) -> Hop | None:
        try:
            if len(set(locations)) > 1:
                raise ValueError(
                    "it leads to several places"
                )  # so somebody else has named one of them
            following = redirected_hop(
                self._next, status, locations[0], self._plan.option("idempotent")
            )
        except ValueError as error:
            self._refusal = BadRedirectError(
                status, shown(f"a redirect that is not followed: {error}")
            )
            return None
        if self._takes_proxy_of_environment():
            proxy = proxy_from_environment(following.address.url)
            if proxy != following.way.proxy:
                following.way = replace(following.way, proxy=proxy)
        return following

    def _takes_proxy_of_environment(self) -> bool:
        option = self._plan.option
        named = option("proxy") or option("proxy_host") or option("unix_socket") is not None
        return bool(option("trust_env")) and not named

    def _remember(self, answer: Answer, location: str) -> None:
        response = HTTPResponse(
            self._plan.request,
            answer.status,
            answer.headers,
            effective_url=self.effective_url,
            reason=answer.reason,
            start_time=self._plan.request.start_time,
        )
        # It goes on to where the redirect leads, unless that names another one (RFC 9110 section 10.2.2).
        before = self._fragment if self.history else _fragment(self._plan.request.url)
        self._fragment = _fragment(location) or before
        self.history.append(response)

    # Attempts

    async def _try(self, retries: Retries) -> Answer:
        """The answer to the next hop, by as many attempts as the policy has."""
        clock = asyncio.get_running_loop().time
        end = clock() + (self._plan.request_timeout or math.inf)
        attempt = 1
        while True:
            outcome = await self._outcome()
            try:
                delay = None
                if has_body_again(self._next):
                    delay = retries.delay(attempt, self.hop, outcome, end - clock())
                if delay is not None and self._trace is not None:
                    self._trace.on_retry(self.hop, outcome, delay)
            except BaseException:
                if isinstance(outcome, Answer):
                    outcome.close()
                raise
            if delay is None:
                if isinstance(outcome, Answer):
                    return outcome
                try:
                    raise outcome
                finally:
                    del outcome  # which has this frame
            if isinstance(outcome, Answer):
                discard(outcome)
            del outcome  # (see above)
            await retries.sleep(delay)
            attempt += 1
            self._next = anew(self._next)

    async def _outcome(self) -> Answer | HTTPClientError:
        try:
            return await self._ask()
        except HTTPClientError as error:
            return error

    # Who is asking

    async def _ask(self) -> Answer:
        """The answer to the next hop, sent as often as it takes to say who is asking."""
        if self._is_plain:
            self._sending(self._next)
            return await self._engine.send(self._next)
        questions = 0
        while True:
            hop = await self._signed()
            self._sending(hop)
            if self._trace is not None:
                self._trace.on_request(hop)
            answer = await self._engine.send(hop)
            try:
                again = self._take_head(hop, answer, questions)
            except BaseException:
                answer.close()
                raise
            if not again:
                return answer
            discard(answer)
            questions += 1

    def _sending(self, hop: Hop) -> None:
        self.hop = hop
        if self._first is None:
            self._first = hop

    async def _signed(self) -> Hop:
        """What is to be sent next, with what is added to it now."""
        hop = anew(self._next)
        if self._auth is not None:
            await self._auth.prepare(hop)
        jar = self._plan.jar
        kept = cookie_header(jar, hop.address.url) if jar is not None else ""
        if kept or self._cookies:
            hop.headers["Cookie"] = joined(self._cookies, hop.headers.get("Cookie", ""), kept)
        if self._auth is not None:
            self._auth.sign(hop)
        return hop

    def _take_head(self, hop: Hop, answer: Answer, questions: int) -> bool:
        """Learn from the head of an answer. Returns whether it asks who is asking, and is told."""
        if self._plan.jar is not None:
            keep_cookies(self._plan.jar, hop.address.url, answer.headers)
        if self._trace is not None:
            self._trace.on_response(hop, answer)
        if self._auth is None:
            return False
        again = self._auth.answered(hop, answer.status, answer.headers, questions)
        return again and questions < MAX_QUESTIONS and has_body_again(hop)


def _own_cookies(cookies: Any, address: Address) -> str:
    """The header that a request's own cookies make."""
    if cookies is None:
        return ""
    if not isinstance(cookies, Mapping):
        raise TypeError(
            "cookies of a request are names and values; a CookieJar is for a client, which keeps it"
        )
    return cookie_header(cookies, address.url)


def _fragment(url: str) -> str:
    """With its mark, if there is one."""
    fragment = urldefrag(url).fragment
    return f"#{fragment}" if fragment else ""
