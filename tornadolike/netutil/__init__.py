"""What sockets are made of: addresses of names, sockets that listen, taking connections from them.

Rooms: :mod:`.resolvers` and :mod:`.resolvers_cached` (names), :mod:`.binding`, :mod:`.activation`, :mod:`.accepting`;
:mod:`.proxy_protocol` (who is behind a proxy); :mod:`.notify` (what the service manager is told).
"""

from ..tls import ssl_options_to_context, ssl_wrap_socket
from .accepting import add_accept_handler
from .activation import ActivatedSocket, activated_sockets
from .binding import DEFAULT_BACKLOG, bind_sockets, bind_unix_socket
from .notify import notify_service_manager, watchdog_seconds
from .proxy_protocol import ProxyHeader, ProxyProtocolError, ProxyTLS, parse_proxy_header
from .resolvers import (
    BlockingResolver,
    DefaultExecutorResolver,
    DefaultLoopResolver,
    ExecutorResolver,
    OverrideResolver,
    Resolver,
    ThreadedResolver,
    is_valid_ip,
)
from .resolvers_cached import CachedResolver

__all__ = [
    "DEFAULT_BACKLOG",
    "ActivatedSocket",
    "BlockingResolver",
    "CachedResolver",
    "DefaultExecutorResolver",
    "DefaultLoopResolver",
    "ExecutorResolver",
    "OverrideResolver",
    "ProxyHeader",
    "ProxyProtocolError",
    "ProxyTLS",
    "Resolver",
    "ThreadedResolver",
    "activated_sockets",
    "add_accept_handler",
    "bind_sockets",
    "bind_unix_socket",
    "is_valid_ip",
    "notify_service_manager",
    "parse_proxy_header",
    "ssl_options_to_context",
    "ssl_wrap_socket",
    "watchdog_seconds",
]
