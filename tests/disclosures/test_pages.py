"""The pages in a browser without JavaScript: every one inspected, every refusal alike, every reading recorded."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import quote

import pytest
from lxml import html
from sqlalchemy import event, text

from portal.access.actor import ANONYMOUS
from portal.access.principals import OrgKind
from portal.core.clock import today
from portal.core.ids import new_ref
from portal.disclosures import panels, queries, services
from tests.disclosures.conftest import World, pdf

UNTIL = (today() + timedelta(30)).isoformat()


def main(response: object) -> str:
    """The text of the page's main part, spaces folded."""
    page = html.document_fromstring(response.get_data(as_text=True))  # type: ignore[attr-defined]
    return " ".join(page.xpath("string(//main)").split())


def readings(world: World, name: str = "firm") -> list[tuple[str, list[list[object]]]]:
    """What others read of `name`: (what, items), oldest first."""
    with world.session(name) as db:
        rows = db.execute(
            text("select plaintext->'about' from portal.opening where owner = :o and kind = 'read' order by id"),
            {"o": world.actors[name].organisation_principal},
        ).scalars()
        return [(about["what"], about["items"]) for about in rows]


def test_the_whole_way_from_draft_to_reader(world: World) -> None:
    firm, fund = world.browser("firm"), world.browser("fund")
    assert "还没有披露" in main(firm.get("/disclosures"))
    form = firm.form("/disclosures/new", kind="periodic", title="十月快报", body="一段\n\n二段", act="next")
    form["file"] = (BytesIO(pdf(3)), "C:\\月报.pdf")
    answer = firm.post("/disclosures/new", data=form)
    assert answer.status_code == 302
    ref = answer.location.split("/")[-2]
    assert answer.location == f"/disclosures/{ref}/publish"
    page = main(firm.get(f"/disclosures/{ref}/edit"))
    assert "月报.pdf" in page and "3 页" in page

    address = f"/disclosures/{ref}/publish"
    organisation = world.organisations["fund"]
    chosen = firm.form(address, audience=[organisation.ref], basis="duty", purpose="A 轮投后信息权", until=UNTIL)
    preview = main(firm.post(address, data={**chosen, "act": "preview"}))
    assert "1家机构3人将能读到" in preview
    assert "发布给 1 家" in preview and organisation.name in preview
    assert fund.get(f"/disclosures/{ref}").status_code == 404
    assert firm.post(address, data={**chosen, "act": "publish"}).location == f"/disclosures/{ref}"

    assert "十月快报" in main(fund.get("/disclosures"))
    shown = main(fund.get(f"/disclosures/{ref}"))
    assert "你为何能看到这些" in shown and "用途：A 轮投后信息权" in shown and "一段" in shown
    with world.session("firm") as db:
        [document] = queries.documents_of(db, queries.get_own(db, world.actors["firm"], ref))
    assert fund.get(f"/disclosures/{ref}/documents/{document.ref}").data[:5] == b"%PDF-"
    assert readings(world) == [
        ("disclosure.list", [[ref, 2]]), ("disclosure", [[ref, 2]]), ("disclosure.document", [[document.ref, 2]]),
    ]  # fmt: skip
    own = main(firm.get(f"/disclosures/{ref}"))
    assert world.actors["fund"].person_name in own and "月报.pdf" in own and organisation.name in own
    assert len(readings(world)) == 3  # one's own reading is no use


@pytest.mark.clause("八")
def test_every_answer_that_shows_something_is_recorded_once(world: World) -> None:
    item = world.published("fund", files=1)
    with world.session("firm") as db:
        [document] = queries.documents_of(db, item)
    fund = world.browser("fund")
    one = f"/disclosures/{item.ref}"
    for address, what in ((one, "disclosure"), (f"{one}/documents/{document.ref}", "disclosure.document"), ("/disclosures", "disclosure.list")):
        before = len(readings(world))
        assert fund.get(address).status_code == 200
        assert [kind for kind, _ in readings(world)[before:]] == [what]
        assert fund.head(address).status_code == 200  # its length and type are content too
        assert [kind for kind, _ in readings(world)[before:]] == [what, what]
    with world.session("fund") as db:
        fund_actor = world.actors["fund"]
        home = panels.home_panel(db, fund_actor)
        firm = type("Firm", (), {"id": item.enterprise_id})()
        on_page = panels.panel(db, fund_actor, firm)
        assert home is not None and on_page is not None
        assert [line.ref for line in home.values["lines"]] == [line.ref for line in on_page.values["lines"]] == [item.ref]
        db.commit()
    assert [kind for kind, _ in readings(world)[-2:]] == ["disclosure.list", "disclosure.list"]


