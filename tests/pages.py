"""A test client that inspects every page it fetches: what a careful reader would complain about fails the test."""

from collections import Counter
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from lxml import html as markup
from werkzeug.test import TestResponse

ALLOWED_BARE = {"hidden", "submit", "button", "reset", "image"}


class PageFault(AssertionError):
    """A page that no reader should be given."""


def inspect(text: str, *, where: str = "") -> markup.HtmlElement:
    """Parse a whole page and check it: one h1, a title, unique ids, labelled inputs, CSRF in forms, nothing inline.

    Returns the tree. Raises PageFault naming every fault.
    """
    page = markup.document_fromstring(text)
    faults = [fault for check in CHECKS for fault in check(page)]
    if faults:
        raise PageFault(f"{where}: " + "; ".join(faults))
    return page


def _heading(page: markup.HtmlElement) -> list[str]:
    h1 = page.xpath("//h1")
    found = [] if len(h1) == 1 else [f"{len(h1)} h1"]
    title = "".join(page.xpath("//head/title/text()")).strip()
    if len(title) < 4 or title.startswith("·"):
        found.append(f"title {title!r}")
    if page.get("lang") != "zh-CN":
        found.append("no lang")
    return found


def _ids(page: markup.HtmlElement) -> list[str]:
    return [f"id {value} stands {n} times" for value, n in Counter(page.xpath("//@id")).items() if n > 1]


def _labels(page: markup.HtmlElement) -> list[str]:
    found = []
    for field in page.xpath("//input|//select|//textarea"):
        if field.get("type") in ALLOWED_BARE:
            continue
        named = field.get("aria-label") or field.get("aria-labelledby")
        labelled = field.get("id") and page.xpath("//label[@for=$id]", id=field.get("id"))
        if not (named or labelled or field.xpath("ancestor::label")):
            found.append(f"unlabelled {field.tag} {field.get('name')}")
    for target in page.xpath("//@aria-describedby|//@aria-controls|//label/@for"):
        found += [f"nothing has id {word}" for word in target.split() if not page.xpath("//*[@id=$id]", id=word)]
    return found


def _forms(page: markup.HtmlElement) -> list[str]:
    return [
        f"form {form.get('action')} without CSRF field"
        for form in page.xpath("//form[translate(@method, 'POST', 'post')='post']")
        if not form.xpath(".//input[@name='csrf_token' and string-length(@value) > 10]")
    ]


def _inline(page: markup.HtmlElement) -> list[str]:
    found = [f"inline style on {e.tag}" for e in page.xpath("//*[@style]|//style")]
    found += ["inline script"] * len(page.xpath("//script[not(@src)]"))
    found += [f"handler {a}" for e in page.iter() if isinstance(e.tag, str) for a in e.keys() if a.startswith("on")]
    found += [f"elsewhere: {a}" for a in page.xpath("//@src|//link/@href|//form/@action") if "//" in a]
    return found


def _links(page: markup.HtmlElement) -> list[str]:
    return [f"dead link {a!r}" for a in page.xpath("//a/@href") if a in ("", "#") or a.startswith("javascript:")]


def _words(page: markup.HtmlElement) -> list[str]:
    body = "".join(page.xpath("//main//text()"))
    return [f"the word {w!r}" for w in ("Lorem", "None", "undefined", "Traceback", "{{", "挂牌企业", "展示企业") if w in body]


CHECKS = (_heading, _ids, _labels, _forms, _inline, _links, _words)


class InspectingClient(FlaskClient):
    """Checks each HTML page it is given; fragments (htmx) are left to the page they are a block of."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        # A redirect has a body of its own, which no browser shows.
        shown = response.mimetype == "text/html" and not 300 <= response.status_code < 400
        is_page = shown and response.data[:15].lower().lstrip().startswith(b"<!doctype")
        if is_page:
            inspect(response.get_data(as_text=True), where=f"{response.request.method} {response.request.path}")
        return response

    def csrf(self, address: str) -> str:
        """The CSRF value of the first form on the page at `address`."""
        page = markup.document_fromstring(self.get(address).get_data(as_text=True))
        return page.xpath("//input[@name='csrf_token']/@value")[0]

    def form(self, address: str, index: int = 0, **changes: Any) -> dict[str, Any]:
        """What a browser would post from the page's form number `index` among the posting ones of its main part."""
        page = markup.document_fromstring(self.get(address).get_data(as_text=True))
        forms = page.xpath("//main//form[translate(@method, 'POST', 'post')='post']")
        return {**dict(forms[index].form_values()), **changes}


def client(app: Flask) -> InspectingClient:
    """A fresh browser, without cookies."""
    app.test_client_class = InspectingClient
    return app.test_client()  # type: ignore[return-value]
