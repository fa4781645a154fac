"""In which language a request is answered."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike import locale
from tornadolike.locale.shelf import loaded
from tornadolike.template import DictLoader
from tornadolike.web import Application, HTTPError, RequestHandler


@pytest.fixture
def translations(tmp_path: Path) -> Iterator[None]:
    """A site in English, German and Arabic; nothing of it is left behind."""
    for code, hello, not_found in (("de", "Hallo", "Hier ist nichts"), ("ar", "مرحبا", "لا شيء")):
        lines = f'"Hello","{hello}"\n"Not Found","{not_found}"\n'
        tmp_path.joinpath(f"{code}.csv").write_text(lines, encoding="utf-8")
    locale.load_translations(str(tmp_path))
    yield
    empty = tmp_path / "empty"
    empty.mkdir()
    locale.load_translations(str(empty))


class Chosen(RequestHandler):
    """The reader's choice stands in the address."""

    def get_user_locale(self) -> Any:
        code = self.get_query_argument("lang", None)
        return locale.get(code) if code else None

    def get(self) -> None:
        self.write(self.locale.code)


def handler_asked(accepted: str | None, kind: type[RequestHandler] = RequestHandler) -> Any:
    return make_handler(kind, headers={} if accepted is None else {"Accept-Language": accepted})


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        (None, "en_US"),
        ("", "en_US"),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("en;q=0.5, ar;q=0.7 ,de; q=0.6", "ar"),
        ("fr,de;q=0.1", "de"),
        ("fr", "en_US"),
        ("de;q=0", "en_US"),
        ("de;q=-1", "en_US"),
        (";;q=,=", "en_US"),
        ("de," * 100_000, "de"),
    ],
)
def test_the_browsers_language(translations: None, accepted: str | None, code: str) -> None:
    handler = handler_asked(accepted)
    assert handler.get_browser_locale().code == code
    assert handler.locale.code == code


def test_what_is_taken_where_the_browser_says_nothing(translations: None) -> None:
    assert handler_asked(None).get_browser_locale("de").code == "de"
    assert handler_asked("ar").get_browser_locale("de").code == "ar"


def test_several_fields_are_one(translations: None, site: Callable[..., Site]) -> None:
    served = site(("/", Chosen))
    fields = ("Accept-Language: ar;q=0.5", "Accept-Language: de")
    assert served.ask("GET /", *fields).text == "de"


def test_the_readers_choice_comes_first(translations: None, site: Callable[..., Site]) -> None:
    served = site(("/", Chosen))
    assert served.ask("GET /?lang=ar", "Accept-Language: de").text == "ar"
    assert served.ask("GET /", "Accept-Language: de").text == "de"


def test_the_locale_is_chosen_once(translations: None) -> None:
    asked = []

    class Asking(RequestHandler):
        def get_user_locale(self) -> Any:
            asked.append(self)
            return locale.get("de")

    handler = make_handler(Asking)
    assert not asked
    assert handler.locale is handler.locale
    assert len(asked) == 1


def test_the_locale_may_be_set(translations: None) -> None:
    class Never(RequestHandler):
        def get_user_locale(self) -> Any:
            raise AssertionError

    handler = make_handler(Never)
    handler.locale = locale.get("ar")
    assert handler.locale.code == "ar"


def test_a_choice_that_is_no_locale(translations: None) -> None:
    class Code(RequestHandler):
        def get_user_locale(self) -> Any:
            return "de"

    class Waiting:
        def __await__(self) -> Any:
            yield

    class Later(RequestHandler):
        def get_user_locale(self) -> Any:
            return Waiting()

    with pytest.raises(TypeError, match=r"has to give tornadolike.locale.get\(code\).*not 'de'"):
        make_handler(Code).locale  # noqa: B018 - it is read now, and raises
    with pytest.raises(TypeError, match=r"prepare\(\) can wait for"):
        make_handler(Later).locale  # noqa: B018 - it is read now, and raises


def test_templates_are_translated(translations: None) -> None:
    loader = DictLoader(
        {"page.html": "{{ _('Hello') }} {{ locale.code }} {{ pgettext('a', 'Bye') }}"}
    )
    handler = make_handler(headers={"Accept-Language": "de"}, settings={"template_loader": loader})
    assert handler.render_string("page.html") == b"Hallo de Bye"