def test_panels_say_nothing_where_nothing_was_given(world: World) -> None:
    item = world.published("fund")
    firm = type("Firm", (), {"id": item.enterprise_id})()
    for name in ("bank", "stranger", "rival"):
        with world.session(name) as db:
            assert panels.home_panel(db, world.actors[name]) is None
            assert panels.panel(db, world.actors[name], firm) is None


def test_panels_are_drawn(world: World) -> None:
    world.published("fund", title="给你的", files=1)
    with world.session("fund") as db, world.app.test_request_context("/"):
        for made in (panels.home_panel(db, world.actors["fund"]), panels.panel(db, world.actors["fund"], type("F", (), {"id": world.actors["firm"].enterprise_id})())):
            assert made is not None
            world.current = world.actors["fund"]
            world.app.extensions["portal"].load_actor = lambda _db: world.current
            template = world.app.jinja_env.from_string("{% with values = view['values'] %}{% include view.template %}{% endwith %}")
            context = {"view": made}
            world.app.update_template_context(context)
            assert "给你的" in template.render(context)


def test_hidden_absent_malformed_and_withdrawn_answer_alike(world: World) -> None:
    """Same status, same page but for its number, same statements in number and shape, one denial each."""
    hidden, gone, draft = world.published("bank", files=1), world.published("fund"), world.draft()
    with world.session("firm") as db:
        services.withdraw(db, world.actors["firm"], gone.ref, reason="误发")
        [document] = queries.documents_of(db, hidden)
        db.commit()
    fund = world.browser("fund")
    fund.get("/disclosures")
    seen: list[str] = []
    event.listen(world.database.app, "before_cursor_execute", lambda c, cu, s, *rest: seen.append(s))
    for suffix in ("", f"/documents/{document.ref}"):
        answers = set()
        for ref in (hidden.ref, gone.ref, draft.ref, new_ref(), "nonsense", "%00", quote("中" * 200)):
            for ask in (fund.get, fund.head):
                seen.clear()
                answer = ask(f"/disclosures/{ref}{suffix}")
                body = answer.get_data(as_text=True)
                number = html.document_fromstring(body).xpath("string(//main)") if body else ""
                answers.add((answer.status_code, ask.__name__, "".join(c for c in number if "\u4e00" <= c <= "\u9fff"), tuple(seen)))
        assert len(answers) == 2  # GET and HEAD
        assert {answer[0] for answer in answers} == {404}
        assert len({answer[3] for answer in answers}) == 1


def test_writing_pages_are_for_the_enterprises_writers(world: World) -> None:
    item = world.published("fund")
    reader = world.viewer("firm")
    for name, address, status in (
        ("fund", f"/disclosures/{item.ref}/withdraw", 403), ("rival", f"/disclosures/{item.ref}/withdraw", 404),
        ("rival", f"/disclosures/{item.ref}/publish", 404), ("rival", f"/disclosures/{item.ref}/edit", 404),
        (reader, "/disclosures/new", 403), (reader, f"/disclosures/{item.ref}/publish", 403), (reader, f"/disclosures/{item.ref}", 200),
        (reader, "/disclosures", 200), ("rival", "/disclosures?view=received", 200),
    ):  # fmt: skip
        assert world.browser(name).get(address).status_code == status, (name, address)


def test_nobody_is_sent_to_sign_in(world: World) -> None:
    item = world.published("fund")
    world.actors["nobody"] = ANONYMOUS
    for address in ("/disclosures", f"/disclosures/{item.ref}", f"/disclosures/{new_ref()}"):
        answer = world.browser("nobody").get(address)
        assert (answer.status_code, answer.location) == (302, f"/sign-in?next={quote(address)}")
    del world.actors["nobody"]


def test_a_form_posted_twice_is_one_act(world: World) -> None:
    firm = world.browser("firm")
    form = firm.form("/disclosures/new", kind="news", title="一次", body="x", act="save")
    first = firm.post("/disclosures/new", data=form)
    assert firm.post("/disclosures/new", data=form).location == first.location
    address = first.location.replace("/edit", "/publish")
    form = firm.form(address, audience=[world.organisations["fund"].ref], basis="will", purpose="了解", until=UNTIL, act="publish")
    assert firm.post(address, data=form).location == firm.post(address, data=form).location
    with world.session("firm") as db:
        [item], _ = queries.list_own(db, world.actors["firm"])
        assert (item.title, item.grants) == ("一次", 1)


