""":class:`Blueprint`: a group of rules with what they have in common, to be added to applications.

.. code-block:: python

    shop = Blueprint("shop", "/shop", middleware=[opening_hours])

    @shop.get("/items/{item:int}")
    async def show_item(handler, item): ...

    app.add_blueprint(shop)
    app.reverse_url("shop.show_item", 4)  # /shop/items/4

It is nothing that a request meets: the application gets plain rules, with whole paths and names and with all the
middleware.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from ...routing import HostMatches, Rule, TypedPath
from ...routing.rule_router import RuleLike
from ...routing.selection import Version
from ..around import Middleware, checked
from ..handler import RequestHandler
from ..routes import ApplicationRouter, is_handler_class
from .decorating import Decorating, Entry, Place
from .error_handlers import ErrorHandlers
from .functions import checked_base
from .request_hooks import RequestHooks


@dataclass(frozen=True)
class Nested:
    """A blueprint within another one, and what it has there in the place of its own prefix and name."""

    blueprint: "Blueprint"
    prefix: str | None
    name: str | None

    def placed(self, place: Place) -> Iterator[tuple[Entry, Place]]:
        """What is in it, and where, if it is put into this place."""
        blueprint = self.blueprint
        name = blueprint.name if self.name is None else checked_name(self.name)
        prefix = blueprint.prefix if self.prefix is None else checked_prefix(self.prefix)
        inner = Place(
            place.prefix + prefix,
            f"{place.names}{name}." if name else place.names,
            place.middleware + blueprint.middleware,
            place.version if blueprint.version is None else blueprint.version,
            place.host if blueprint.host is None else blueprint.host,
            blueprint.base_handler or place.base,
        )
        for item in blueprint._items:
            if isinstance(item, Nested):
                yield from item.placed(inner)
            else:
                yield item, inner


class Blueprint(Decorating):
    """A group of rules: of functions, handlers, files, and other groups.

    :arg name: stands in front of the names of its rules: ``shop.show_item``. If it is empty, they keep theirs.
    :arg prefix: a typed path that stands in front of their paths. Its parameters are the functions' too.
    :arg version: of the site, for the rules that have none themselves, as :func:`.route` takes it.
    :arg host: a regular expression for the hosts that have these rules, as for :meth:`.Application.add_handlers`. By
        default the rules are for all.
    :arg middleware: what stands around its handlers, the outermost first.
    :arg base_handler: what the handlers of its functions are subclasses of; by default what it is to the application.

    Of nested ones the outer stands in front, and outside; the version, the host and the base are those of the inner, if
    it has its own.

    It can be added to several applications, and several times to one, with other prefixes and names. From then on it
    cannot be changed (:exc:`RuntimeError`); a :meth:`copy` can.
    """

    def __init__(
        self,
        name: str,
        prefix: str = "",
        *,
        version: Version | str | int | None = None,
        host: str | re.Pattern[str] | None = None,
        middleware: Iterable[Middleware] = (),
        base_handler: type[RequestHandler] | None = None,
    ) -> None:
        self.name = checked_name(name)
        self.prefix = checked_prefix(prefix)
        self.version = version
        if host is not None:
            HostMatches(host)  # raises for what is none
        self.host = host
        self.middleware = checked(middleware)
        self.base_handler = None if base_handler is None else checked_base(base_handler)
        self._items: list[Entry | Nested] = []
        self._answered = {}
        self._named = {}
        self._is_added = False

    def add_middleware(self, middleware: Middleware) -> Middleware:
        """Have the handlers stand within this, which stands within the middleware that there is.

        Can be used as a decorator. Raises :exc:`TypeError` for what is no middleware.
        """
        self._check_open()
        self.middleware += checked([middleware])
        return middleware

    def add_blueprint(
        self, blueprint: "Blueprint", *, prefix: str | None = None, name: str | None = None
    ) -> None:
        """Put another one into this.

        :arg prefix: in the place of its own, as is ``name``.

        Raises :exc:`ValueError` if this one is in it, and :exc:`TypeError` for what is none.
        """
        self._check_open()
        check_blueprint(blueprint)
        if prefix is not None:
            checked_prefix(prefix)
        if name is not None:
            checked_name(name)
        if any(inner is self for inner in blueprint._all()):
            raise ValueError(f"the blueprint {blueprint.name!r} would be in itself")
        self._items.append(Nested(blueprint, prefix, name))

    def copy(self, name: str | None = None, prefix: str | None = None) -> "Blueprint":
        """One that has the same in it, and can be changed. Those in it are still the same."""
        new = copy(self)
        if name is not None:
            new.name = checked_name(name)
        if prefix is not None:
            new.prefix = checked_prefix(prefix)
        new.middleware = tuple(
            [
                one.copy() if isinstance(one, (ErrorHandlers, RequestHooks)) else one
                for one in self.middleware
            ]
        )
        new._items = list(self._items)
        new._answered, new._named = dict(self._answered), dict(self._named)
        new._is_added = False
        return new

    def _all(self) -> Iterator["Blueprint"]:
        """This one and all in it."""
        yield self
        for item in self._items:
            if isinstance(item, Nested):
                yield from item.blueprint._all()

    def _take(self, entry: Entry) -> None:
        entry.check(self.prefix)
        self._items.append(entry)

    def _check_open(self) -> None:
        if self._is_added:
            raise RuntimeError(
                f"the blueprint {self.name!r} has been added to an application already, which would not learn of "
                "this: do it before, or with a copy()"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.prefix!r})"


def check_blueprint(blueprint: object) -> None:
    """Raise :exc:`TypeError` for what is no blueprint."""
    if not isinstance(blueprint, Blueprint):
        raise TypeError(f"a blueprint is expected, not {blueprint!r}")


def checked_name(name: str) -> str:
    """A name for a blueprint. Raises :exc:`ValueError` and :exc:`TypeError` for what is none."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a blueprint is text, not {name!r}")
    if "." in name:
        raise ValueError(f"{name!r}: dots stand between the names of blueprints, not in them")
    return name


