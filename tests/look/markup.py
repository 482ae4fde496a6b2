"""What every page of the portal must keep, checked on its HTML alone; `problems` is also what the page-inspecting tests call."""

from collections import Counter

from lxml import html
from lxml.html import HtmlElement

CONTROLS = "//input[not(@type='hidden')] | //select | //textarea"
ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}


def _of_the_page(page: HtmlElement) -> list[str]:
    found = []
    for name, number in (("h1", len(page.xpath("//h1"))), ("main", len(page.xpath("//main"))), ("title", len(page.xpath("//head/title")))):
        if number != 1:
            found.append(f"{number} <{name}>, wanted one")
    if page.xpath("//head/title") and not page.xpath("string(//head/title)").strip(" ·\n"):
        found.append("empty title")
    if page.get("lang") != "zh-CN":
        found.append("no lang=zh-CN")
    return found


def _inline(page: HtmlElement) -> list[str]:
    found = [f"inline <{tag.tag}>" for tag in page.xpath("//style | //script[not(@src)]")]
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        found += [f"{name} on <{element.tag}>" for name in element.attrib if name == "style" or name.startswith(("on", "hx-on"))]
        found += [f"{name} leads to a script" for name, value in element.attrib.items() if value.strip().lower().startswith("javascript:")]
    return found


def _named(page: HtmlElement) -> list[str]:
    found = [f"id {name} {number} times" for name, number in Counter(page.xpath("//@id")).items() if number > 1]
    ids = set(page.xpath("//@id"))
    for attribute in ("aria-describedby", "aria-controls", "aria-labelledby", "for"):
        for value in page.xpath(f"//@{attribute}"):
            found += [f"{attribute} names {name}, which is not there" for name in value.split() if name not in ids]
    found += [f"link to #{href[1:]}, which is not there" for href in page.xpath("//a/@href") if href.startswith("#") and len(href) > 1 and href[1:] not in ids]
    return found


def _labels(page: HtmlElement) -> list[str]:
    found = []
    for control in page.xpath(CONTROLS):
        own = control.get("id")
        labels = control.xpath("ancestor::label") + (page.xpath("//label[@for=$own]", own=own) if own else [])
        if not (control.get("aria-label") or any(label.text_content().strip() for label in labels) or control.get("type") in ("submit", "button")):
            found.append(f"no label for {control.get('name') or own}")
    for element in page.xpath("//button | //a[@href] | //summary"):
        if not (element.text_content().strip() or element.get("aria-label")):
            found.append(f"<{element.tag}> without words: {html.tostring(element, encoding='unicode')[:80]}")
    found += ["<img> without alt" for image in page.xpath("//img") if image.get("alt") is None]
    found += ["link without address" for link in page.xpath("//a") if not link.get("href")]
    return found


def _forms(page: HtmlElement) -> list[str]:
    posts = page.xpath("//form[translate(@method, 'POST', 'post') = 'post']")
    return [f"POST form to {form.get('action')} without CSRF field" for form in posts if not form.xpath(".//input[@name='csrf_token']")]


def _tables(page: HtmlElement) -> list[str]:
    """Safari forgets what a table is when the stylesheet turns it into cards, so such tables say it themselves."""
    found = []
    for table in page.xpath("//table[contains(concat(' ', @class, ' '), ' cards ')]"):
        for element in table.iter(*ROLES):
            if element.get("role") != ROLES[element.tag]:
                found.append(f"<{element.tag}> of a card table without role {ROLES[element.tag]}")
    return found


def problems(text: str) -> list[str]:
    """Everything wrong with a page, in words; an empty list is a good page."""
    page = html.document_fromstring(text)
    return [*_of_the_page(page), *_inline(page), *_named(page), *_labels(page), *_forms(page), *_tables(page)]