def test_refused_forms_keep_what_was_typed_and_write_nothing(world: World) -> None:
    firm = world.browser("firm")
    form = firm.form("/disclosures/new", kind="news", title="保留的标题", body="保留的正文", act="save")
    answer = firm.post("/disclosures/new", data={**form, "file": (BytesIO(b"not a pdf"), "a.pdf")})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "这不是 PDF 文件。" in page and "保留的标题" in page and "保留的正文" in page
    answer = firm.post("/disclosures/new", data={**form, "title": ""})
    assert answer.status_code == 422 and "写一个标题。" in main(answer)
    with world.session("firm") as db:
        assert queries.list_own(db, world.actors["firm"])[0] == ()
    # The refused posting used nothing up: the same form goes through once it is right.
    assert firm.post("/disclosures/new", data=form).status_code == 302


def test_a_refused_publication_says_so_at_the_fields(world: World) -> None:
    item, firm = world.draft(), world.browser("firm")
    address = f"/disclosures/{item.ref}/publish"
    form = firm.form(address, until="2026-13-45", act="publish")
    answer = firm.post(address, data=form)
    assert answer.status_code == 422 and "日期写成 2026-12-31 这样。" in main(answer)
    form = firm.form(address, audience=["kind:bank"], until=UNTIL, purpose="了解", act="publish")
    answer = firm.post(address, data=form)
    assert answer.status_code == 422 and "看过预览后，勾选同意再发布。" in main(answer)
    page = html.document_fromstring(answer.get_data(as_text=True))
    agreed = page.xpath("//input[@name='agreed']/@value")
    assert firm.post(address, data={**form, "agreed": agreed[0]}).status_code == 302


def test_the_preview_fragment_is_the_pages_block(world: World) -> None:
    item, firm = world.draft(), world.browser("firm")
    address = f"/disclosures/{item.ref}/publish"
    form = firm.form(address, audience=[world.organisations["bank"].ref], until=UNTIL, act="preview")
    whole = firm.post(address, data=form)
    part = firm.post(address, data=form, headers={"HX-Request": "true"})
    assert part.get_data(as_text=True).strip().startswith('<section class="panel key" id="preview"')
    fold = "".join
    preview = html.document_fromstring(whole.get_data(as_text=True)).get_element_by_id("preview")
    assert fold(preview.text_content().split()) == fold(html.fromstring(part.get_data(as_text=True)).text_content().split())


def test_taking_back_says_the_number_first(world: World) -> None:
    item, firm = world.published("fund", "bank"), world.browser("firm")
    with world.session("firm") as db:
        held = {one.audience: one.ref for one in services.audience_of(db, world.actors["firm"], item)[0]}
    address = f"/disclosures/{item.ref}/grants/{held[world.organisations['fund'].name]}/revoke"
    assert "1 家机构、3 人从现在起打不开它。" in main(firm.get(address))
    assert firm.post(address, data=firm.form(address)).location == f"/disclosures/{item.ref}"
    assert firm.get(address).status_code == 404
    assert world.browser("fund").get(f"/disclosures/{item.ref}").status_code == 404
    address = f"/disclosures/{item.ref}/withdraw"
    assert "1 家机构、2 人从现在起打不开它，撤回后不能恢复。" in main(firm.get(address))
    form = firm.form(address, reason="数字有误")
    assert firm.post(address, data={**form, "reason": ""}).status_code == 422
    assert firm.post(address, data=form).status_code == 302
    assert world.browser("bank").get(f"/disclosures/{item.ref}").status_code == 404
    assert "理由：数字有误" in main(firm.get(f"/disclosures/{item.ref}"))
    assert firm.get(address).status_code == 409
    assert firm.get(f"/disclosures/{item.ref}/publish").status_code == 409
    assert firm.get(f"/disclosures/{item.ref}/edit").status_code == 409


