"""Verbs on people and organisations, and the command line."""

import argparse
import io
import json
import threading
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS
from portal.access.principals import INSTITUTION_KINDS, OrgKind
from portal.accounts.jobs import purge
from portal.accounts.models import Membership, Organisation, Principal
from portal.accounts.queries import addressable
from portal.accounts.services import add_member, create_organisation, create_person, end_membership, principal_for, set_qualified
from portal.cli import user as command
from portal.core.context import Context
from portal.core.errors import Conflict, Invalid, NotAllowed
from portal.core.ids import new_ref


def person(db: Session, **changes: Any) -> Any:
    word = "p" + new_ref()
    return create_person(db, **({"username": word, "email": f"{word}@beiting.example", "name": "程砚"} | changes))


def test_a_principal_is_made_once_even_by_two_at_once(database: Any) -> None:
    word, found = f"event:{new_ref()}", []

    def make() -> None:
        with database.session() as db:
            found.append(principal_for(db, word))
            db.commit()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_words_carry_the_ids(db: Session) -> None:
    house, someone = create_organisation(db, kind=OrgKind.BANK, name="演示银行"), person(db)
    words = dict(db.execute(select(Principal.id, Principal.word).where(Principal.id.in_([house.principal, someone.principal]))).all())
    assert words == {house.principal: f"org:{house.id}", someone.principal: f"person:{someone.id}"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "x"}, "username"), ({"username": "9lives"}, "username"), ({"username": "带 空格"}, "username"),
        ({"email": "nobody"}, "email"), ({"email": "a@b"}, "email"), ({"name": "  "}, "name"),
        ({"password": "short", "pepper": "p"}, "password"), ({"username": "sunrise", "password": "my-sunrise-1", "pepper": "p"}, "password"),
    ],
)  # fmt: skip
def test_people_with_bad_particulars_are_refused(db: Session, changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        person(db, **changes)
    assert list(refusal.value.fields) == [field]


def test_names_addresses_and_codes_belong_to_one(db: Session) -> None:
    first = person(db)
    with pytest.raises(Conflict):
        person(db, username=first.username.upper())
    with pytest.raises(Conflict):
        person(db, email=first.email.upper())
    create_organisation(db, kind=OrgKind.BANK, name="甲", uscc="91650000MA0TEST01X")
    with pytest.raises(Conflict):
        create_organisation(db, kind=OrgKind.BANK, name="乙", uscc="91650000MA0TEST01X")
    with pytest.raises(ValueError, match="pepper"):
        person(db, password="long-enough-1")


def test_the_last_administrator_cannot_vanish(db: Session) -> None:
    house = create_organisation(db, kind=OrgKind.BANK, name="演示银行")
    first = add_member(db, person(db), house, ["admin"])
    add_member(db, person(db), house, ["staff"])
    with pytest.raises(Conflict, match="最后一位管理员"):
        end_membership(db, first)
    second = add_member(db, person(db), house, ["admin", "staff"])
    end_membership(db, first)
    end_membership(db, first)  # ending twice changes nothing
    with pytest.raises(Conflict):
        end_membership(db, second)


def test_two_administrators_cannot_end_each_other(database: Any) -> None:
    with database.session() as db:
        house = create_organisation(db, kind=OrgKind.BANK, name="演示银行")
        memberships = [add_member(db, person(db), house, ["admin"]) for _ in range(2)]
        db.commit()
    outcomes: list[str] = []

    def end(key: int) -> None:
        with database.session() as db:
            try:
                end_membership(db, db.get(Membership, key))
                db.commit()
                outcomes.append("ended")
            except Conflict:
                outcomes.append("refused")

    threads = [threading.Thread(target=end, args=(membership.id,)) for membership in memberships]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ended", "refused"]


def test_membership_asks_for_known_roles_and_is_given_once(db: Session) -> None:
    house, someone = create_organisation(db, kind=OrgKind.BANK, name="演示银行"), person(db)
    for roles in ([], ["king"], ["admin", "king"]):
        with pytest.raises(Invalid):
            add_member(db, someone, house, roles)
    add_member(db, someone, house, ["viewer"])
    with pytest.raises(Conflict):
        add_member(db, someone, house, ["admin"])


def test_nobody_but_the_operator_qualifies(db: Session) -> None:
    house = create_organisation(db, kind=OrgKind.FUND_MANAGER, name="演示私募")
    with pytest.raises(NotAllowed):
        set_qualified(db, ANONYMOUS, house.ref, None, None)


def test_addressees_are_those_somebody_works_in(db: Session) -> None:
    mark = new_ref()
    worked = [create_organisation(db, kind=kind, name=f"{mark} {kind}") for kind in (OrgKind.BANK, OrgKind.FUND_MANAGER, OrgKind.ENTERPRISE)]
    for house in worked:
        add_member(db, person(db), house, ["admin"])
    create_organisation(db, kind=OrgKind.BANK, name=f"{mark} 空")
    assert {house.id for house in addressable(db, mark, INSTITUTION_KINDS)} == {house.id for house in worked[:2]}
    assert addressable(db, "%", INSTITUTION_KINDS) == []


def test_what_sign_in_leaves_behind_can_be_forgotten_by_the_system_role(database: Any) -> None:
    with database.system_session() as db:
        purge(db)


def run(context: Context, *words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    return command.run(parser.parse_args(["user", *words]), context)


@pytest.fixture
def context(settings: Any, urls: Any, database: Any) -> Context:
    return Context(settings=settings, urls=urls, database=database)


def test_the_command_opens_an_account_and_changes_its_password(
    context: Context, open_browser: Any, monkeypatch: Any, capsys: Any
) -> None:
    name, house = "c" + new_ref(), f"演示担保 {new_ref()}"
    create = ("create", name, "--name", "沙梅", "--email", f"{name}@beiting.example", "--organisation", house)
    monkeypatch.setattr("sys.stdin", io.StringIO("first-Pass-1\n"))
    assert run(context, *create) == 2 and "没有叫" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("first-Pass-1\n"))
    assert run(context, *create, "--kind", "guarantor", "--role", "admin") == 0
    assert open_browser().sign_in(name, "first-Pass-1").status_code == 302
    monkeypatch.setattr("sys.stdin", io.StringIO("x\n"))
    assert run(context, "password", name) == 2 and "密码至少 8 个字符" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("second-Pass-2\n"))
    assert run(context, "password", name) == 0
    assert open_browser().sign_in(name, "second-Pass-2").status_code == 302
    capsys.readouterr()
    assert run(context, "list", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["organisation"], line["roles"]) for line in lines if line["username"] == name] == [(house, ["admin"])]


def test_the_command_takes_no_password_as_an_argument(context: Context) -> None:
    with pytest.raises(SystemExit):
        run(context, "create", "somebody", "--name", "n", "--email", "e@f.example", "--password", "x")


def test_an_unknown_user_is_told(context: Context, capsys: Any) -> None:
    assert run(context, "password", "nobody-of-that-name") == 2
    assert "没有用户" in capsys.readouterr().err


def test_demo_organisations_are_marked(db: Session) -> None:
    house = create_organisation(db, kind=OrgKind.BANK, name="演示银行", demo=True)
    assert db.get(Organisation, house.id).demo
