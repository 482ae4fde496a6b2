"""Narratives typed by people into XHTML that can stand in a report: nothing active, and a content model that is valid.

Cleaning takes two steps. nh3 parses what came as HTML5 and keeps an allow-list; then the tree is rebuilt as plain blocks,
because HTML allows shapes (text inside a list, a block inside bold) that the XHTML schema of Inline XBRL refuses.
"""

import re
from collections.abc import Iterable

import nh3
from lxml import etree, html

INLINE = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "sub": "sub", "sup": "sup", "br": "br"}
BLOCKS = {"p", "h3", "h4", "ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "blockquote", "div"}
HEADINGS = {"h3", "h4"}
SPANS = {"colspan", "rowspan"}
NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LIMIT = 2_000_000
MAX_DEPTH = 60


def xml_text(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold (control characters, lone surrogates)."""
    return NOT_XML.sub("", text)


def clean(source: str) -> str:
    """A narrative as XHTML blocks without a namespace prefix.

    Script, style, links, pictures, forms, attributes (but for table spans), entities and comments are gone; the words stay.
    Plain text keeps its line breaks as paragraphs. Raises ValueError above LIMIT characters.
    """
    if len(source) > LIMIT:
        raise ValueError(f"文字超过 {LIMIT} 字。")
    text = xml_text(source)
    if "<" not in text:
        text = "".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip())
    safe = nh3.clean(text, tags=set(INLINE) | BLOCKS, attributes={"td": SPANS, "th": SPANS}, link_rel=None)
    root = html.fragment_fromstring(xml_text(safe), create_parent="div")
    out = etree.Element("div")
    _Blocks(out).take(root, ())
    return "".join(etree.tostring(block, encoding="unicode", method="xml", with_tail=False) for block in out)


class _Blocks:
    """Writes blocks into one parent; runs of inline text between blocks become paragraphs of their own."""

    def __init__(self, parent: etree._Element) -> None:
        self.parent = parent
        self.paragraph: etree._Element | None = None
        self.kind = "p"

    def take(self, element: etree._Element, marks: tuple[str, ...]) -> None:
        """Everything inside an element; `marks` are the inline tags around it."""
        self._text(element.text, marks)
        for child in element:
            if len(marks) < MAX_DEPTH:
                self._child(child, marks)
            self._text(child.tail, marks)

    def _child(self, child: etree._Element, marks: tuple[str, ...]) -> None:
        tag = child.tag
        if tag == "br":
            if self.paragraph is not None:
                etree.SubElement(self.paragraph, "br")
        elif tag in INLINE:
            mark = INLINE[tag]
            self.take(child, marks if mark in marks else (*marks, mark))
        else:
            self.paragraph = None
            self._block(child, marks)
            self.paragraph, self.kind = None, "p"

    def _block(self, child: etree._Element, marks: tuple[str, ...]) -> None:
        if child.tag in ("ul", "ol"):
            self._list(child, marks)
        elif child.tag == "table":
            self._table(child)
        else:
            self.kind = child.tag if child.tag in HEADINGS else "p"
            self.take(child, marks)

    def _list(self, source: etree._Element, marks: tuple[str, ...]) -> None:
        made = etree.Element(source.tag)
        for child in _items(source):
            item = etree.Element("li")
            _Blocks(item).take(child, marks)
            if len(item):
                made.append(item)
        if len(made):
            self.parent.append(made)

    def _table(self, source: etree._Element) -> None:
        made = etree.Element("table")
        for row in source.iter("tr"):
            cells = [cell for cell in row if cell.tag in ("td", "th")]
            if cells and next(row.iterancestors("table")) is source:
                line = etree.SubElement(made, "tr")
                for cell in cells:
                    _Blocks(etree.SubElement(line, cell.tag, dict(_spans(cell)))).take(cell, ())
        if len(made):
            self.parent.append(made)

    def _text(self, text: str | None, marks: tuple[str, ...]) -> None:
        if not text or (self.paragraph is None and not text.strip()):
            return
        if self.paragraph is None:
            self.paragraph = etree.SubElement(self.parent, self.kind)
        at = self.paragraph
        for mark in marks:
            at = at[-1] if len(at) and at[-1].tag == mark and not at[-1].tail else etree.SubElement(at, mark)
        if len(at):
            at[-1].tail = (at[-1].tail or "") + text
        else:
            at.text = (at.text or "") + text


def _items(source: etree._Element) -> Iterable[etree._Element]:
    """The items of a list; words and blocks that stand between items become items of their own, so that none is lost."""
    stray = etree.Element("li")
    stray.text = source.text
    for child in list(source):
        if child.tag != "li":
            stray.append(child)
            continue
        yield stray
        stray = etree.Element("li")
        stray.text, child.tail = child.tail, None
        yield child
    yield stray


def _spans(cell: etree._Element) -> Iterable[tuple[str, str]]:
    for name in SPANS:
        value = cell.get(name, "")
        if value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= 100:
            yield name, value[:4]
