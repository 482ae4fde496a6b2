"""The pages: forms posted as a browser would, twice too; hidden and absent alike; lists whose cost does not grow."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lxml import html as markup
from sqlalchemy import func, select, text

from portal.core.clock import local, now
from portal.core.ids import new_ref
from portal.evidence.models import Opening
from portal.roadshows import panels, services
from portal.roadshows.models import Roadshow, RoadshowState
from tests.financing.stage import Stage

Hold = Callable[..., Roadshow]


def clock(days: int, hour: int) -> str:
    return f"{local(now() + timedelta(days)).replace(hour=hour, minute=0):%Y-%m-%dT%H:%M}"


def filled(**changes: Any) -> dict[str, Any]:
    return {"title": "新能源专场", "starts": clock(9, 10), "ends": clock(9, 12), "registration_until": clock(8, 18), "capacity": "1",
            "place": "路演厅", "online": "", "description": "三家企业。", "audience": ["2"], "codes": ""} | changes  # fmt: skip


def test_the_whole_way_from_draft_to_seat(stage: Stage) -> None:
    operator, fund, fund2 = (stage.browser(name) for name in ("operator", "fund", "fund2"))
    codes = f"{stage.enterprises['firm'].uscc}\n{stage.enterprises['shy'].uscc.lower()}"
    answer = operator.post("/roadshows/new", data=operator.form("/roadshows/new") | filled(codes=codes, online="https://meet.example/1"))
    assert answer.status_code == 302
    at = answer.location
    assert fund.get(at).status_code == 404
    assert operator.post(f"{at}/open", data=operator.form(at)).status_code == 302
    page = fund.get("/roadshows").text
    assert "新能源专场" in page and "有余位" in page and "10:00–12:00" in page
    page = fund.get(at).text
    assert stage.enterprises["firm"].name in page and "meet.example" not in page
    assert fund.post(f"{at}/register", data=fund.form(at)).location == at
    page = fund.get(at).text
    assert "已报名" in page and "https://meet.example/1" in page
    assert "现在已满" in fund2.get(at).text and "fund员" not in fund2.get(at).text
    assert "fund员" in operator.get(f"{at}/participants").text
    assert "fund员" in operator.get(f"{at}/participants.csv").data.decode("utf-8-sig")
    assert "位子" in fund.get(f"{at}/leave").text
    assert fund.post(f"{at}/leave", data=fund.form(f"{at}/leave")).location == at
    assert fund2.post(f"{at}/register", data=fund2.form(at)).location == at
    cancel = operator.form(f"{at}/cancel")
    assert "1 人已报名" in operator.get(f"{at}/cancel").text
    assert operator.post(f"{at}/cancel", data=cancel).location == at
    assert "这场路演已取消" in fund2.get(at).text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [({"title": ""}, "title", "写名称"), ({"starts": "明天"}, "starts", "2026-11-27"), ({"ends": clock(8, 9)}, "ends", "晚于开始"),
     ({"registration_until": clock(10, 9)}, "registration_until", "不能晚于"), ({"capacity": "0"}, "capacity", "1 到"),
     ({"capacity": "很多"}, "capacity", "整数"), ({"place": ""}, "place", "线上链接"), ({"online": "javascript:alert(1)"}, "online", "https://"),
     ({"audience": []}, "audience", "至少选一类"), ({"codes": "91659999MA0000000X"}, "codes", "91659999MA0000000X"),
     ({"description": "字" * 4001}, "description", "4000")],
)  # fmt: skip
def test_wrong_input_is_told_at_the_field(stage: Stage, changes: dict, field: str, words: str) -> None:
    operator = stage.browser("operator")
    answer = operator.post("/roadshows/new", data=operator.form("/roadshows/new") | filled(**changes))
    assert answer.status_code == 422
    errors = markup.document_fromstring(answer.text).xpath(f"//*[@id='{field}-error']")
    assert len(errors) == 1 and words in errors[0].text_content()


def test_editing_keeps_what_was_there(stage: Stage, hold: Hold) -> None:
    event = hold()
    operator = stage.browser("operator")
    at = f"/roadshows/{event.slug}"
    form = operator.form(f"{at}/edit")
    assert form["starts"] == f"{local(event.starts):%Y-%m-%dT%H:%M}" and form["online"] == "https://meet.example/8f2c"
    assert operator.post(f"{at}/edit", data=form | {"title": "改名", "audience": "2"}).status_code == 302
    page = operator.get(at).text
    assert "改名" in page and stage.enterprises["shy"].name in page
    stale = operator.post(f"{at}/edit", data=operator.form(f"{at}/edit") | {"audience": "2", "version": form["version"]})
    assert stale.status_code == 409 and "同事" in stale.text


def test_a_form_posted_twice_is_one_act(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=5)
    fund, operator = stage.browser("fund"), stage.browser("operator")
    at = f"/roadshows/{event.slug}"
    form = fund.form(at)
    assert {fund.post(f"{at}/register", data=form).location for _ in range(2)} == {at}
    form = fund.form(f"{at}/leave")
    assert {fund.post(f"{at}/leave", data=form).location for _ in range(2)} == {at}
    form = operator.form("/roadshows/new") | filled()
    first, second = (operator.post("/roadshows/new", data=form).location for _ in range(2))
    assert first == second


def test_a_second_window_learns_the_seat_is_gone(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=1)
    at = f"/roadshows/{event.slug}"
    fund = stage.browser("fund")
    form = fund.form(at)
    stage.do("fund2", services.register, event.slug)
    answer = fund.post(f"{at}/register", data=form)
    assert answer.status_code == 409 and "已满" in answer.text


def bare(page: str) -> str:
    """A page without what differs from request to request."""
    return re.sub(r'(name="csrf_token" value=")[^"]+|(<span class="code">)[^<]+', "", page)


def test_hidden_and_absent_are_one(stage: Stage, hold: Hold) -> None:
    event, draft, absent = hold(), hold(opened=False), new_ref()
    for name, ref in (("other", event.ref), ("lapsed", event.ref), ("fund", draft.ref), ("firm", draft.ref)):
        for address in ("/roadshows/%s", "/roadshows/%s/event.ics", "/roadshows/%s/leave"):
            answers = []
            for one in (ref, absent):
                with stage.counted() as said:
                    answer = stage.browser(name).get(address % one)
                answers.append((answer.status_code, bare(answer.text), said))
            assert answers[0][0] == 404 and answers[0] == answers[1]


def test_others_seats_change_nothing_but_the_released_value(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=3)
    browser = stage.browser("fund2")
    pages = [bare(re.sub(r'name="once" value="[^"]+"', "", browser.get(at).text)) for at in ("/roadshows", f"/roadshows/{event.slug}")]
    stage.do("fund", services.register, event.slug)
    again = [bare(re.sub(r'name="once" value="[^"]+"', "", browser.get(at).text)) for at in ("/roadshows", f"/roadshows/{event.slug}")]
    assert pages == again


def test_the_list_costs_the_same_with_one_row_and_with_three(stage: Stage, hold: Hold) -> None:
    def costs() -> list[int]:
        found = []
        for name, address in (("fund", "/roadshows"), ("operator", "/roadshows"), ("firm", "/roadshows")):
            with stage.counted() as said:
                page = stage.browser(name).get(address)
            assert page.status_code == 200
            found.append(len(said))
        return found

    hold()
    once = costs()
    hold(), hold()
    assert costs() == once
    assert max(once) <= 6


def test_past_and_empty_pages(stage: Stage, hold: Hold, terms: Callable) -> None:
    assert "没有将要举行的路演" in stage.browser("fund").get("/roadshows").text
    assert "还没有结束的路演" in stage.browser("fund").get("/roadshows?past=1").text
    assert "办第一场路演" in stage.browser("operator").get("/roadshows").text
    event = hold(title="去年的专场")
    assert "还没有人报名" in stage.browser("operator").get(f"/roadshows/{event.slug}/participants").text
    with stage.session("operator") as db:
        db.execute(text("update portal.roadshow set starts = starts - interval '1 year', ends = ends - interval '1 year',"
                        " registration_until = registration_until - interval '1 year' where id = :id"), {"id": event.id})  # fmt: skip
        db.commit()
    assert "去年的专场" not in stage.browser("fund").get("/roadshows").text
    assert "去年的专场" in stage.browser("fund").get("/roadshows?past=1").text
    assert "报名已截止" in stage.browser("fund").get(f"/roadshows/{event.slug}").text
    assert "没有报名这场路演" in stage.browser("fund").get(f"/roadshows/{event.slug}/leave").text


def test_who_may_not_manage(stage: Stage, hold: Hold) -> None:
    event = hold()
    for name in ("fund", "firm", "bureau"):
        for address in ("/roadshows/new", f"/roadshows/{event.slug}/edit", f"/roadshows/{event.slug}/participants.csv"):
            assert stage.browser(name).get(address).status_code == 403


def test_reading_is_recorded(stage: Stage, hold: Hold) -> None:
    event = hold()
    for at in ("/roadshows", f"/roadshows/{event.slug}", f"/roadshows/{event.slug}/event.ics"):
        assert stage.browser("fund").get(at).status_code == 200
    with stage.session("fund") as db:
        asked = select(func.count()).select_from(Opening).where(Opening.kind == "read", Opening.actor == stage.actors["fund"].person_principal)
        assert db.scalar(asked) == 3


def test_who_registered_learns_that_the_list_was_read(stage: Stage, hold: Hold) -> None:
    """A record for each organisation on the list, and none that tells it of the others."""
    event = hold(capacity=2)
    for name in ("fund", "fund2"):
        stage.do(name, services.register, event.slug)
    assert stage.browser("operator").get(f"/roadshows/{event.slug}/participants.csv").status_code == 200
    listed = Opening.plaintext["about"]["what"].as_string() == "roadshow.participants"
    for name in ("fund", "fund2"):
        with stage.session(name) as db:
            [shown] = db.scalars(select(Opening).where(Opening.kind == "read", listed))
        assert shown.owner == stage.actors[name].organisation_principal
        assert [ref for ref, _version in shown.plaintext["about"]["items"]] == [event.ref]


def test_panels(stage: Stage, hold: Hold) -> None:
    assert stage.do("fund", panels.recent_roadshows, stage.enterprises["firm"]) is None
    event = hold()
    view = stage.do("fund", panels.recent_roadshows, stage.enterprises["firm"])
    assert [row.roadshow.id for row in view.values["rows"]] == [event.id]
    assert stage.do("fund", panels.recent_roadshows, stage.enterprises["other"]) is None
    home = stage.do("fund", panels.coming_roadshows)
    assert [row.roadshow.id for row in home.values["rows"]] == [event.id]
    with stage.app.test_request_context():
        side = stage.app.jinja_env.get_template(view.template).render(values=view.values)
        start = stage.app.jinja_env.get_template(home.template).render(values=home.values)
    assert "最近路演" in side and event.title in side and event.title in start
    stage.do("operator", services.move_roadshow, event.slug, RoadshowState.CANCELLED)
    assert stage.do("fund", panels.coming_roadshows).values["rows"] == []
