"""Recovery by mail: one link, one use, half an hour; and nothing to be learnt about who has an account."""

import re
import time
from typing import Any

from sqlalchemy import text

from portal.access.principals import OrgKind
from portal.accounts.security import RECOVERY_LIFE
from tests.accounts.conftest import PASSWORD, mails_to, statements

NEW = "Kashgar+Lamp-77"


def link_for(database: Any, address: str) -> str:
    return re.search(r"http://127\.0\.0\.1:8000(/account/recovery/\S+)", mails_to(database, address)[-1])[1]


def test_a_link_changes_the_password_once_and_ends_every_session(make_user: Any, open_browser: Any, database: Any) -> None:
    user, here, stranger = make_user(OrgKind.BANK), open_browser(), open_browser("203.0.113.8")
    here.sign_in(user.username)
    assert "如果这个邮箱有账户" in stranger.send("/account/recovery", email=f" {user.person.email.upper()} ").text
    link = link_for(database, user.person.email)
    answer = stranger.send(link, password=NEW, password_confirm=NEW)
    assert (answer.status_code, answer.location) == (302, "/sign-in")
    assert here.who()["person"] is None and stranger.who()["person"] is None
    assert "密码已重设" in stranger.page("/sign-in")
    for used in (stranger.get(link), stranger.post(link, data={"csrf_token": csrf(stranger), "password": NEW, "password_confirm": NEW})):
        assert (used.status_code, used.location) == (302, "/account/recovery")
    assert "这个链接已经用过" in stranger.page("/account/recovery")
    assert open_browser("192.0.2.9").sign_in(user.username, PASSWORD).status_code == 401
    assert open_browser("192.0.2.9").sign_in(user.username, NEW).status_code == 302
    assert "刚刚重设了" in mails_to(database, user.person.email)[-1]


def test_a_second_link_dies_with_the_use_of_the_first(make_user: Any, open_browser: Any, database: Any) -> None:
    user, stranger = make_user(), open_browser()
    links = []
    for _ in range(2):
        stranger.send("/account/recovery", email=user.person.email)
        links.append(link_for(database, user.person.email))
    stranger.send(links[1], password=NEW, password_confirm=NEW)
    assert stranger.get(links[0]).status_code == 302


def test_a_link_lives_half_an_hour(make_user: Any, open_browser: Any, database: Any, monkeypatch: Any) -> None:
    user, stranger = make_user(), open_browser()
    stranger.send("/account/recovery", email=user.person.email)
    link, present = link_for(database, user.person.email), time.time
    monkeypatch.setattr(time, "time", lambda: present() + RECOVERY_LIFE.total_seconds() - 5)
    assert stranger.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: present() + RECOVERY_LIFE.total_seconds() + 5)
    assert stranger.get(link).location == "/account/recovery"
    assert "这个链接已过 30 分钟" in stranger.page("/account/recovery")


def test_links_that_were_never_sent_lead_nowhere(open_browser: Any) -> None:
    for token in ("x", "a.b.c", "%00", "WyJhIl0.abc.def", "x" * 3000):
        assert open_browser().get(f"/account/recovery/{token}").status_code in (302, 404)


def test_the_link_uses_the_portals_own_address_whatever_host_the_request_named(
    make_user: Any, open_browser: Any, database: Any
) -> None:
    user, stranger = make_user(), open_browser()
    page = stranger.get("/account/recovery", headers={"Host": "evil.example"}).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    stranger.post("/account/recovery", data={"csrf_token": token, "email": user.person.email}, headers={"Host": "evil.example"})
    (letter,) = mails_to(database, user.person.email)
    assert "evil.example" not in letter and "http://127.0.0.1:8000/account/recovery/" in letter


def test_known_and_unknown_addresses_read_and_cost_the_same(make_user: Any, open_browser: Any, database: Any) -> None:
    known, unknown = make_user().person.email, "nobody-at-all@beiting.example"
    pages, counts = [], []
    for address in (known, unknown):
        here = open_browser()
        counts.append(statements(database, lambda here=here, address=address: pages.append(here.send("/account/recovery", email=address))))
    assert [page.status_code for page in pages] == [200, 200]
    shown = [re.sub(r'name="csrf_token" value="[^"]*"', "", page.text).replace(address, "") for page, address in zip(pages, (known, unknown), strict=True)]
    assert shown[0] == shown[1]
    assert counts[0] == counts[1]
    assert len(mails_to(database, known)) == 1 and mails_to(database, unknown) == []


def test_a_stranger_leaves_neither_mail_nor_job(open_browser: Any, database: Any) -> None:
    def traces() -> tuple[int, int]:
        with database.system_session() as db:
            return tuple(db.execute(text("select (select count(*) from portal.mail), (select count(*) from procrastinate.procrastinate_jobs)")).one())

    before = traces()
    open_browser().send("/account/recovery", email="nobody-at-all@beiting.example")
    assert traces() == before


def test_asking_again_and_again_is_refused_for_known_and_unknown_alike(make_user: Any, open_browser: Any) -> None:
    for address in (make_user().person.email, "nobody-at-all@beiting.example"):
        answers = [open_browser().send("/account/recovery", email=address) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0


def test_an_address_that_is_none_is_told_so(open_browser: Any) -> None:
    for address in ("", "x", "x@y", "a b@c.example", "@c.example"):
        answer = open_browser().send("/account/recovery", email=address)
        assert answer.status_code == 400 and "form-error" in answer.text


def test_recovery_opens_a_locked_account_again(make_user: Any, open_browser: Any, database: Any) -> None:
    user, here = make_user(), open_browser("198.51.100.3")
    for _ in range(3):
        here.sign_in(user.username, "guess-guess")
    assert here.sign_in(user.username).status_code == 429
    here.send("/account/recovery", email=user.person.email)
    here.send(link_for(database, user.person.email), password=NEW, password_confirm=NEW)
    assert here.sign_in(user.username, NEW).status_code == 302


def csrf(browser: Any) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', browser.page("/sign-in"))[1]