def test_with_debug_translations_are_read_again(
    tmp_path: Path, translations: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "_reloads", False)  # and so it will be again
    handler_asked("de")
    tmp_path.joinpath("de.csv").write_text('"Hello","Servus"\n')
    assert handler_asked("de").locale.translate("Hello") == "Hallo"
    Application(debug=True)
    assert handler_asked("de").locale.translate("Hello") == "Servus"


# Error pages


ENGLISH = "<html><title>404: Not Found</title><body>404: Not Found</body></html>"


def test_an_error_page_in_english_is_as_ever(site: Callable[..., Site]) -> None:
    answer = site().ask("GET /", "Accept-Language: en, de;q=0.9")
    assert (answer.text, answer.header("Vary")) == (ENGLISH, None)


def test_an_error_page_in_english_is_not_kept_for_those_who_read_others(
    translations: None, site: Callable[..., Site]
) -> None:
    answer = site().ask("GET /", "Accept-Language: en, de;q=0.9")
    assert (answer.text, answer.header("Vary")) == (ENGLISH, "Accept-Language")


def test_an_error_page_says_what_it_is_whatever_others_are(
    translations: None, site: Callable[..., Site]
) -> None:
    class Forbidden(RequestHandler):
        def set_default_headers(self) -> None:
            self.set_header("Content-Language", "en")
            self.set_header("Vary", "Cookie, accept-language")

        def get(self) -> None:
            raise HTTPError(403)

    answer = site(("/", Forbidden)).ask("GET /", "Accept-Language: de")
    assert answer.header("Content-Language") == "de"
    assert answer.headers.get_all("Vary") == ["Cookie, accept-language"]


@pytest.mark.parametrize(
    ("code", "direction", "text"), [("de", "ltr", "Hier ist nichts"), ("ar", "rtl", "لا شيء")]
)
def test_an_error_page_in_the_readers_language(
    translations: None, site: Callable[..., Site], code: str, direction: str, text: str
) -> None:
    answer = site().ask("GET /", f"Accept-Language: {code}")
    assert (answer.status, answer.reason) == (404, "Not Found")
    assert answer.text.startswith(f'<html lang="{code}" dir="{direction}"><title>404: ')
    assert answer.text.count(f"404: {text}</") == 2
    assert answer.header("Vary") == "Accept-Language"


def test_the_framework_has_words_of_its_own(translations: None, site: Callable[..., Site]) -> None:
    answer = site(("/", RequestHandler)).ask("GET /", "Accept-Language: de")
    assert (answer.status, answer.reason) == (405, "Method Not Allowed")
    assert "405: Methode nicht erlaubt" in answer.text


def test_an_error_page_in_a_language_that_the_site_has_not(site: Callable[..., Site]) -> None:
    assert "404: Not Found" in site().ask("GET /", "Accept-Language: de").text


def test_the_authors_reason_is_his_to_translate(
    tmp_path: Path, translations: None, site: Callable[..., Site]
) -> None:
    class Gone(RequestHandler):
        def get(self) -> None:
            raise HTTPError(418, reason="Hello")

    answer = site(("/", Gone)).ask("GET /", "Accept-Language: de")
    assert (answer.reason, "418: Hallo" in answer.text) == ("Hello", True)


def test_a_choice_that_fails_does_not_cost_the_error_page(
    site: Callable[..., Site], expect_log: Any
) -> None:
    class Failing(RequestHandler):
        def get_user_locale(self) -> Any:
            raise LookupError

    served = site(("/", Failing))
    with expect_log("tornadolike.application", "An error page is in English", count=1):
        answer = served.ask("GET /")
    assert (answer.status, "405: Method Not Allowed" in answer.text) == (405, True)


def test_a_choice_that_cannot_be_understood_is_no_news(
    translations: None, site: Callable[..., Site], expect_log: Any
) -> None:
    class Choosing(RequestHandler):
        def get_user_locale(self) -> Any:
            return locale.get(self.get_query_argument("lang"))

        def get(self) -> None:
            self.render("page.html")

    served = site(("/", Choosing), template_loader=DictLoader({"page.html": ""}))
    with expect_log("tornadolike", "", count=1) as logged:
        answer = served.ask("GET /?lang=%ff")
    assert (answer.status, "400: Bad Request" in answer.text) == (400, True)
    assert "Invalid unicode in lang" in logged.matched[0].getMessage()
