"""Signing in, out and being locked out, over real requests."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.access.principals import OrgKind
from portal.accounts.attempts import LOCKED, WINDOW
from portal.accounts.models import Person, SignInAttempt, SignInSession
from portal.accounts.queries import SESSION_LENGTH
from portal.accounts.services import end_membership
from portal.core.clock import now
from tests.accounts.conftest import PASSWORD, build, statements


def test_signing_in_and_out(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    assert here.who()["person"] is None
    answer = here.sign_in(user.username)
    assert (answer.status_code, answer.location) == (302, "/")
    who = here.who()
    assert (who["person"], who["organisation"]) == (user.person.id, user.organisations[0].id)
    assert here.send("/account", "/sign-out").location == "/sign-in"
    assert here.who()["person"] is None


def test_a_user_name_may_be_typed_in_capitals_and_with_spaces(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(), open_browser()
    assert here.sign_in(f" {user.username.upper()} ").status_code == 302


def test_signing_out_needs_a_post(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.sign_in(user.username)
    assert here.get("/sign-out").status_code == 405
    assert here.post("/sign-out").status_code == 400  # no CSRF token
    assert here.who()["person"] == user.person.id


@pytest.mark.parametrize("fields", [{}, {"username": "a"}, {"password": "b"}, {"username": "x" * 70, "password": "y"}])
def test_an_incomplete_form_is_told_at_its_fields(open_browser: Any, fields: dict[str, str]) -> None:
    answer = open_browser().send("/sign-in", **fields)
    assert answer.status_code == 400 and "form-error" in answer.text


def test_wrong_password_and_unknown_name_read_the_same(make_user: Any, open_browser: Any) -> None:
    user = make_user()
    wrong = open_browser().sign_in(user.username, "not-the-password")
    unknown = open_browser().sign_in("nobody-of-that-name", "not-the-password")
    assert wrong.status_code == unknown.status_code == 401

    def shown(answer: Any) -> str:
        return re.sub(r'(name="csrf_token" value|name="username" type="text" value)="[^"]*"', "", answer.text)

    assert "用户名或密码不对" in wrong.text
    assert shown(wrong) == shown(unknown)


def test_wrong_password_unknown_name_and_no_password_cost_the_same(make_user: Any, open_browser: Any, database: Any) -> None:
    names = [make_user().username, "nobody-of-that-name", make_user(password=None).username]
    assert len({statements(database, lambda name=name: open_browser().sign_in(name, "guess-guess")) for name in names}) == 1


def test_a_person_shut_out_cannot_sign_in_and_learns_it_only_with_the_right_password(
    make_user: Any, open_browser: Any, database: Any
) -> None:
    user = make_user(OrgKind.BANK)
    with database.session() as db:
        db.execute(update(Person).where(Person.id == user.person.id).values(active=False))
        db.commit()
    assert "用户名或密码不对" in open_browser().sign_in(user.username, "wrong-wrong").text
    answer = open_browser().sign_in(user.username)
    assert answer.status_code == 403 and "已停用" in answer.text


def test_lockout_is_of_the_pair_and_survives_the_error_answers(make_user: Any, open_browser: Any, database: Any, later: Any) -> None:
    user, guesser = make_user(OrgKind.BANK), open_browser("198.51.100.9")
    for number in range(LOCKED.failures):
        answer = guesser.sign_in(user.username, f"guess-number-{number}")
        assert answer.status_code == 401, number
        later(timedelta(seconds=25))
    locked = guesser.sign_in(user.username)  # with the right password even
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= LOCKED.wait.total_seconds()
    assert "15 分钟后再来" in locked.text
    assert guesser.who()["person"] is None
    assert open_browser("203.0.113.4").sign_in(user.username).status_code == 302
    assert open_browser("198.51.100.9").sign_in(make_user().username).status_code == 302
    later(LOCKED.wait)
    assert guesser.sign_in(user.username).status_code == 302
    with database.session() as db:
        assert db.scalar(select(func.count(SignInAttempt.id))) == 0


def test_the_wait_grows_and_the_tries_left_are_told(make_user: Any, open_browser: Any, database: Any, later: Any) -> None:
    user, guesser = make_user(), open_browser()
    told = [re.search(r"还可以试 (\d) 次", guesser.sign_in(user.username, "guess-guess").text) for _ in range(3)]
    assert [found and int(found[1]) for found in told] == [4, 3, 2]
    refused = guesser.sign_in(user.username, "guess-guess")
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 5
    later(timedelta(seconds=6))
    assert guesser.sign_in(user.username, "guess-guess").status_code == 401
    assert 5 < int(guesser.sign_in(user.username, "guess-guess").headers["Retry-After"]) <= 20
    later(WINDOW)
    assert guesser.sign_in(user.username, "guess-guess").status_code == 401


def test_ipv6_neighbours_are_one_network(make_user: Any, open_browser: Any, database: Any) -> None:
    user = make_user()
    for number in range(3):
        open_browser(f"2001:db8:1:2::{number + 1}").sign_in(user.username, "guess-guess")
    assert open_browser("2001:db8:1:2:ffff::1").sign_in(user.username).status_code == 429
    assert open_browser("2001:db8:1:3::1").sign_in(user.username).status_code == 302


def test_the_table_of_failures_holds_no_names_and_no_addresses(make_user: Any, open_browser: Any, database: Any) -> None:
    user = make_user()
    open_browser("198.51.100.77").sign_in(user.username, "guess-guess")
    with database.session() as db:
        row = db.scalars(select(SignInAttempt)).one()
    assert re.fullmatch("[0-9a-f]{64}", row.account) and re.fullmatch("[0-9a-f]{64}", row.network)


@pytest.mark.parametrize("path", ["/account", "/account?x=1&y=2", "/enterprises?q=轴承"])
def test_next_leads_back_to_our_own_pages(make_user: Any, open_browser: Any, path: str) -> None:
    user, here = make_user(), open_browser()
    answer = here.sign_in(user.username, next=path)
    assert answer.status_code == 302 and answer.location.startswith(path.partition("?")[0])


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example",
        "javascript:alert(1)", " //evil.example", "/\t/evil.example", "/\n/evil.example", "/%09//evil\\.example", "evil.example", "@evil.example",
        "http://localhost@evil.example/", "https:///evil.example",
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["field", "address"])
def test_next_never_leaves_the_portal(make_user: Any, open_browser: Any, target: str, way: str) -> None:
    user, here = make_user(), open_browser()
    if way == "field":
        answer = here.sign_in(user.username, next=target)
    else:
        token = re.search(r'name="csrf_token" value="([^"]+)"', here.get("/sign-in").text)
        fields = {"csrf_token": token[1], "username": user.username, "password": PASSWORD}
        answer = here.post("/sign-in", query_string={"next": target}, data=fields)
    assert answer.status_code == 302
    assert answer.location == "/" or (answer.location[0] == "/" and answer.location[1:2] not in ("/", "\\"))
    assert "evil.example" not in answer.location.partition("/")[0]


def test_a_page_that_needs_a_sign_in_leads_there_and_back(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.OPERATOR), open_browser()
    asked = here.get("/operator/organisations?kind=bank")
    assert asked.status_code == 302
    page = here.page(asked.location)
    back = re.search(r'name="next" value="([^"]+)"', page)
    assert back is not None and back[1] == "/operator/organisations?kind=bank"
    assert here.send(asked.location, username=user.username, password=PASSWORD, next=back[1]).location == back[1]


def test_nothing_of_the_session_before_signing_in_stays(make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.get("/sign-in")
    with here.session_transaction() as before:
        before["planted"], before["portal.token"] = "x", "a-token-somebody-else-knows"
        csrf = before["csrf_token"]
    here.sign_in(user.username)
    with here.session_transaction() as after:
        assert "planted" not in after and after["portal.token"] != "a-token-somebody-else-knows"
        assert after.get("csrf_token") != csrf


def test_the_cookie_is_kept_from_scripts_and_other_sites(make_user: Any, open_browser: Any) -> None:
    cookie = open_browser().sign_in(make_user().username).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Expires" not in cookie


def test_a_form_sent_after_the_sessions_end_gets_a_sentence_and_the_way_back(
    make_user: Any, open_browser: Any, database: Any
) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.sign_in(user.username)
    token = re.search(r'name="csrf_token" value="([^"]+)"', here.page("/account"))
    with database.session() as db:
        old = now() - SESSION_LENGTH - timedelta(seconds=1)
        db.execute(update(SignInSession).where(SignInSession.person_id == user.person.id).values(created_at=old))
        db.commit()
    answer = here.post(
        "/account/sessions/end-others", data={"csrf_token": token[1]}, headers={"Referer": "http://localhost/account?x=1"}
    )
    assert answer.status_code == 302 and answer.location == "/sign-in?next=/account?x%3D1"
    assert "登录已经结束，表单没有提交。登录后再填一次。" in here.page(answer.location)


def test_an_ended_session_is_told_on_the_sign_in_page(make_user: Any, open_browser: Any, database: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    here.sign_in(user.username)
    with database.session() as db:
        db.execute(update(SignInSession).where(SignInSession.person_id == user.person.id).values(ended_at=now()))
        db.commit()
    assert here.get("/account").status_code == 302
    assert "上次的登录已经结束" in here.page("/sign-in")


def test_a_membership_ended_takes_the_pages_at_the_next_request(make_user: Any, open_browser: Any, database: Any) -> None:
    user, here = make_user(OrgKind.OPERATOR, roles=("staff",)), open_browser()
    here.sign_in(user.username)
    here.page("/operator/organisations")
    with database.session() as db:
        end_membership(db, db.merge(user.memberships[0]))
        db.commit()
    assert here.get("/operator/organisations").status_code == 403
    assert here.who()["organisation"] is None
    assert "现在不属于任何机构" in here.page("/account")


@pytest.mark.parametrize("path", ["/sign-in", "/account/recovery"])
def test_json_is_not_spoken_at_the_door(open_browser: Any, path: str) -> None:
    here = open_browser()
    token = re.search(r'name="csrf_token" value="([^"]+)"', here.page(path))
    for body in ({"username": "a", "password": "b", "email": "c"}, [1, 2], "x"):
        answer = here.post(path, json=body, headers={"X-CSRFToken": token[1]})
        assert answer.status_code == 415
    asked = here.get(path, headers={"Accept": "application/json"})
    assert "csrf_token" not in (asked.get_json(silent=True) or {})


def test_tokens_in_addresses_and_headers_sign_nobody_in(app: Flask, make_user: Any, open_browser: Any) -> None:
    user, here = make_user(OrgKind.BANK), open_browser()
    with app.test_request_context():
        account = app.extensions["security"].datastore.find_user(id=user.person.id)
        token = account.get_auth_token()
    assert here.get("/account", headers={"Authentication-Token": token}).status_code == 302
    assert here.get(f"/account?auth_token={token}").status_code == 302


def test_the_demo_shows_its_accounts_and_only_the_demo(make_user: Any, open_browser: Any, settings: Any, database: Any) -> None:
    user = make_user(OrgKind.GUARANTOR, demo=True)
    assert user.username in open_browser().page("/sign-in")
    plain = build(settings.model_copy(update={"portal_demo": False}), database)
    page = plain.test_client().get("/sign-in").text
    assert user.username not in page and "/outbox" not in page
    assert plain.test_client().get("/outbox").status_code == 404

