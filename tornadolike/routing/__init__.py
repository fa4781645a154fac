"""Which rule answers a request.

A *rule* is a *matcher* (what does it look at?) and a *target* (who answers?). A *router* finds for each request the
delegate that answers it; one that has rules asks them in the order in which they were given. An
:class:`~tornadolike.web.Application` is a router whose targets may also be handlers, and all that most sites need:

.. code-block:: python

    Application([
        (r"/", MainHandler),
        (r"/story/([0-9]+)", StoryHandler),
        (HostMatches(r"api\\.example\\.com"), [
            (r"/", ApiHandler),
        ]),
    ])

Its rooms, each of which knows only those above it:

.. code-block:: text

   patterns       what a regular expression tells without being run
   changes        counts the changes of all rules, which may be changed at any time
   matchers       what of a request a rule looks at
   below          all that is below a path
   path_types     what the parameters of typed paths may be
   typed          paths with parameters that have names and types
   selection      methods and versions, by which a rule is passed over
   rules          a matcher and a target
   tree           typed paths by their segments
   table          the few rules, out of many, that a path need be tried with
   router         how a connection talks to what a router has found
   rule_router    the router that has rules
"""

from .below import Below
from .matchers import AnyMatches, DefaultHostMatches, HostMatches, Matcher, PathMatches
from .path_types import register_path_type
from .router import ReversibleRouter, Router
from .rule_router import ReversibleRuleRouter, RuleRouter
from .rules import Rule, URLSpec, route
from .typed import TypedPath

__all__ = [
    "AnyMatches",
    "Below",
    "DefaultHostMatches",
    "HostMatches",
    "Matcher",
    "PathMatches",
    "ReversibleRouter",
    "ReversibleRuleRouter",
    "Router",
    "Rule",
    "RuleRouter",
    "TypedPath",
    "URLSpec",
    "register_path_type",
    "route",
]
