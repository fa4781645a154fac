"""Where in an address an expression stands: its scheme is what makes it dangerous, its query what divides it."""

import re
from dataclasses import dataclass, replace
from typing import Final

from .problem import Problem

# Schemes under which what follows is run, or is a document with scripts of its own.
_RUN: Final = {"javascript", "vbscript", "livescript"}
# The whole type has to stand there: half of one may become "image/svg+xml".
_DATA: Final = re.compile(
    r"\s*data:(?:image|audio|video|font)/(?!svg)(?![\w.-]*\+xml)[\w.+-]+[;,]", re.IGNORECASE
)
# In what is said of an address so far: an expression, of which nobody knows what it is.
_ANYTHING: Final = "\ufffc"
_REFRESH: Final = re.compile(r"url\s*=\s*['\"]?", re.IGNORECASE)


@dataclass(slots=True, frozen=True)
class Url:
    """Within an address.

    :ivar kind: ``"url"``, ``"list"`` (with commas between), ``"animated"``, ``"refresh"`` (after ``url=``).
    :ivar part: ``"before"`` (``url=`` has not come), ``"start"``, ``"scheme"`` (it may be one yet), ``"path"``,
        ``"root"`` (it has but one slash), ``"query"``, ``"run"`` (it is a script), ``"unknown"`` (branches differ).
    :ivar said: what stands there so far, as long as it may be a scheme.
    """

    kind: str = "url"
    part: str = "start"
    said: str = ""

    def feed(self, text: str) -> "Url":
        if self.part == "before":
            found = _REFRESH.search(self.said + text)
            if found is None:
                return replace(self, said=self.said + text)
            rest = (self.said + text)[found.end() :]
            return Url(self.kind).feed(rest)
        if self.kind == "list":
            if "," in text:
                return Url("list").feed(text.rpartition(",")[2])
            address = text.lstrip() if self.part == "start" else text
            if re.search(r"\s", address):
                # How wide or dense it is, in which a comma would begin the next address.
                return replace(self, part="query", said="")
        if self.part in ("start", "scheme"):
            return self._begun(self.said + text)
        if self.part != "run" and ("?" in text or "#" in text):
            return replace(self, part="query")
        if self.part == "root" and text.strip("\t\n\r"):  # which browsers drop
            return replace(self, part="path")
        return self

    def _begun(self, said: str) -> "Url":
        end = re.search(r"[:/?#]", said)
        is_open = _ANYTHING in said[: end and end.start()]
        if end is None:
            said = _ANYTHING if is_open else said
            return replace(self, part="scheme" if said.strip() else "start", said=said)
        if end[0] == ":":
            if is_open:
                raise Problem(
                    "The expression in front of this colon could make it an address that runs scripts (javascript:): "
                    "write the scheme as text, or the whole address as one expression",
                    said[end.start() :],
                )
            scheme = re.sub(r"[\x00-\x20]", "", said[: end.start()]).lower()
            if scheme in _RUN or (scheme == "data" and _DATA.match(said) is None):
                # What kind of data it is may come with the next piece.
                return replace(self, part="run", said=said)
        part = "query" if re.search(r"[?#]", said) else "path"
        if said.strip() == "/":
            part = "root"
        return replace(self, part=part, said="")

    @property
    def escaper(self) -> str:
        if self.part == "before":
            raise Problem(
                "In front of url= of a refresh nothing can be made safe: write the seconds as text"
            )
        if self.part == "run":
            raise Problem(
                f"In an address that begins with {self.said.strip().partition(':')[0]}: nothing can be made safe: "
                "give the value to a script in a data- attribute"
            )
        if self.part == "unknown":
            raise Problem(
                "The branches before it end in different parts of the address: "
                "write the whole address in each of them"
            )
        if self.kind == "animated":
            return "animated"
        if self.part == "start":
            return "url_list" if self.kind == "list" else "url"
        return {
            "scheme": "url_rest",
            "root": "url_root",
            "path": "url_path",
            "query": "url_query",
        }[self.part]

    def after_output(self) -> "Url":
        if self.part in ("start", "scheme"):
            return replace(self, part="scheme", said=_ANYTHING)
        return self

    def joined(self, other: "Url") -> "Url | None":
        if self.kind != other.kind:
            return None
        parts = {self.part, other.part}
        if len(parts) == 1 and self.said == other.said:
            return self
        if "run" in parts:
            return replace(self, part="run", said=self.said or other.said)
        if parts == {"root", "path"}:
            return replace(self, part="root")
        if parts <= {"start", "scheme", "root", "path"}:
            # What may be a scheme is escaped so that it is right in a path, too.
            said = max((self.said, other.said), key=_may_run)
            return replace(self, part="scheme", said=said or "x")
        return replace(self, part="unknown", said="")


def _may_run(said: str) -> tuple[bool, bool, int]:
    begun = re.sub(r"[\x00-\x20]", "", said).lower()
    may = any(scheme.startswith(begun) for scheme in (*_RUN, "data"))
    return _ANYTHING in said, may, len(begun)
