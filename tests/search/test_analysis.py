"""Chinese text to terms, typed lines to plans, and places to mark."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.analysis import index_form, name_key, normalise, readings, spellings, syllables
from search.highlight import spans
from search.plan import MAX_EXCLUDED, MAX_WORDS, All, Any, Gram, Plan, parse, parse_prefix
from tests.search.board import company


def marked(text: str, query: str) -> str:
    for start, end in reversed(spans(text, query)):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(("text", "normal"), [
    ("ＡＢＣ１２３（深圳）", "abc123(深圳)"), ("裝飾軟體", "装饰软体"), ("乾燥機", "干燥机"), ("A\x00B\u202eC\u200bD", "a bcd"), ("\ud800x", "x"), ("㈱", "(株)"),
    ("鉅钜巨", "巨巨巨"), ("乾安縣乾安县", "干安县干安县"), ("", ""), ("İ", "i̇"),
])
def test_normalise(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_spellings_of_one_name_have_one_key() -> None:
    names = ["深圳市ABC精工（3M）有限公司", "深圳市 abc 精工(3M)有限公司", "深圳市ＡＢＣ精工３Ｍ有限公司"]
    assert {name_key(normalise(n)) for n in names} == {"深圳市abc精工3m有限公司"}


def test_readings_follow_the_word() -> None:
    assert readings("重庆银行行长3m") == ["chong", "qing", "yin", "hang", "hang", "zhang", "3", "m"]
    assert len(readings("𠮷〇龘")) == 3


def test_spellings() -> None:
    assert spellings("xian") == [["xian"], ["xi", "an"]]
    assert spellings("wurong") == [["wu", "rong"]]
    assert spellings("shwr") == []
    assert {"lv", "nv", "zhuang", "e"} <= syllables() and len(syllables()) < 450


def test_grams_of_a_document() -> None:
    form = index_form(company("a", "五荣3M", "ＬＥＤ灯，泵", uscc="91A2B"))
    assert set(form.grams) == {
        "=五荣3m", "^五", "五", "荣", "3", "m", "五荣", "荣3", "3m", "i:wr3", "i:r3m", "p:wu", "p:rong", "p:wu'rong", "p:rong'3", "p:3'm",
        "j:wr", "j:wr3", "j:wr3m", "b:wu", "b:wu'rong", "b:wu'rong'3", "b:wu'rong'3'm", "c:91a2", "c:1a2b", "l:3m", "s:led",
    }
    assert form.runs == ["五荣", "灯", "泵"]
    assert index_form(company("a", "！", "")).runs == []


def test_a_plan() -> None:
    plan = parse('精密轴承 "热能设备" -电子 -"能源设计" abc')
    assert plan.phrases == ("精密", "轴承", "热能设备")
    assert plan.without_phrases == ("电子", "能源设计")
    assert Gram("l:abc") in plan.conditions[0].parts and Gram("s:abc") in plan.conditions[0].parts
    assert plan.tiers[0] == Gram("=精密轴承热能设备abc")


def test_tiers_narrow_from_the_last_to_the_first() -> None:
    exact, begins, whole, every = parse("精密轴承").tiers
    assert exact == Gram("=精密轴承")
    assert begins == All((Gram("^精"), Gram("精密"), Gram("密轴"), Gram("轴承")))
    assert whole == All((Gram("精密"), Gram("密轴"), Gram("轴承")))
    assert every == All((Gram("精密"), Gram("轴承")))
    assert len(parse("轴承").tiers) == 3


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    assert parse("上海-北京").without_phrases == ()
    assert parse("－电子").without_phrases == ("电子",)


@pytest.mark.parametrize("text", ["", " ", "-", '"', '""', "\x00\u202e", "（）【】", "- - -", "\ud800", "💡"])
def test_nothing_to_ask(text: str) -> None:
    assert parse(text) == Plan()
    assert not parse_prefix(text).has_text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_within_bounds(text: str) -> None:
    plan = parse(text)
    assert len(plan.phrases) + len(plan.conditions) <= MAX_WORDS
    assert len(plan.without_phrases) + len(plan.without) <= MAX_EXCLUDED
    for start, end in spans(text, text[:20]):
        assert 0 <= start < end <= len(text)


def _size(condition: Gram | All | Any) -> int:
    return 1 if isinstance(condition, Gram) else sum(map(_size, condition.parts))


@pytest.mark.parametrize("text", ["a" * 10_000, "xian" * 3_000, "轴" * 10_000, '"' * 10_000, "甲 " * 5_000, "a1 " * 5_000, "ﷺ" * 10_000, "an" * 5_000])
def test_work_is_bounded(text: str) -> None:
    syllables()
    start = time.perf_counter()
    plan = parse(text)
    assert time.perf_counter() - start < 0.25
    assert sum(map(_size, (*plan.conditions, *plan.without, *plan.tiers))) < 2_500


@pytest.mark.parametrize(("text", "query", "shown"), [
    ("苏州明泽精密轴承有限公司", "轴承", "苏州明泽精密[轴承]有限公司"), ("苏州明泽精密轴承有限公司", "精密轴承", "苏州明泽[精密轴承]有限公司"),
    ("蘇州裝飾（ＡＢＣ）公司", "装饰 abc", "蘇州[裝飾]（[ＡＢＣ]）公司"), ("青岛五荣装饰", "wrz", "青岛[五荣装]饰"), ("青岛五荣装饰", "wurong", "青岛[五荣]装饰"),
    ("㈱精密", "精密", "㈱[精密]"), ("无关", "轴承", "无关"), ("轴承轴承", "轴承", "[轴承轴承]"), ("电子 科技", "-电子 科技", "电子 [科技]"), ("", "轴承", ""),
])
def test_places_to_mark(text: str, query: str, shown: str) -> None:
    assert marked(text, query) == shown
