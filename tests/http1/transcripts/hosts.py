"""Who is asked: Host (RFC 9112 section 3.2, RFC 9110 section 7.2) and the absolute form (section 3.2.2)."""

from tests.http1.feeding import Message

from .case import Case, accepted, refused


def with_host(value: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"


def good(name: str, value: bytes) -> Case:
    expected = Message(fields=(("Host", value.decode("latin1")),))
    return accepted("3.2", name, with_host(value), expected)


def bad(name: str, value: bytes) -> Case:
    return refused("3.2", name, with_host(value))


def absolute(target: bytes, host: bytes = b"Host: b\r\n", version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + b"\r\n" + host + b"\r\n"


def asked(host: str, uri: str = "/", version: str = "HTTP/1.1") -> Message:
    return Message(uri=uri, version=version, fields=(("Host", host),))


CASES = [
    good("host with port", b"example.com:8080"),
    good("host with empty port", b"example.com:"),
    good("empty host", b""),
    good("IPv4 address", b"127.0.0.1:1"),
    good("IPv6 address", b"[::1]:8080"),
    good("IPv6 address without port", b"[2001:db8::1]"),
    good("IPv4 in IPv6", b"[::ffff:127.0.0.1]"),
    good("future address", b"[v7.a:b]"),
    good("underscore in host", b"a_b.local"),
    good("percent-encoded host", b"%61"),
    good("host with the odd allowed", b"a-._~!$&'()*+,;=b"),
    good("host of one dot", b"."),
    refused("3.2", "no Host", b"GET / HTTP/1.1\r\n\r\n"),
    refused("3.2", "no Host among others", b"GET / HTTP/1.1\r\nA: b\r\n\r\n"),
    accepted(
        "3.2",
        "no Host in HTTP/1.0",
        b"GET / HTTP/1.0\r\n\r\n",
        Message(version="HTTP/1.0", fields=()),
    ),
    refused("3.2", "two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    refused("3.2", "the same Host twice", b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"),
    refused("3.2", "two Hosts in HTTP/1.0", b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    refused("3.2", "one Host empty", b"GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n"),
    bad("user in host", b"user@a"),
    bad("user and password in host", b"u:p@a"),
    bad("slash in host", b"a/b"),
    bad("backslash in host", b"a\\b"),
    bad("URL for a host", b"http://a"),
    bad("query in host", b"a?b"),
    bad("fragment in host", b"a#b"),
    bad("space in host", b"a b"),
    bad("tab in host", b"a\tb"),
    bad("script in host", b"a<script>"),
    bad("quote in host", b'a"b'),
    bad("bytes beyond ASCII in host", b"\xc3\xa9.com"),
    bad("port only", b":80"),
    bad("two ports", b"a:80:80"),
    bad("port in letters", b"a:http"),
    bad("port with sign", b"a:+80"),
    bad("port of six digits", b"a:123456"),
    bad("port of five thousand digits", b"a:" + b"9" * 5000),
    bad("half a percent code in host", b"a%"),
    bad("wrong percent code in host", b"a%zz"),
    bad("IPv6 address without brackets", b"::1"),
    bad("bracket left open", b"[::1"),
    bad("bracket not opened", b"::1]"),
    bad("empty brackets", b"[]"),
    bad("no address in brackets", b"[::::]"),
    bad("IPv4 address in brackets", b"[127.0.0.1]"),
    bad("name in brackets", b"[a]"),
    bad("scope in brackets", b"[fe80::1%eth0]"),
    bad("something behind brackets", b"[::1]a"),
    bad("future without version", b"[v.a]"),
    # 3.2.2: the target's host counts
    accepted("3.2.2", "absolute form", absolute(b"http://b/c?d"), asked("b", "/c?d")),
    accepted("3.2.2", "another Host is replaced", absolute(b"http://c:81/"), asked("c:81")),
    accepted("3.2.2", "scheme in capitals", absolute(b"HTTP://b/"), asked("b")),
    accepted("3.2.2", "https", absolute(b"https://b/"), asked("b")),
    accepted("3.2.2", "no path", absolute(b"http://b"), asked("b")),
    accepted("3.2.2", "query without a path", absolute(b"http://b?c"), asked("b", "/?c")),
    accepted("3.2.2", "empty query in a URL", absolute(b"http://b/?"), asked("b", "/?")),
    accepted("3.2.2", "two slashes in a URL", absolute(b"http://b//c"), asked("b", "//c")),
    accepted("3.2.2", "URL in a URL", absolute(b"http://b/http://c/"), asked("b", "/http://c/")),
    accepted("3.2.2", "URL with IPv6 address", absolute(b"http://[::1]:8/"), asked("[::1]:8")),
    accepted(
        "3.2.2",
        "HTTP/1.0 without Host",
        absolute(b"http://b/", b"", b"HTTP/1.0"),
        asked("b", version="HTTP/1.0"),
    ),
    refused("3.2.2", "URL but no Host", absolute(b"http://b/", b"")),
    refused("3.2.2", "URL and two Hosts", absolute(b"http://b/", b"Host: b\r\nHost: b\r\n")),
    refused("3.2.2", "URL and invalid Host", absolute(b"http://b/", b"Host: a@b\r\n")),
    refused("3.2.2", "URL with user", absolute(b"http://u@b/")),
    refused("3.2.2", "URL with user and password", absolute(b"http://u:p@b/")),
    refused("3.2.2", "URL without host", absolute(b"http:///c")),
    refused("3.2.2", "URL with port only", absolute(b"http://:80/")),
    refused("3.2.2", "URL with script for a host", absolute(b"http://b<script>/")),
    refused("3.2.2", "URL with backslash", absolute(b"http://b\\@c/")),
    refused("3.2.2", "URL with wrong port", absolute(b"http://b:c/")),
    refused("3.2.2", "URL with a long port", absolute(b"http://b:" + b"9" * 5000 + b"/")),
    refused("3.2.2", "URL with host beyond ASCII", absolute(b"http://\xc3\xa9/")),
    refused("3.2.2", "URL with open bracket", absolute(b"http://[::1/")),
    refused("3.2.2", "URL with fragment", absolute(b"http://b/#c")),
    refused("3.2.2", "one slash", absolute(b"http:/b/")),
    refused("3.2.2", "no slash", absolute(b"http:b")),
    refused("3.2.2", "no scheme", absolute(b"://b/")),
    refused("3.2.2", "ftp", absolute(b"ftp://b/")),
    refused("3.2.2", "javascript", absolute(b"javascript:alert(1)")),
    refused("3.2.2", "file", absolute(b"file:///etc/passwd")),
]