def test_a_draft_is_changed_and_thrown_away(world: World) -> None:
    item, firm = world.draft(files=1), world.browser("firm")
    address = f"/disclosures/{item.ref}/edit"
    stale = firm.form(address, title="改过", act="save")
    assert firm.post(address, data=stale).status_code == 302
    answer = firm.post(address, data={**stale, "once": new_ref(), "title": "又改"})
    assert answer.status_code == 409 and "刚被同事改过" in main(answer)
    removal = firm.form(address, index=1)
    page = html.document_fromstring(firm.get(address).get_data(as_text=True))
    action = page.xpath("//form[contains(@action, '/remove')]/@action")[0]
    assert firm.post(action, data=removal).location == address
    assert firm.post(action, data=removal).location == address  # twice is one
    assert "还没有附件" in main(firm.get(address))
    address = f"/disclosures/{item.ref}/discard"
    assert "不能恢复" in main(firm.get(address))
    assert firm.post(address, data=firm.form(address)).location == "/disclosures"
    assert firm.get(f"/disclosures/{item.ref}").status_code == 404


def test_a_document_is_sent_as_data_and_nothing_else(world: World) -> None:
    item = world.published("fund", files=1)
    with world.session("firm") as db:
        [document] = queries.documents_of(db, item)
    fund = world.browser("fund")
    address = f"/disclosures/{item.ref}/documents/{document.ref}"
    answer = fund.get(address, headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content_length) == (200, document.size)
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        f"inline; filename=\"document.pdf\"; filename*=UTF-8''{quote('月报0.pdf')}"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Accept-Ranges"] == "none"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert fund.get(f"{address}?download=1").headers["Content-Disposition"].startswith("attachment; ")


def test_a_stored_file_that_is_gone_or_altered_is_not_sent(world: World, admin: object) -> None:
    item = world.published("fund", files=1)
    fund = world.browser("fund")
    with world.session("firm") as db:
        [document] = queries.documents_of(db, item)
    address = f"/disclosures/{item.ref}/documents/{document.ref}"
    other = world.store.put(b"%PDF-1.7 something else")
    before = len(readings(world))
    for key in (other, "no/where"):
        with admin.begin() as connection:  # type: ignore[attr-defined]
            connection.execute(text("update portal.disclosure_document set storage_key = :k where id = :i"), {"k": key, "i": document.id})
        answer = fund.get(address)
        assert answer.status_code == 503 and "暂时不能服务" in main(answer)
    assert len(readings(world)) == before  # nothing was read
    assert fund.get(f"/disclosures/{item.ref}").status_code == 200  # the item stays readable


def test_search_and_paging_in_the_browser(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        world.published("fund", title=f"第{number}项")
    fund = world.browser("fund")
    monkeypatch.setattr(services.queries, "PAGE", 2)
    assert "没有内容包含“没有的字”" in main(fund.get("/disclosures?q=没有的字"))
    page = main(fund.get("/disclosures?q=第1"))
    assert "第1项" in page and "第2项" not in page
    assert "第2项" in main(fund.get("/disclosures?before=garbage"))
    assert fund.get("/disclosures?q=%00").status_code == 200
    assert fund.get("/disclosures?q=" + "x" * 5000).status_code == 200


def test_a_class_includes_those_who_join_later(world: World) -> None:
    item = world.published("qualified")
    world.organisation("newcomer", OrgKind.FUND_MANAGER)
    assert world.browser("newcomer").get(f"/disclosures/{item.ref}").status_code == 200
    assert world.browser("bank").get(f"/disclosures/{item.ref}").status_code == 404


@pytest.mark.parametrize("n", [1, 3])
def test_pages_take_few_statements_whatever_they_list(world: World, n: int) -> None:
    items = [world.published("fund", "bank", title=f"{number}", files=2) for number in range(n)]
    seen: list[str] = []
    event.listen(world.database.app, "before_cursor_execute", lambda c, cu, s, *rest: seen.append(s))
    taken = {}
    for name, address in (
        ("fund", "/disclosures"), ("fund", f"/disclosures/{items[0].ref}"), ("firm", "/disclosures"),
        ("firm", f"/disclosures/{items[0].ref}"), ("firm", f"/disclosures/{items[0].ref}/publish"),
    ):  # fmt: skip
        browser = world.browser(name)
        seen.clear()
        assert browser.get(address).status_code == 200
        taken[name, address.count("/")] = len([s for s in seen if "set_config" not in s])
    assert taken == {("fund", 1): 4, ("fund", 2): 4, ("firm", 1): 1, ("firm", 2): 7, ("firm", 3): 7}
