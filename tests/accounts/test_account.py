"""One's own account: browsers, memberships, password; and the operator's list of organisations."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from portal.access.principals import OrgKind
from portal.accounts.models import Organisation, Person, PostedForm, SignInSession
from portal.core.clock import today
from portal.core.ids import new_ref
from tests.accounts.conftest import PASSWORD, mails_to

NEW = "Kashgar+Lamp-77"


def sessions(page: str) -> int:
    return page.count("就是这里") + page.count('name="session"')


def test_the_list_of_browsers_names_device_and_time(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser("192.0.2.1")
    phone = open_browser("192.0.2.2", "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile MicroMessenger/8.0")
    here.sign_in(user.username)
    phone.sign_in(user.username)
    page = here.page("/account")
    assert sessions(page) == 2
    assert "Firefox · Windows" in page and "微信 · 安卓手机" in page and "192.0.2.2" in page
    assert page.count("就是这里") == 1


def test_one_browser_is_signed_out_at_its_next_request(make_user: Any, open_browser: Any) -> None:
    user, here, there = make_user(OrgKind.BANK), open_browser(), open_browser()
    here.sign_in(user.username)
    there.sign_in(user.username)
    ref = re.search(r'name="session" value="([^"]+)"', here.page("/account"))
    assert here.send("/account", "/account/sessions/end", session=ref[1]).location == "/account"
    assert there.who()["person"] is None and here.who()["person"] == user.person.id
    assert there.get("/account").status_code == 302


def test_signing_out_everywhere_else_ends_all_rows_but_this(make_user: Any, open_browser: Any, database: Any) -> None:
    user, here, others = make_user(OrgKind.BANK), open_browser(), [open_browser() for _ in range(3)]
    for browser in (here, *others):
        browser.sign_in(user.username)
    here.send("/account", "/account/sessions/end-others")
    assert [browser.who()["person"] for browser in others] == [None] * 3
    page = here.page("/account")
    assert "已结束其他 3 处登录。" in page and sessions(page) == 1
    with database.session() as db:
        rows = db.scalars(select(SignInSession).where(SignInSession.person_id == user.person.id)).all()
    assert sum(row.ended_at is None for row in rows) == 1


def test_nobody_ends_somebody_elses_session(make_user: Any, open_browser: Any) -> None:
    victim, other, here, there = make_user(OrgKind.BANK), make_user(OrgKind.BANK), open_browser(), open_browser()
    second = open_browser()
    here.sign_in(victim.username)
    second.sign_in(victim.username)
    there.sign_in(other.username)
    ref = re.search(r'name="session" value="([^"]+)"', here.page("/account"))[1]
    assert there.send("/account", "/account/sessions/end", session=ref).status_code == 404
    assert there.send("/account", "/account/sessions/end", session="x").status_code == 404
    assert second.who()["person"] == victim.person.id


def test_only_digests_of_tokens_are_kept(make_user: Any, open_browser: Any, database: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.sign_in(user.username)
    with here.session_transaction() as cookie:
        token = cookie["portal.token"]
    with database.session() as db:
        row = db.scalars(select(SignInSession).where(SignInSession.person_id == user.person.id)).one()
    assert token not in str(vars(row)) and re.fullmatch("[0-9a-f]{64}", row.token_hash)


def test_the_switcher_changes_the_membership_of_this_browser_only(make_user: Any, open_browser: Any) -> None:
    user, here, there = make_user(OrgKind.BANK, OrgKind.FUND_MANAGER), open_browser(), open_browser()
    here.sign_in(user.username)
    there.sign_in(user.username)
    bank, fund = (house.id for house in user.organisations)
    assert here.who()["organisation"] == bank
    page = here.page("/account")
    assert "换机构身份" in page and "正在使用" in page
    ref = re.search(r'name="membership" value="([^"]+)"', page)[1]
    assert ref == user.memberships[1].ref
    assert here.send("/account", "/account/act-for", membership=ref).location == "/"
    who = here.who()
    assert who["organisation"] == fund
    assert f"org:{fund}" in who["words"] and f"org:{bank}" not in who["words"]
    assert there.who()["organisation"] == bank
    here.send("/account", "/sign-out")
    here.sign_in(user.username)
    assert here.who()["organisation"] == bank  # the browser signed in last was the other one


def test_no_switching_to_a_membership_that_is_not_ones_own(make_user: Any, open_browser: Any) -> None:
    user, other, here = make_user(OrgKind.BANK), make_user(OrgKind.OPERATOR), open_browser()
    here.sign_in(user.username)
    for ref in (other.memberships[0].ref, "", "0123456789abcdef"):
        assert here.send("/account", "/account/act-for", membership=ref).status_code == 404
    assert here.who()["organisation"] == user.organisations[0].id


def test_changing_the_password_ends_the_other_browsers_and_keeps_this_one(
    make_user: Any, open_browser: Any, database: Any
) -> None:
    user, here, there = make_user(OrgKind.BANK, OrgKind.FUND_MANAGER), open_browser(), open_browser()
    here.sign_in(user.username)
    there.sign_in(user.username)
    here.send("/account", "/account/act-for", membership=user.memberships[1].ref)
    answer = here.send("/account/password", password=PASSWORD, new_password=NEW, new_password_confirm=NEW)
    assert (answer.status_code, answer.location) == (302, "/account")
    assert "密码已修改" in here.page("/account")
    assert here.who()["organisation"] == user.organisations[1].id
    assert there.who()["person"] is None
    assert open_browser("192.0.2.99").sign_in(user.username).status_code == 401
    assert open_browser("192.0.2.98").sign_in(user.username, NEW).status_code == 302
    (letter,) = mails_to(database, user.person.email)
    assert "刚刚修改了" in letter and NEW not in letter


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "填现在的密码。"),
        ({"password": "wrong-wrong", "new_password": NEW, "new_password_confirm": NEW}, "现在的密码不对。"),
        ({"password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW + "x"}, "两次输入不一样。"),
        ({"password": PASSWORD, "new_password": "short", "new_password_confirm": "short"}, "密码至少 8 个字符，这里只有 5 个。"),
        ({"password": PASSWORD, "new_password": PASSWORD, "new_password_confirm": PASSWORD}, "新密码和现在的一样。换一个。"),
        ({"password": PASSWORD, "new_password": "aaaaaaaaab", "new_password_confirm": "aaaaaaaaab"}, "密码里至少要有 4 个不同的字符。"),
    ],
)
def test_a_password_change_that_is_refused_says_why(make_user: Any, open_browser: Any, fields: dict[str, str], said: str) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.sign_in(user.username)
    answer = here.send("/account/password", **fields)
    assert answer.status_code == 400 and said in answer.text
    assert open_browser("192.0.2.50").sign_in(user.username).status_code == 302


def test_guessing_the_present_password_of_an_open_session_is_limited(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.sign_in(user.username)
    guess = {"password": "guess-guess", "new_password": NEW, "new_password_confirm": NEW}
    assert [here.send("/account/password", **guess).status_code for _ in range(4)] == [400, 400, 400, 429]


def operator(make_user: Any, open_browser: Any) -> Any:
    here = open_browser()
    here.sign_in(make_user(OrgKind.OPERATOR).username)
    return here


def test_only_the_operators_writers_see_the_organisations(make_user: Any, open_browser: Any) -> None:
    fund = make_user(OrgKind.FUND_MANAGER)
    for kind, roles in [(OrgKind.BANK, ("admin",)), (OrgKind.AUTHORITY, ("admin",)), (OrgKind.OPERATOR, ("viewer",))]:
        here = open_browser()
        here.sign_in(make_user(kind, roles=roles).username)
        assert here.get("/operator/organisations").status_code == 403
        assert here.get(f"/operator/organisations/{fund.organisations[0].ref}").status_code == 403


def test_the_operator_qualifies_an_investor_who_then_sees_the_board(make_user: Any, open_browser: Any, database: Any) -> None:
    fund, investor, here = make_user(OrgKind.FUND_MANAGER), open_browser(), operator(make_user, open_browser)
    investor.sign_in(fund.username)
    house = fund.organisations[0]
    address = f"/operator/organisations/{house.ref}"
    assert "board" not in investor.who()["words"]
    day = today().isoformat()
    assert here.send(address, starts=day, until=day).location == address
    assert {"board", "qualified"} <= set(investor.who()["words"])
    listed = here.page(f"/operator/organisations?q={house.name}")
    assert house.name in listed and "剩 1 天" in listed
    with database.system_session() as db:
        kinds = db.scalars(text("select kind from portal.opening where owner = :owner"), {"owner": house.principal}).all()
    assert kinds == ["organisation.qualified"]
    assert here.send(address, starts=day, until=day, act="clear").status_code == 302
    assert "board" not in investor.who()["words"]


@pytest.mark.parametrize(
    ("starts", "until", "said"),
    [
        ("2026-05-02", "2026-05-01", "终止日不能早于起始日。"),
        ("2026-05-02", "", "起止日期要么都填，要么都不填。"),
        ("", "2026-05-02", "起止日期要么都填，要么都不填。"),
        ("2026-13-40", "2026-05-02", "form-error"),
    ],
)
def test_a_period_that_makes_no_sense_changes_nothing(
    make_user: Any, open_browser: Any, database: Any, starts: str, until: str, said: str
) -> None:
    house = make_user(OrgKind.FUND_MANAGER).organisations[0]
    answer = operator(make_user, open_browser).send(f"/operator/organisations/{house.ref}", starts=starts, until=until)
    assert said in answer.text and answer.status_code == 422
    with database.session() as db:
        assert db.get(Organisation, house.id).qualified_from is None


def test_a_period_put_right_is_taken(make_user: Any, open_browser: Any, database: Any) -> None:
    """The refused form used nothing up: the same form, corrected, is the first that counts."""
    house, here = make_user(OrgKind.FUND_MANAGER).organisations[0], operator(make_user, open_browser)
    address, once = f"/operator/organisations/{house.ref}", new_ref()
    assert here.send(address, starts="2026-05-02", until="2026-05-01", once=once).status_code == 422
    assert here.send(address, starts="2026-05-01", until="2026-05-02", once=once).status_code == 302
    with database.session() as db:
        assert db.get(Organisation, house.id).qualified_from is not None


def test_enterprises_and_offices_have_no_period(make_user: Any, open_browser: Any) -> None:
    here = operator(make_user, open_browser)
    for kind in (OrgKind.ENTERPRISE, OrgKind.AUTHORITY):
        page = here.page(f"/operator/organisations/{make_user(kind).organisations[0].ref}")
        assert "这类机构不设合格期限" in page and 'name="starts"' not in page


def test_the_organisations_form_posted_twice_acts_once(make_user: Any, open_browser: Any, database: Any) -> None:
    house, here = make_user(OrgKind.FUND_MANAGER).organisations[0], operator(make_user, open_browser)
    page, day = f"/operator/organisations/{house.ref}", today()
    once = re.search(r'name="once"[^>]*value="([^"]+)"', here.page(page))[1]
    here.send(page, once=once, starts=day.isoformat(), until=day.isoformat())
    here.send(page, once=once, starts=day.isoformat(), until=(day + timedelta(9)).isoformat())
    assert "这份表单已经提交过" in here.page(page)
    with database.session() as db:
        assert db.get(Organisation, house.id).qualified_until == day
        assert db.get(PostedForm, once).location == page


def test_the_list_pages_filters_and_has_an_empty_state(make_user: Any, open_browser: Any) -> None:
    here = operator(make_user, open_browser)
    assert "没有这样的机构" in here.page("/operator/organisations?q=没有这个名字")
    assert here.get("/operator/organisations?page=99999999999999999999").status_code == 200
    assert here.get("/operator/organisations?kind=nonsense&page=x&q=%25").status_code == 200
    assert here.get("/operator/organisations/0123456789abcdef").status_code == 404


def test_digests_in_the_table_are_argon2id(make_user: Any, database: Any) -> None:
    user = make_user()
    with database.session() as db:
        kept = db.get(Person, user.person.id).password
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
