"""Every component renders strictly, keeps the rules of a page, and the icons are those that exist."""

import re
from datetime import UTC, datetime

import pytest
from lxml import html
from wtforms import BooleanField, Form, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired

from portal.access.basis import Basis
from portal.cli.assets import icon_names
from tests.look.markup import problems
from tests.look.stage import ROOT, TEMPLATES, Person, environment, frame

LOOK = ("layouts", "components", "errors", "development")
IMPORT = '{% import "components/ui.html" as ui %}'


def render(source: str, **values: object) -> str:
    return environment().from_string(IMPORT + source).render(**values)


def test_every_template_of_the_look_compiles() -> None:
    env = environment()
    names = env.list_templates(filter_func=lambda name: name.split("/")[0] in LOOK)
    assert len(names) > 40
    for name in names:
        env.get_template(name)


def test_the_component_page_keeps_every_rule() -> None:
    assert problems(environment().get_template("development/components.html").render(**frame())) == []


def test_the_component_page_shows_every_component() -> None:
    offered = set(re.findall(r"{%- set (\w+) = \w+_ -%}", (TEMPLATES / "components" / "ui.html").read_text("utf-8")))
    shown = set(re.findall(r"ui\.(\w+)\(", (TEMPLATES / "development" / "components.html").read_text("utf-8")))
    elsewhere = {"csrf_field", "form_field", "form_errors", "moment", "plain_table"}  # shown through others, or tested below
    assert offered - shown == elsewhere


def test_every_macro_is_offered_under_one_name() -> None:
    inner = {"described", "field_frame", "shown", "table_head"}
    made = {name for path in (TEMPLATES / "components").glob("*.html") for name in re.findall(r"{%-? macro (\w+)\(", path.read_text("utf-8"))}
    offered = set(re.findall(r"{%- set (\w+) = \w+_ -%}", (TEMPLATES / "components" / "ui.html").read_text("utf-8")))
    assert made - inner == offered


def test_an_error_page_says_the_sentence_it_is_given_and_escapes_it() -> None:
    words = {"status": 409, "title": "这个时段刚被订走", "text": "还空着：<10:40>", "reference": "r-7c19e2"}
    for name, given in (("error", frame(**words)), ("bare", words)):  # the bare one must need nothing else
        page = environment().get_template(f"errors/{name}.html").render(**given)
        assert problems(page) == []
        assert "<h1>这个时段刚被订走</h1>" in page
        assert "还空着：&lt;10:40&gt;" in page
        assert "r-7c19e2" in page
        assert html.document_fromstring(page).xpath("string(//span[@class='big'])") == "409"


def test_the_page_for_a_database_that_is_down_is_not_a_template() -> None:
    text = (TEMPLATES / "errors" / "down.html").read_text("utf-8")
    assert "{" not in text
    assert problems(text) == []


def test_the_frame_for_a_stranger_and_before_the_first_checkpoint() -> None:
    source = '{% extends "layouts/base.html" %}{% block title %}企业{% endblock %}{% block main %}<h1>企业</h1>{% endblock %}'
    page = environment((("error", "没有保存"), ("anything", "已记下"))).from_string(source).render(**frame(actor=Person(is_anonymous=True), checkpoint=None))
    assert problems(page) == []
    assert "/sign-in" in page
    assert "/sign-out" not in page
    assert "还没有封存点" in page
    assert "note-bad" in page
    assert "note-info" in page


def test_the_plain_frame() -> None:
    source = '{% extends "layouts/plain.html" %}{% block title %}登录{% endblock %}{% block main %}<h1>登录</h1>{% endblock %}'
    page = environment().from_string(source).render(operator_name="北庭", short_name="北庭", board_name="专板", checkpoint=None)
    assert problems(page) == []
    assert "nav-main" not in page


def test_every_basis_has_its_chip() -> None:
    for kind in Basis:
        chip = render("{{ ui.basis(kind, '2026-12-31') }}", kind=kind)
        assert f"basis-{kind.value}" in chip
        assert "2026-12-31" in chip
    with pytest.raises(Exception, match="whim"):
        render("{{ ui.basis('whim') }}")


@pytest.mark.parametrize(("left", "total", "unit", "soon"), [(222, 260, None, False), (10, 61, None, True), (11, 61, None, False), (20, 260, None, True), (5, 24, "小时", False)])
def test_a_time_box_turns_amber_before_it_hurts(left: int, total: int, unit: str | None, soon: bool) -> None:
    assert ("soon" in render("{{ ui.timebox(left, total, unit) }}", left=left, total=total, unit=unit)) is soon


def test_values_are_escaped_and_missing_ones_are_a_dash() -> None:
    hostile = '"><script>alert(1)</script>'
    page = render("{{ ui.field('a', 'A', v, hint=v, error=v) }}{{ ui.chips([(v, v, '/x')]) }}{{ ui.definitions([(v, v, v), ('b', none, '')]) }}"
                  "{{ ui.empty_state('search', v, v) }}{{ ui.text_area('t', 'T', v) }}{{ ui.select_field('s', 'S', [(v, v)], v) }}{{ ui.cell(v, v) }}", v=hostile)
    assert "<script" not in page
    assert '<span class="none">—</span>' in page