def checked_prefix(prefix: str) -> str:
    """A prefix for typed paths. Raises :exc:`ValueError` and :exc:`TypeError` for what is none."""
    if prefix:
        TypedPath(prefix)
        if prefix.endswith("/"):
            raise ValueError(
                f"the prefix {prefix!r} ends with a slash, and the paths behind it begin with one: leave it out"
            )
    elif not isinstance(prefix, str):
        raise TypeError(f"a prefix is text, not {prefix!r}")
    return prefix


class Grouping(Decorating):
    """Adds rules to an application, also by blueprints."""

    wildcard_router: ApplicationRouter
    default_router: ApplicationRouter
    add_handlers: Callable[[Any, Iterable[RuleLike]], None]
    base_handler: type[RequestHandler]
    _places: dict[type[RequestHandler], list[tuple[Rule, Place]]]
    """Where the handlers are that blueprints have brought."""

    def add_blueprint(
        self, blueprint: Blueprint, *, prefix: str | None = None, name: str | None = None
    ) -> None:
        """Add the rules of a blueprint, behind those that there are. Requests may be being answered already.

        :arg prefix: in the place of its own, as is ``name``.

        Raises :exc:`ValueError` if there is a rule of the same name, and :exc:`TypeError` for a function that cannot
        be called with the parameters of its whole path. Nothing is added then.
        """
        check_blueprint(blueprint)
        place = Place(base=self.base_handler)
        self._add_placed(list(Nested(blueprint, prefix, name).placed(place)))
        for inner in blueprint._all():
            inner._is_added = True

    def _take(self, entry: Entry) -> None:
        self._add_placed([(entry, Place(base=self.base_handler))])

    def _add_placed(self, placed: list[tuple[Entry, Place]]) -> None:
        rules = [entry.rule(place) for entry, place in placed]
        self._check_names(rules)
        by_host: dict[Any, list[Rule]] = {}
        for rule, (_, place) in zip(rules, placed, strict=True):
            by_host.setdefault(place.host, []).append(rule)
            if place.names and is_handler_class(rule.target):
                self._places.setdefault(rule.target, []).append((rule, place))
        for host, of_host in by_host.items():
            if host is None:
                self.wildcard_router.add_rules(of_host)
            else:
                self.add_handlers(host, of_host)

    def _check_names(self, rules: list[Rule]) -> None:
        """Raise :exc:`ValueError` if two rules would have one name."""
        targets = [rule.target for rule in self.default_router.rules]
        taken = [target.named_rules for target in targets if isinstance(target, ApplicationRouter)]
        new: dict[str, Rule] = {}
        for rule in rules:
            name = rule.name
            if not name:
                continue
            other = next((named[name] for named in (new, *taken) if name in named), None)
            if other is not None:
                raise ValueError(
                    f"two rules would be named {name!r}, {other.matcher!r} and {rule.matcher!r}: give one of them, or "
                    "the blueprint that is added again, another name="
                )
            new[name] = rule

    def whole_name(self, name: str, handler: RequestHandler) -> str:
        """The name of a rule that begins with a dot: one of the blueprint that has brought the handler."""
        places = self._places.get(type(handler), ())
        request = handler.request
        for rule, place in places:
            if len(places) == 1 or (
                rule.matcher.match(request) is not None
                and rule.takes(request, automatic_head=True)
                and (place.host is None or HostMatches(place.host).match(request) is not None)
            ):
                return place.names + name[1:]
        return name[1:]
