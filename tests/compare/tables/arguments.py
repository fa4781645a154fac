"""Requests with arguments, good, odd and hostile."""

from tests.compare.cases import another, ask, differing, form, parts
from tests.compare.differences import DETAIL, FORMS, FORMS_CODED, PARTS

FIELD = 'Content-Disposition: form-data; name="a"'
FILE = 'Content-Disposition: form-data; name="f"; filename="x.txt"'
WAYS = [
    "default",
    "none",
    "unstripped",
    "all",
    "all_unstripped",
    "query",
    "query_default",
    "query_all",
    "body",
    "body_default",
    "body_all",
]

NEEDING = ["query", "body", "unstripped"]
"""Those of them that fail where there is no argument."""
NO_FORMS = [
    "nothing of the kind",
    f"--B\n{FIELD}\n\n1\n",
    f"--B\n{FIELD}\n\n1",
    f"--B\n{FIELD}\n--B--\n",
    "--B\nContent-Disposition: form-data\n\n1\n--B--\n",
    "--B\nContent-Disposition: attachment; name=a\n\n1\n--B--\n",
    "--B\nX-Other: field\n\n1\n--B--\n",
    "--B\nno field\n\n1\n--B--\n",
    "--B\n\n1\n--B--\n",
]

CASES = [
    # Of the query.
    *(
        ask(f"GET /told?{query}")
        for query in (
            "",
            "a",
            "a=",
            "=a",
            "=",
            "&",
            "a=1&a=2",
            "a=1&&b=2&",
            "a=1;b=2",
            "a=1=2",
            "a=%20+%2B",
            "a=%C3%BC&%C3%BC=a",
            "a=%FF%FE",
            "%FF=a",
            "a=%zz%4",
            "a=%00&b=%0a%0d%09",
            "a[]=1&a[]=2",
            "a=\xc3\xbc&\xe9",
            "&".join(f"n{n}={n}" for n in range(300)),
        )
    ),
    *(
        ask(f"GET /one?a={value}")
        for value in (
            "1",
            "first&a=last",
            "%20%09text%0a%20",
            "a%00b%01c%7f%0bd",
            "",
            "%F0%9F%90%8D",
        )
    ),
    *differing(
        "detail",
        DETAIL,
        *(ask(f"GET /one?{query}") for query in ("", "b=1", "a=%FF", "a=%ED%A0%80")),
        ask("GET /ways/body?a=1"),
        *(ask(f"GET /ways/{way}") for way in NEEDING),
        *(form(f"POST /ways/{way}", body="b=1") for way in NEEDING),
        form("POST /one", body="a=%FF"),
    ),
    *(ask(f"GET /ways/{way}?a=%20x%20&a=%20y%20") for way in WAYS if way != "body"),
    *(ask(f"GET /ways/{way}") for way in WAYS if way not in NEEDING),
    ask("GET /decodes?a=1&a=%FF"),
    ask("GET /decodes?a=bad"),
    ask("GET /decodes/one"),
    ask("GET /decodes/bad"),
    ask("GET /decodes/one/x"),
    ask("GET /type-errors/x"),
    ask("POST /type-errors/x", body=""),
    # Of forms.
    *(form(f"POST /ways/{way}?a=query", body="a=+1+&a=+2+") for way in WAYS),
    *(form(f"POST /ways/{way}", body="b=1") for way in WAYS if way not in NEEDING),
    *(
        form("POST /told?q=1", body=body)
        for body in (
            "",
            "a",
            "a=",
            "=a",
            "a=1&a=2",
            "a=%FF",
            "a=\xfc",
            "a=%zz",
            "&&",
            "q=2",
            "\0=\0",
        )
    ),
    *(form(f"{method} /told", body="a=1") for method in ("PUT", "PATCH", "DELETE", "GET")),
    ask("POST /told", "Content-Type: application/x-www-form-urlencoded; charset=utf-8", body="a=1"),
    *differing(
        "body",
        FORMS,
        ask("POST /told", "Content-Type: APPLICATION/X-WWW-FORM-URLENCODED", body="a=1"),
    ),
    ask("POST /told", "Content-Type: text/plain", body="a=1"),
    ask("POST /told", "Content-Type:", body="a=1"),
    ask("POST /told", body="a=1"),
    ask("POST /ways/json", "Content-Type: application/json", body='{"a": [1]}'),
    ask("POST /ways/json", "Content-Type: application/json", body="{"),
    *another(
        415,
        FORMS_CODED,
        form("POST /told", "Content-Encoding: gzip", body="a=1"),
        parts("POST /told", f"--B\n{FIELD}\n\n1\n--B--\n", "Content-Encoding: gzip"),
    ),
    form("POST /told", body="&".join(f"n{n}={n}" for n in range(900))),
    # Of forms in parts.
    *(
        parts("POST /told", f"--B\n{FILE.replace('x.txt', name)}\n\ntext\n--B--\n")
        for name in ("x.txt", "", "../../x.txt", r"C:\x.txt", "gr\xfcn.txt", r"a\"b.txt", "%22.txt")
    ),
    *(
        parts("POST /told", body)
        for body in (
            f"--B\n{FIELD}\n\n1\n--B--\n",
            f"--B\n{FIELD}\n\n1\n--B\n{FIELD}\n\n2\n--B--\n",
            f"--B\n{FIELD}\n\n\n--B--",
            f"--B\n{FIELD}\n\n --B \n--B--\n",
            f"--B\n{FIELD}\n\n\xff\n--B--\n",
            f"--B\n{FILE}\nContent-Type: text/plain\n\ntext\n--B--\n",
            f"--B\n{FILE}\n\ntext\n--B\n{FIELD}\n\n1\n--B--\n",
            f"--B\n{FILE}; filename*=UTF-8''%C3%BC.txt\n\n1\n--B--\n",
            "--B--\n",
        )
    ),
    parts("POST /one", f"--B\n{FIELD}\n\n1\n--B--\n"),
    parts("PUT /told", f"--B\n{FIELD}\n\n1\n--B--\n"),
    *differing(
        "detail",
        DETAIL,
        *(parts("POST /told", body) for body in NO_FORMS),
        ask("POST /told", "Content-Type: multipart/form-data", body="--B--\r\n"),
        ask("POST /told", "Content-Type: multipart/form-data; boundary=", body="--B--\r\n"),
    ),
    *another(
        200,
        FORMS,
        parts("POST /told", "--B\ncontent-disposition: FORM-DATA; name=a\n\n1\n--B--\n"),
        parts("POST /told", f"preamble\n--B\n{FIELD}\n\n1\n--B--\nepilogue"),
        parts("POST /told", ""),
    ),
    *another(
        400,
        FORMS,
        parts("POST /told", f"--B\n{FIELD}\n\n1\n--B--\n--B\n{FIELD}\n\n2\n--B--\n"),
    ),
    *another(200, PARTS, parts("POST /told", f"--B\n{FIELD}\n\n1\n" * 150 + "--B--\n")),
    ask(
        "POST /told",
        'Content-Type: multipart/form-data; charset=x; boundary="a b"',
        body=f"--a b\r\n{FIELD}\r\n\r\n1\r\n--a b--\r\n",
    ),
    ask("POST /told", "Content-Type: multipart/mixed; boundary=B", body="--B--\r\n"),
]