def test_a_field_ties_hint_and_error_to_its_control() -> None:
    control = html.fragment_fromstring(render("{{ ui.field('mail', '邮箱', 'x', hint='工作邮箱', error='缺少 @', attrs={'maxlength': 80}) }}")).find(".//input")
    assert control.get("aria-describedby") == "mail-hint mail-error"
    assert control.get("aria-invalid") == "true"
    assert control.get("maxlength") == "80"
    assert "value" not in html.fragment_fromstring(render("{{ ui.field('p', '密码', 'secret', 'password') }}")).find(".//input").attrib


class Demo(Form):
    name = StringField("名称", [InputRequired("写上名称")], description="与营业执照一致")
    text = TextAreaField("说明")
    number = IntegerField("人数")
    term = SelectField("期限", choices=[("12", "12 个月"), ("24", "24 个月")])
    kinds = SelectMultipleField("对象", choices=[("a", "甲"), ("b", "乙")])
    use = RadioField("用途", choices=[("x", "投后"), ("y", "尽调")])
    agree = BooleanField("同意")


def test_bound_forms_render_with_their_errors_and_values() -> None:
    form = Demo(data={"text": "<b>", "term": "24", "kinds": ["b"], "use": "x", "agree": True, "number": 3})
    form.name.errors = ["写上名称"]
    body = render("{{ ui.form_errors(form) }}{% for f in form %}{{ ui.form_field(f) }}{% endfor %}", form=form)
    page = html.document_fromstring(f'<html lang="zh-CN"><head><title>t</title></head><body><main><h1>h</h1><form>{body}</form></main></body></html>')
    assert problems(html.tostring(page, encoding="unicode")) == []
    assert page.xpath("string(//p[@id='name-error'])") == "写上名称"
    assert page.xpath("//ul/li/a/@href") == ["#name"]
    assert page.xpath("//select[@name='term']/option[@selected]/@value") == ["24"]
    assert page.xpath("//input[@name='kinds'][@checked]/@value") == ["b"]
    assert page.xpath("//input[@name='use'][@checked]/@value") == ["x"]
    assert page.xpath("//input[@name='agree'][@checked]") != []
    assert page.xpath("string(//textarea)").strip() == "<b>"
    assert page.xpath("//input[@name='name']/@aria-required") == ["true"]


def test_dates_amounts_and_pagers() -> None:
    at = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    assert render("{{ ui.moment(at, weekday=True) }}", at=at) == '<time datetime="2026-11-27T10:00:00+08:00">2026-11-27 周五</time>'
    assert render("{{ ui.moment(none) }}") == '<span class="none">—</span>'
    assert html.fragment_fromstring(render("{{ ui.money(38420000000) }}")).text_content() == "3.84亿元"
    single = render("{{ ui.pager('14 家全部显示', [('1', '/x', True)]) }}")
    assert "<ul" not in single
    assert render("{{ ui.pager('第 1–20 条', next='/x?page=2') }}").count("off") == 1


def _icons_named(text: str) -> set[str]:
    text = re.sub(r"ui\.moment\([^()]*\)", "", text)  # its second word is a form, not an icon
    calls = re.findall(r"""\b(?:icon|empty_state)\(\s*['"]([a-z0-9-]+)['"]""", text) + re.findall(r"""icon_name\s*=\s*['"]([a-z0-9-]+)['"]""", text)
    buttons = re.findall(r"""\b(?:button|button_link)\([^{}]*?,\s*['"](?:go|quiet|risk|)['"],\s*['"]([a-z0-9-]+)['"]""", text)
    states = re.findall(r"""\bstate\([^{}]*?,[^{}]*?,\s*['"]([a-z0-9-]+)['"]\s*\)""", text)
    return set(calls) | set(buttons) | set(states) | set(re.findall(r"""\bicon_button\([^,]+,\s*['"]([a-z0-9-]+)['"]""", text))


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    listed = icon_names(ROOT)
    assert listed == sorted(set(listed))
    named = set().union(*(_icons_named(path.read_text("utf-8")) for path in TEMPLATES.rglob("*.html")))
    assert {"search", "star", "send", "file-text"} <= named
    assert named - set(listed) == set(), "add them to static/icons.txt"


def test_the_component_page_shows_exactly_the_icons_of_the_list() -> None:
    text = (TEMPLATES / "development" / "components.html").read_text("utf-8")
    shown = re.search(r"{% for name in \(([^)]*)\) %}<li>{{ ui\.icon", text)
    assert shown is not None
    assert re.findall(r"'([a-z0-9-]+)'", shown[1]) == icon_names(ROOT)


def test_every_component_that_a_template_asks_for_exists() -> None:
    offered = set(re.findall(r"{%- set (\w+) = \w+_ -%}", (TEMPLATES / "components" / "ui.html").read_text("utf-8")))
    asked = {(path.name, name) for path in TEMPLATES.rglob("*.html") for name in re.findall(r"(?<![\w/])ui\.(\w+)", path.read_text("utf-8")) if path.parent.name != "components"}
    assert {(page, name) for page, name in asked if name not in offered} == set()
