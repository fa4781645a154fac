"""Requests with tokens, without, and with such as somebody made up."""

from tests.compare.cases import ask, differing, form, parts
from tests.compare.differences import ALLOW, EMPTY_TOKEN, LAX, LEFT_OVER, STRICT_NUMBERS

PLAIN = "0123456789abcdef0123456789abcdef"
MASKED = "2|00000000|" + PLAIN + "|1300000000"
OTHER = "2|11111111|" + "".join(f"{int(PLAIN[n : n + 2], 16) ^ 0x11:02x}" for n in range(0, 32, 2))
TOKENS = [PLAIN, MASKED, "text", "\xff", '"quoted"']
NO_TOKENS = ["", "2|", "2|00|00|x", "3|1", f"2|00000000|{PLAIN[:-1]}|1300000000"]

CASES = [
    *differing(
        "set-cookie",
        LAX,
        ask("GET /form"),
        ask("GET /known"),
        *(ask("GET /form", f"Cookie: _xsrf={cookie}") for cookie in NO_TOKENS),
    ),
    *(ask("GET /form", f"Cookie: _xsrf={cookie}") for cookie in TOKENS),
    *differing(
        "set-cookie body",
        STRICT_NUMBERS,
        ask("GET /form", f"Cookie: _xsrf=2|00000000|{PLAIN}|-1"),
    ),
    *differing(
        "set-cookie body", EMPTY_TOKEN, ask("GET /form", "Cookie: _xsrf=2|00000000||1300000000")
    ),
    *differing("allow", ALLOW, ask("OPTIONS /form"), ask("HEAD /form"), ask("FOO /form")),
    # With the token.
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body=f"_xsrf={PLAIN}"),
    form("POST /form", f"Cookie: _xsrf={MASKED}", body=f"_xsrf={MASKED}"),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body=f"_xsrf={MASKED}"),
    form("POST /form", f"Cookie: _xsrf={MASKED}", body=f"_xsrf={OTHER}|1400000000"),
    ask(f"POST /form?_xsrf={PLAIN}", f"Cookie: _xsrf={MASKED}", body=""),
    ask("POST /form", f"Cookie: _xsrf={PLAIN}", f"X-Xsrftoken: {PLAIN}", body=""),
    ask("POST /form", f"Cookie: _xsrf={PLAIN}", f"X-CSRFToken: {PLAIN}", body=""),
    ask("DELETE /form", f"Cookie: _xsrf={PLAIN}", f"X-XSRFToken: {MASKED}"),
    ask("POST /streamed", f"Cookie: _xsrf={PLAIN}", f"X-XSRFToken: {MASKED}", body="text"),
    parts(
        "POST /form",
        f'--B\nContent-Disposition: form-data; name="_xsrf"\n\n{PLAIN}\n--B--\n',
        f"Cookie: _xsrf={PLAIN}",
    ),
    # Without it.
    *(ask(f"{method} /form", body="") for method in ("POST", "PUT", "PATCH", "DELETE")),
    ask("POST /form", "Content-Type: application/json", body="{}"),
    form("POST /form", body=f"_xsrf={PLAIN}"),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body=""),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body="_xsrf="),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body="_xsrf=%FF"),
    form("POST /form", "Cookie: _xsrf=", body="_xsrf="),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body=f"_xsrf={PLAIN[:-1]}e"),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body="_xsrf=2||||"),
    form("POST /form", f"Cookie: _xsrf={PLAIN}", body="_xsrf=text"),
    form("POST /form", "Cookie: _xsrf=text", body="_xsrf=text"),
    *differing("stays", LEFT_OVER, ask("POST /streamed", body="text")),
    ask("POST /missing", body=""),
    ask("POST /none", body=""),
    ask(
        "POST /open",
        body="",
    ),
    ask("PUT /known", body=""),
]
