"""The pages in requests: a fund's view, the enterprise's own, the visitor's, and what a form posted twice does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from flask import Blueprint, Flask
from sqlalchemy import func, select, text

from portal.access.actor import ANONYMOUS, Actor
from portal.access.principals import BOARD, OPERATOR, QUALIFIED, OrgKind
from portal.config import Settings
from portal.core.db import Database
from portal.enterprises import services
from portal.enterprises.panels import PAGE
from portal.enterprises.models import Enterprise, SectionKey
from portal.enterprises.views import bp
from portal.enterprises.views_hiding import bp as hiding
from portal.evidence.services import record_denial
from portal.grants.models import Grant
from portal.web.edge import Edge
from portal.web.factory import base_app
from portal.web.guards import assert_every_view_declares_access, public
from portal.web.panels import PanelView
from tests.enterprises.conftest import CODES, acting, as_, organisation, person
from tests.pages import InspectingClient, client

A, B, C, _D, _E = CODES


@dataclass
class Stage:
    """A board with one member (A, with people), one demo company (B) and one of the register (C); and its readers."""

    database: Database
    app: Flask
    actors: dict[str, Actor]
    who: str = "fund"

    def browser(self, who: str) -> InspectingClient:
        self.who = who
        return client(self.app)

    def scalar(self, statement: str) -> object:
        with self.database.system_session() as db:
            return db.scalar(text(statement))


@pytest.fixture
def stage(own: Database, settings: Settings) -> Stage:
    with own.session() as db:
        people = {name: person(db, name) for name in ("owner", "fund", "operator")}
        firm = organisation(db, OrgKind.ENTERPRISE, "天山精密轴承")
        fund = organisation(db, OrgKind.FUND_MANAGER, "砚台山私募基金")
        fund.qualified_from, fund.qualified_until = date(2020, 1, 1), date(2099, 1, 1)
        actors = {
            "operator": acting(organisation(db, OrgKind.OPERATOR, "运营机构"), BOARD, OPERATOR, who=people["operator"]),
            "owner": acting(firm, who=people["owner"]),
            "fund": acting(fund, BOARD, QUALIFIED, who=people["fund"]),
            "visitor": acting(organisation(db, OrgKind.FUND_MANAGER, "未核实私募基金")),
            "nobody": ANONYMOUS,
        }
        actors["viewer"] = replace(actors["owner"], roles=frozenset({"viewer"}))
        operator = actors["operator"]
        as_(db, operator)
        services.add_enterprise(
            db, operator, uscc=A, organisation=firm, source="登记机关", source_date=date(2026, 10, 31), name="天山精密轴承股份有限公司",
            founded=date(2009, 4, 1), capital=300_000_000, capital_currency="CNY", province_code="650000", city_code="650100",
            province_text="新疆", city_text="乌鲁木齐", industry_code="3451", summary="做高速主轴轴承。", member=True,
            tier="cultivation", categories=["little_giant", "high_tech"], joined_on=date(2024, 3, 1),
        )  # fmt: skip
        services.add_enterprise(db, operator, uscc=B, source="演示数据", name="虚构演示公司", demo=True, member=True, tier="hatch")
        services.add_enterprise(db, operator, uscc=C, source="登记机关", name="<b>名录</b>公司", capital=2_000_000, capital_currency="JPY")
        db.commit()
    return _stage(own, settings, actors)


def _stage(own: Database, settings: Settings, actors: dict[str, Actor]) -> Stage:
    made = Stage(own, None, actors)  # type: ignore[arg-type]
    edge = Edge(settings=settings, database=own, load_actor=lambda db: made.actors[made.who], record_denial=record_denial)
    made.app = base_app(settings, edge)
    security = Blueprint("security", __name__)
    security.add_url_rule("/sign-in", "login", public(lambda: ""))
    made.app.register_blueprint(security)
    made.app.register_blueprint(bp)
    made.app.register_blueprint(hiding)
    assert_every_view_declares_access(made.app)
    return made


def words(response) -> str:  # type: ignore[no-untyped-def]
    return " ".join("".join(_tree(response).xpath("//main//text()")).split())


def _tree(response):  # type: ignore[no-untyped-def]
    from lxml import html

    return html.document_fromstring(response.get_data(as_text=True))


def test_a_board_reader_sees_register_facts_with_source_and_date(stage: Stage) -> None:
    response = stage.browser("fund").get(f"/enterprises/{A}")
    assert response.status_code == 200
    page = words(response)
    for part in ("天山精密轴承股份有限公司", "培育层", "专精特新“小巨人”", "高新技术企业", "新疆 乌鲁木齐", "3451 滚动轴承制造", "2009-04-01",
                 "300万元", "登记机关 2026-10-31", "你为何能看到这些", "2024-03-01"):  # fmt: skip
        assert part in page, part
    assert "非专板企业" not in page and "写资料" not in page
    assert _tree(response).xpath("//abbr[@class='src']/@title")[0] == "来源：登记机关，2026-10-31"
    assert stage.scalar("select count(*) from portal.opening where kind = 'read'") == 0


def test_register_companies_and_demo_ones_are_marked(stage: Stage) -> None:
    register = words(stage.browser("fund").get(f"/enterprises/{C}"))
    assert "登记信息 · 非专板企业" in register and "<b>名录</b>公司" in register and "200万日元" in register
    demo = stage.browser("fund").get(f"/enterprises/{B}")
    assert "演示企业" in words(demo) and "登记信息 · 非专板企业" not in words(demo)
    assert _tree(demo).xpath("//abbr[@class='src']") == []


@pytest.mark.parametrize("who", ["visitor", "fund", "owner", "operator"])
def test_what_is_not_there_and_what_is_hidden_look_the_same(stage: Stage, who: str) -> None:
    hidden = {"visitor": A, "owner": C}.get(who, "91310000MA0TEXT30N")
    answers = {}
    for code in (hidden, "91310000MA0TEXT41T", "nonsense", "%00", "9" * 300):
        response = stage.browser(who).get(f"/enterprises/{code}")
        text_ = response.get_data(as_text=True)
        answers[code] = (response.status_code, words(response).split("编号")[0], len(text_) - text_.count("\0"))
    assert {answer[:2] for answer in answers.values()} == {(404, answers["nonsense"][1])}


def test_nobody_is_sent_to_sign_in(stage: Stage) -> None:
    response = stage.browser("nobody").get(f"/enterprises/{A}")
    assert (response.status_code, response.location) == (302, f"/sign-in?next=/enterprises/{A}")
    assert stage.browser("nobody").get("/my-enterprise").status_code == 302


def test_my_enterprise(stage: Stage) -> None:
    assert stage.browser("owner").get("/my-enterprise").location == f"/enterprises/{A}"
    assert stage.browser("fund").get("/my-enterprise").status_code == 404


def save(stage: Stage, key: SectionKey, body: str) -> None:
    address = f"/enterprises/{A}/profile/{key}"
    browser = stage.browser("owner")
    assert browser.post(address, data=browser.form(address, body=body)).status_code == 302


def open_to(stage: Stage, key: SectionKey, **values: str):  # type: ignore[no-untyped-def]
    address = f"/enterprises/{A}/profile/{key}"
    browser = stage.browser("owner")
    data = browser.form(address, 1, **{"purpose": "投资决策", "until": "2099-01-01", **values})
    return browser.post(f"{address}/readers", data=data)


@pytest.mark.clause("七")
def test_the_enterprise_writes_opens_and_closes_a_section(stage: Stage) -> None:
    save(stage, SectionKey.TEAM, "顾青禾 董事长\n许南樵 总经理\n\n<script>alert(1)</script>")
    assert "顾青禾" in words(stage.browser("owner").get(f"/enterprises/{A}"))
    assert "顾青禾" not in words(stage.browser("fund").get(f"/enterprises/{A}"))
    reads = stage.scalar("select count(*) from portal.opening where kind = 'read'")

    assert open_to(stage, SectionKey.TEAM).status_code == 302
    seen = stage.browser("fund").get(f"/enterprises/{A}")
    assert "许南樵 总经理" in words(seen) and "<script>alert(1)</script>" in words(seen)
    assert "“团队”：投资决策。" in words(seen)
    assert [e.get("class") for e in _tree(seen).xpath("//section[h2 or header]//header//span[contains(@class, 'basis ')]")] == ["basis basis-will"]
    assert stage.scalar("select count(*) from portal.opening where kind = 'read'") == reads + 1  # type: ignore[operator]
    assert stage.scalar("select count(*) from portal.opening where kind in ('grant.made', 'section.saved')") == 2

    address = f"/enterprises/{A}/profile/team"
    browser = stage.browser("owner")
    page = browser.get(address)
    assert "对全体合格投资者关闭" in words(page)
    [action] = _tree(page).xpath("//main//form[contains(@action, '/close')]/@action")
    form = next(f for f in _tree(page).xpath("//main//form") if f.get("action") == action)
    data = dict(form.form_values())
    assert browser.post(action, data=data).status_code == 302
    assert browser.post(action, data=data).status_code == 302  # the same form again is the same act
    assert "顾青禾" not in words(stage.browser("fund").get(f"/enterprises/{A}"))
    assert "已经结束的开放" in words(stage.browser("owner").get(address))


def test_a_form_posted_twice_opens_once(stage: Stage) -> None:
    save(stage, SectionKey.BUSINESS, "做轴承")
    address = f"/enterprises/{A}/profile/business"
    browser = stage.browser("owner")
    data = browser.form(address, 1, audience="banks", purpose="贷款审查", until="2099-01-01")
    assert [browser.post(f"{address}/readers", data=data).status_code for _ in range(2)] == [302, 302]
    with stage.database.system_session() as db:
        assert db.scalar(select(func.count(Grant.id))) == 1


def test_refused_input_is_kept_and_named(stage: Stage) -> None:
    save(stage, SectionKey.BUSINESS, "做轴承")
    response = open_to(stage, SectionKey.BUSINESS, audience="organisation", purpose="", until="2020-01-01")
    assert response.status_code == 422
    assert "写明用途：没有用途就没有依据。" in words(response) and "做轴承" in words(response)
    response = open_to(stage, SectionKey.BUSINESS, audience="organisation", until="2020-01-01")
    assert "选一家机构。" in words(response) and "选今天或以后的一天。" in words(response)
    address = f"/enterprises/{A}/profile/business"
    browser = stage.browser("owner")
    response = browser.post(address, data=browser.form(address, body="字" * 8001))
    assert response.status_code == 422 and "最多 8,000 个字" in words(response)
    with stage.database.system_session() as db:
        assert db.scalar(select(func.count(Grant.id))) == 0


@pytest.mark.parametrize(("who", "status"), [("fund", 403), ("operator", 403), ("visitor", 403), ("viewer", 403), ("owner", 200)])
def test_only_the_enterprises_writers_edit(stage: Stage, who: str, status: int) -> None:
    assert stage.browser(who).get(f"/enterprises/{A}/profile").status_code == status


def test_the_own_people_edit_no_other_profile(stage: Stage) -> None:
    for address in (f"/enterprises/{C}/profile", "/enterprises/x/profile", f"/enterprises/{A}/profile/nonsense"):
        assert stage.browser("owner").get(address).status_code == 404
    assert stage.browser("owner").get(f"/enterprises/{A}/profile").status_code == 200


def test_a_page_takes_few_statements(stage: Stage, count_statements: Callable[[Database], list[str]]) -> None:
    save(stage, SectionKey.BUSINESS, "做轴承")
    open_to(stage, SectionKey.BUSINESS)
    taken = count_statements(stage.database)
    browser = stage.browser("fund")
    browser.get(f"/enterprises/{A}")
    one = [s for s in taken if "set_config" not in s]
    for key in (SectionKey.TEAM, SectionKey.PRODUCTS):
        save(stage, key, "文字")
        open_to(stage, key)
    taken.clear()
    stage.browser("fund").get(f"/enterprises/{A}")
    three = [s for s in taken if "set_config" not in s]
    assert len(one) == len(three) <= 6


def test_panels_of_higher_features_stand_where_they_say(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PAGE, "makers", [])
    PAGE.register(lambda db, actor, enterprise: None)
    PAGE.register(_reason_only)
    PAGE.register(_reason_only)
    assert len(PAGE.makers) == 2
    assert "路演报名者" in words(stage.browser("fund").get(f"/enterprises/{A}"))


def _reason_only(db: object, actor: Actor, enterprise: Enterprise) -> PanelView:
    return PanelView("components/csrf.html", side=True, reasons=(("event", None, "路演报名者。"),))


HIDING = "/my-enterprise/hidden-from"


def test_hiding_from_an_organisation_holds_from_the_next_request_and_can_be_undone(stage: Stage) -> None:
    ref = str(stage.scalar(f"select ref from portal.organisation where id = {stage.actors['fund'].organisation_id}"))
    assert stage.browser("fund").get(f"/enterprises/{A}").status_code == 200
    owner = stage.browser("owner")
    asked = owner.form(HIDING, organisation=ref)
    assert owner.post(HIDING, data=asked).status_code == 302
    assert "砚台山私募基金" in words(owner.get(HIDING))
    assert stage.browser("fund").get(f"/enterprises/{A}").status_code == 404
    again = stage.browser("owner")
    refused = again.post(HIDING, data=again.form(HIDING, index=-1, organisation=ref))
    assert refused.status_code == 422
    assert "已经对这家机构隐藏" in words(refused)
    undo = stage.browser("owner")
    assert undo.post(f"{HIDING}/{ref}/end", data=undo.form(HIDING, index=0)).status_code == 302
    assert "没有对任何机构隐藏" in words(undo.get(HIDING))
    assert stage.browser("fund").get(f"/enterprises/{A}").status_code == 200
    kinds = "select string_agg(kind, ' ' order by at) from portal.opening where kind like 'exclusion.%'"
    assert stage.scalar(kinds) == "exclusion.made exclusion.ended"


@pytest.mark.parametrize("who", ["fund", "operator", "viewer"])
def test_nobody_else_hides_an_enterprise(stage: Stage, who: str) -> None:
    assert stage.browser(who).get(HIDING).status_code == 403


def test_hiding_asks_for_an_organisation_that_exists(stage: Stage) -> None:
    owner = stage.browser("owner")
    assert owner.post(HIDING, data=owner.form(HIDING, organisation="")).status_code == 422
    assert owner.post(HIDING, data=owner.form(HIDING, organisation="0" * 16)).status_code == 404
    assert owner.post(f"{HIDING}/{'0' * 16}/end", data={"csrf_token": owner.csrf(HIDING)}).status_code == 404
