"""Words of docs/client-engines.rst, each of one item of its list: what becomes something else with curl."""

EXTENSIONS = "What stands behind the size of a chunk may have any length."
FOLDED = "A field may go on in the next line."
CONTEXTS = "``ssl_options`` is no ``ssl.SSLContext``"
NEW_HTTP = "Over TLS it is HTTP/2, if the server speaks it."

ALL = {EXTENSIONS, FOLDED, CONTEXTS, NEW_HTTP}
