"""Words of docs/client-engines.rst, each of one item of its list: what becomes something else with curl."""

CHUNKS = "Chunks that are none end in ``HTTPStreamClosedError``"
VERSIONS = "A status line may name any version of HTTP."
FOLDED = "A field may go on in the next line."
UNASKED = "What a server says over a connection that nobody uses is taken for the answer to the next request."
REPEATED = "A request that ends one kept connection after another is sent up to six times."
CONTEXTS = "``ssl_options`` is no ``ssl.SSLContext``"
NEW_HTTP = "Over TLS it is HTTP/2, if the server speaks it."

ALL = {CHUNKS, VERSIONS, FOLDED, UNASKED, REPEATED, CONTEXTS, NEW_HTTP}
