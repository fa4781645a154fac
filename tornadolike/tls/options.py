"""From Tornado's ``ssl_options`` to a context."""

import ssl
from typing import Any


def ssl_options_to_context(
    ssl_options: dict[str, Any] | ssl.SSLContext, server_side: bool | None = None
) -> ssl.SSLContext:
    """The context that ``ssl_options`` mean.

    :arg ssl_options: a context, which is returned as it is, or keyword arguments of
        :func:`ssl.wrap_socket` as it was: ``certfile``, ``keyfile``, ``cert_reqs``, ``ca_certs``,
        ``ciphers``, ``ssl_version``.
    :arg server_side: whether it is for the end that answers.
    """
    if isinstance(ssl_options, ssl.SSLContext):
        return ssl_options
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    if "certfile" in ssl_options:
        context.load_cert_chain(ssl_options["certfile"], ssl_options.get("keyfile"))
    if "ca_certs" in ssl_options:
        context.load_verify_locations(ssl_options["ca_certs"])
    elif not server_side:
        context.load_default_certs()
    if "cert_reqs" in ssl_options:
        if ssl_options["cert_reqs"] == ssl.CERT_NONE:
            context.check_hostname = False
        context.verify_mode = ssl_options["cert_reqs"]
    return context
