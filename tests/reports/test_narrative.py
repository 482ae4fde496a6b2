import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from portal.reports.narrative import BLOCKS, INLINE, LIMIT, clean, xml_text

TAGS = sorted({*INLINE, *BLOCKS, "script", "style", "a", "img", "svg", "iframe", "span", "dl", "dd", "form", "input"})
HOLDS = {
    "p": {"strong", "em", "sub", "sup", "br"}, "h3": {"strong", "em", "sub", "sup", "br"}, "ul": {"li"}, "ol": {"li"}, "table": {"tr"}, "tr": {"td", "th"},
}  # fmt: skip
FLOW = {"p", "h3", "h4", "ul", "ol", "table"}
HOLDS |= {"h4": HOLDS["p"]} | {tag: HOLDS["p"] for tag in ("strong", "em", "sub", "sup")} | {tag: FLOW for tag in ("li", "td", "th", "div")} | {"br": set()}


def parsed(text: str) -> etree._Element:
    return etree.fromstring(f"<div>{text}</div>")


def assert_valid(text: str) -> etree._Element:
    """Each element holds only what XHTML lets it hold, and no list or table is empty."""
    root = parsed(text)
    for element in root.iter():
        assert {child.tag for child in element} <= HOLDS[element.tag]
        assert set(element.attrib) <= {"colspan", "rowspan"}
        if element.tag in ("ul", "ol", "table", "tr"):
            assert len(element) and not (element.text or "").strip()
    return root


@pytest.mark.parametrize(
    "source, result",
    [
        ("", ""),
        ("一\n\n二 & 三", "<p>一</p><p>二 &amp; 三</p>"),
        ("<p>甲<b>乙</b></p>", "<p>甲<strong>乙</strong></p>"),
        ("<p><b><i>甲</i></b>乙<b>丙</b></p>", "<p><strong><em>甲</em></strong>乙<strong>丙</strong></p>"),
        ("<ul>零<li>一<p>二</p></li>三</ul>", "<ul><li><p>零</p></li><li><p>一</p><p>二</p></li><li><p>三</p></li></ul>"),
        ("<ul></ul><table></table><p> </p>", ""),
        ("<table><tbody><tr><td colspan='2' style='x'>一</td></tr></tbody></table>", '<table><tr><td colspan="2"><p>一</p></td></tr></table>'),
        ("<td colspan='99999999999999999999'>x", "<p>x</p>"),
        ("甲<br>乙", "<p>甲<br/>乙</p>"),
        ("<script>alert(1)</script><p onclick='x()'>甲</p>", "<p>甲</p>"),
        ("<a href='javascript:x()'>甲</a><img src=x onerror=y>", "<p>甲</p>"),
        ("<!-- 甲 --><p>乙</p><?php x ?>", "<p>乙</p>"),
    ],
)
def test_narratives_become_plain_blocks(source: str, result: str):
    assert clean(source) == result


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><p>&a;</p>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><p>&b;</p>',
        "<p>&nbsp;&lol;&#0;&#x1F;\x00\x0b\ud800\ufffe</p>",
        "</p></div></ix:nonNumeric><script>x</script>",
        '<ix:nonFraction name="zb:TotalAssets" contextRef="i20251231">1</ix:nonFraction>',
        "<![CDATA[<script>x</script>]]>",
        "<svg><script>x</script></svg><math><mtext><style><img onerror=x></style></mtext></math>",
        "<xi:include href='file:///etc/hostname' parse='text'/>",
        "<p>" + "<b>" * 500 + "深" + "</b>" * 500,
        "<ul><li>" * 300 + "深",
    ],
)
def test_hostile_narratives_lose_everything_but_words(hostile: str):
    text = clean(hostile)
    assert_valid(text)
    assert not any(word in text for word in ("<script", "<!", "ix:", "onerror=", "file:///", "<svg", "&a;"))


@given(st.recursive(st.text(max_size=6), lambda inner: st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", st.sampled_from(TAGS), st.lists(inner, max_size=4)), max_leaves=25))
@settings(max_examples=300, deadline=None)
def test_any_nesting_becomes_valid_and_stays_as_it_is(source: str):
    text = clean(source)
    assert_valid(text)
    assert clean(text) == text


@given(st.lists(st.sampled_from(["b", "i", "p", "ul", "ol", "li", "h3", "blockquote", "div", "sub"]), min_size=1, max_size=12))
def test_no_word_is_lost(tags: list[str]):
    source = "".join(f"<{tag}>字{number}；" for number, tag in enumerate(tags))
    words = "".join(assert_valid(clean(source)).itertext())
    assert words == "".join(f"字{number}；" for number in range(len(tags)))


def test_text_that_xml_cannot_hold_is_dropped_and_too_much_is_refused():
    assert xml_text("a\x00b\x1fc\ud800d\ufffee\t𠮷") == "abcde\t𠮷"
    with pytest.raises(ValueError, match="超过"):
        clean("字" * (LIMIT + 1))
