"""Words of docs/tornado.md that tell of a difference, each of one item of its lists."""

# Handlers
ALLOW = "405 has an `Allow` header."
FINISH_FAILS = "A `Finish` whose text cannot be sent, with 204, is answered by 500"
BREAKS_OFF = "An answer that breaks off, because of an exception behind `flush()`"
DETAIL = "An error page tells more than the status where there is a `detail`"
FITTING = "a `Content-Length` that does not fit the body is a 500"
GONE = "A client that goes away while it is written to is a line at INFO"
INITIALIZE = "An exception in `initialize()` is answered by 500"
LARGE_ETAG = "A response of more than `max_etag_size` bytes (8 MiB) has no `Etag`."
METHODS = "A method that is in `SUPPORTED_METHODS` and that the handler has not is a 405"
NAMES = "`set_header()` refuses a name that is none."
NOT_ENCODED = "Bytes in a path that the client did not encode"
NO_PAGE = "What a `write_error()` of yours writes for 204"
NO_LENGTH = "204 has no `Content-Length`."
DATA_RECEIVED = "An exception in `data_received()` is answered by 500"

REDIRECT = "`redirect()` to an address with a line break"
REASON = "A reason phrase goes out as Latin-1, as a header's value does"
SLASHES = "`@addslash` and `@removeslash` send clients to the bytes that they have asked for"
STATUS = "`set_status()` raises for what is no number of three digits."

# Users
AWAITED_USER = "`current_user` that would have to be awaited raises `TypeError`"
FULL_NEXT = "`@authenticated` says in `next` which host it was"

# Forgery
LAX = "The XSRF cookie has `SameSite=Lax`"
MALFORMED_ORIGIN = "An `Origin` that is none is refused"
EMPTY_TOKEN = "An XSRF cookie with an empty token counts as none."
STRICT_NUMBERS = "Signed values and tokens have numbers of digits"
VERSION_ONE = "With a dict of secrets, a value of version 1 is none"

# Cookies
AGE_ZERO = "`set_cookie(max_age=0)` is sent"
ATTRIBUTES = "Attributes of cookies may be written in any case"
COOKIE_FIELDS = "Several `Cookie` fields are read as one"
COOKIE_VALUES = "What stands in a cookie's value, but may not, is quoted"
BROWSERS = "`set_cookie()` raises `CookieError` for what browsers do not take"
BLANKS = "Around names and values of cookies only blanks and tabs"
FAILED_COOKIE = "A cookie that is refused is not set"

# Files
ADDRESSES = "`static_url()` writes what no address may have"
NO_DATE = "A file whose `get_modified_time()` is None"
NUL = "A path with a NUL is 404"
OUT_AND_BACK = "A path that leads out of the directory and back into it is 403"
PARTS_OF_FILES = "Several ranges are answered by parts"
VERSIONS = "A `v` that is the hash of some other content"
RANGES = "In a `Range` numbers are digits"

# Routing
BROKEN_ROUTER = "An exception in a matcher or a router is answered by 500"
HEAD_BODIES = "The body of an answer to HEAD is left out"
END_OF_HOST = "`request.host_name` has no dot and no colon at its end"
PERCENT = "Patterns with a `%` can be reversed."
OTHER_HOST = "never begins with two slashes"
REVERSED = "`reverse_url` with another number of arguments"

# WSGI
FAILING = "An exception is a 500, or the end of the connection"
FIELDS = "`environ()` leaves headers with an underscore out"
HEAD = "HEAD is answered without a body"
HOST_NAMES = "`SERVER_NAME` has no port"
FORBIDDEN = "What PEP 3333 forbids is an error"
NO_CONTENT = "204 has no `Content-Length` and no `Content-Type`."
STREAMS = "A stream is sent as it comes, in chunks"

# Requests
ABSOLUTE = "A target with a host in it"
BEHIND_CLOSE = "What comes behind a request with `Connection: close` is not run."
CHUNKS = "Extensions of chunks, and fields behind the last, are passed over"
CLOSES = "The last answer of a connection says so, to HTTP/1.0 too"
CONTINUE = "`100 Continue` is sent when the body is not there yet."
DESERVED = "A bad request gets the status that it deserves"
EMPTY_HOST = "An empty `Host` is as good as none."
EMPTY_LINES = "empty lines before a request"
FORMS = "Forms are read as RFC 7578 and the browsers have them"
FORMS_CODED = "forms in a content coding 415"
HOSTS = "A `Host` may be all that RFC 3986 lets it be"
LEFT_OVER = "A body that nobody has read does not end the connection, if it is there."
OLDER_STREAMS = "An answer in pieces to HTTP/1.0 ends with the connection"
OPTIONS = "`Connection` is read as the list that it is"
PARTS = "Up to 1000 parts are read"
REFUSED = "More is refused, because two readers could read it in two ways"
STAYING = "HTTP/1.2 is as good as HTTP/1.1"

# Compression
CODED_BODY = "With `decompress_request` a body in a coding that is unknown is refused"
CODINGS = "There are other codings than gzip, and quality values count."
SMALL = "A small file is left as it is"
VARY = "`Vary` is said only of what depends on the client."
WEAK = "Etags of what is compressed become weak ones"

# WebSockets
BROKEN_PROTOCOL = "A broken protocol closes with the code that says why"
CLOSED_ERROR = "A `WebSocketClosedError` behind the end is not logged."
CODES = "`close` raises `ValueError` for a code or a reason that may not be sent"
FAILED_SOCKET = "An exception in your code closes with 1011"
NO_SOCKET = "A request that opens no WebSocket is refused with a text"
KEYS = "A key that is not 16 bytes in base64 is refused"
STRICT_FRAMES = "More of a protocol counts as broken"
UPGRADES = "`Upgrade` is read as the list that it is."

# Languages
ACCEPTED = "`Accept-Language`: quality 0 excludes"
BROWSERS_DEFAULT = "`get_browser_locale(default)` is its default"
CLOSE_LANGUAGES = "More is found close"
ERROR_LANGUAGES = "Error pages tell the status in the reader's language"
FALLING_BACK = "`es_MX` takes what it lacks from `es` with CSV files too"
FORMATS = "Dates, lists and numbers that the catalogue of a language other than English"
LANGUAGE_NAMES = "All languages have a `name`"
