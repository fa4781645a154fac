"""Templates made by chance, and what becomes of them."""

from collections.abc import Callable
from typing import Any

import tornado.template
from hypothesis import strategies as st

#: What an engine may raise for a template that is none. Each has its own kinds.
REFUSED = (
    SyntaxError,
    tornado.template.ParseError,
    NotImplementedError,
    RecursionError,
    AssertionError,
)


def outcome(render: Callable[[], bytes]) -> bytes | str:
    """The bytes, or the name of what was raised."""
    try:
        return render()
    except REFUSED:
        return "refused"
    except Exception as error:
        return type(error).__name__


TEXTS = st.sampled_from(["", "a", "<b>", " ", "\n", "  \n ", "é", "{ }", "\\", "%", "'\"", "日"])
VALUES = st.sampled_from(
    [
        *("x", "y", "z", "n", "1/n", "missing", "'<'", "b'>'", "1", "None", "1.5", "x * 2"),
        *(
            "(y, z)",
            "[i for i in y]",
            "lst.append(n)",
            "len(lst)",
            "(w := n)",
            "w",
            "z if n else x",
        ),
    ]
)
TARGETS = st.sampled_from(["x", "y", "z", "w", "v"])


def tag(*parts: str) -> str:
    return "{% " + " ".join(parts) + " %}"


def enclosed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    end = tag("end")
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds(lambda v, a: tag("if", v) + a + end, VALUES, inner),
        st.builds(lambda v, a, b: tag("if", v) + a + tag("else") + b + end, VALUES, inner, inner),
        st.builds(
            lambda v, w, a, b: tag("if", v) + a + tag("elif", w) + b + end,
            *(VALUES, VALUES, inner, inner),
        ),
        st.builds(lambda t, a: tag("for", t, "in [1, 0, '<']") + a + end, TARGETS, inner),
        st.builds(
            lambda t, a, b: tag("for", t, "in 'ab'") + a + tag("if", t) + tag(b) + end + a + end,
            *(TARGETS, inner, st.sampled_from(["break", "continue"])),
        ),
        st.builds(lambda a, b: tag("try") + a + tag("except Exception") + b + end, inner, inner),
        st.builds(
            lambda a, b, c, d: (
                tag("try")
                + a
                + tag("except NameError as e")
                + b
                + tag("else")
                + c
                + tag("finally")
                + d
                + end
            ),
            *(inner, inner, inner, inner),
        ),
        st.builds(lambda a: tag("apply upper") + a + end, inner),
        st.builds(lambda n, a: tag("block", n) + a + end, st.sampled_from("abc"), inner),
    )


LEAVES = st.one_of(
    TEXTS,
    VALUES.map(lambda value: "{{ " + value + " }}"),
    VALUES.map(lambda value: tag("raw", value)),
    st.builds(lambda t, v: tag("set", t, "=", v), TARGETS, VALUES),
    st.just(tag("set n -= 1")),
    st.just("{# comment #}"),
    st.just(tag("include part.html")),
    st.sampled_from(["None", "xhtml_escape", "upper"]).map(lambda name: tag("autoescape", name)),
    st.sampled_from(["all", "single", "oneline"]).map(lambda mode: tag("whitespace", mode)),
)
BODIES = st.recursive(LEAVES, enclosed, max_leaves=12)


def made_names() -> dict[str, Any]:
    return {"x": "<x>", "y": "y&", "z": 3, "n": 1, "lst": [], "upper": lambda text: text.upper()}
