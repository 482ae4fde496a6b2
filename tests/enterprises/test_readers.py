"""Who reads what: the database's policies and the Python expressions answer alike, over random worlds, in both directions."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.access.basis import Basis
from portal.access.principals import BOARD, KIND_PRINCIPALS, OPERATOR, QUALIFIED, OrgKind
from portal.accounts.models import Organisation
from portal.core.clock import now
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.enterprises import queries, services
from portal.enterprises.models import Carrier, Enterprise, Fact, ProfileSection, SectionKey
from portal.enterprises.policy import fact_readable, readable, section_readable
from portal.grants.models import Exclusion, Grant
from tests.enterprises.conftest import CODES, acting, as_, organisation, person

A, B, C, D, _E = CODES
TODAY = date(2026, 11, 20)


class World:
    """Three enterprises, two of them with people here; readers of every sort; grants and exclusions drawn by chance."""

    def __init__(self, db: Session, chance: random.Random) -> None:
        self.db, self.chance = db, chance
        self.operator = acting(organisation(db, OrgKind.OPERATOR, "运营机构"), BOARD, OPERATOR)
        self.owners = [organisation(db, OrgKind.ENTERPRISE, name) for name in ("甲公司", "乙公司")]
        self.funds = [organisation(db, OrgKind.FUND_MANAGER, name) for name in ("一号基金", "二号基金")]
        self.bank = organisation(db, OrgKind.BANK, "某银行")
        self.actors = [
            ANONYMOUS, self.operator, *(acting(owner) for owner in self.owners),
            acting(self.funds[0], BOARD, QUALIFIED), acting(self.funds[1]), acting(self.bank, BOARD),
        ]  # fmt: skip
        as_(db, self.operator)
        self.enterprises = [
            services.add_enterprise(db, self.operator, uscc=code, name=f"企业{code[-3:]}", organisation=owner, source="登记机关")
            for code, owner in zip((A, B, C), (*self.owners, None), strict=True)
        ]
        for enterprise, owner in zip(self.enterprises[:2], self.owners, strict=True):
            self._sections(enterprise, acting(owner))

    def _sections(self, enterprise: Enterprise, actor: Actor) -> None:
        db, chance = as_(self.db, actor), self.chance
        for key in chance.sample(list(SectionKey), 2):
            section = services.save_section(db, actor, enterprise.uscc, key, "文字")
            db.add(Fact(enterprise_id=enterprise.id, owner=enterprise.owner, concept="Employees", value=312, source="企业填报",
                        source_date=TODAY, carrier=Carrier.SECTION.value, carrier_id=section.id))  # fmt: skip
            for _ in range(chance.randint(0, 2)):
                db.add(self._grant(enterprise, section))
        if chance.random() < 0.5:
            hidden = chance.choice([*self.funds, self.bank])
            db.add(Exclusion(enterprise_id=enterprise.id, owner=enterprise.owner, organisation_id=hidden.id,
                             principal=hidden.principal, ended_at=chance.choice([None, None, now()])))  # fmt: skip
        db.flush()

    def _grant(self, enterprise: Enterprise, section: ProfileSection) -> Grant:
        chance = self.chance
        principal = chance.choice([QUALIFIED, KIND_PRINCIPALS[OrgKind.BANK], self.bank.principal, *(f.principal for f in self.funds)])
        starts = now() + timedelta(days=chance.choice([-2, -2, 1]))
        return Grant(
            object_kind="section", object_id=section.id, enterprise_id=enterprise.id, owner=enterprise.owner, principal=principal,
            basis=chance.choice([Basis.WILL.value, Basis.RULE.value]), purpose="投资决策", starts=starts,
            ends=starts + timedelta(days=chance.choice([1, 30])), revoked_at=chance.choice([None, None, now()]),
        )  # fmt: skip


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_policy_and_expression_agree(unwalled: Session, seed: int) -> None:
    """The wall alone (as portal_app, no condition) and the expression alone (as superuser, no wall) give the same rows."""
    db = unwalled
    point = db.begin_nested()
    world = World(db, random.Random(seed))
    rules: list[tuple[type, Callable[[Actor], object]]] = [
        (Enterprise, readable), (Fact, fact_readable), (ProfileSection, section_readable),
    ]  # fmt: skip
    for actor in world.actors:
        as_(db, actor)
        for model, rule in rules:
            db.execute(text("set local role portal_app"))
            walled = set(db.scalars(select(model.id)))
            db.execute(text("reset role"))
            assert walled == set(db.scalars(select(model.id).where(rule(actor)))), (model.__name__, actor)
    point.rollback()
    db.expunge_all()


@pytest.fixture
def world(db: Session) -> World:
    chance = random.Random(7)
    chance.random = lambda: 1.0  # type: ignore[method-assign]
    chance.randint = lambda _low, _high: 0  # type: ignore[method-assign]
    return World(db, chance)


def the(world: World, code: str) -> Enterprise:
    return next(found for found in world.enterprises if found.uscc == code)


def test_a_new_section_is_read_by_nobody_else(world: World) -> None:
    owner = acting(world.owners[0])
    assert len(queries.sections_of(as_(world.db, owner), owner, the(world, A).id)) == 2
    for actor in world.actors:
        if actor.organisation_principal != owner.organisation_principal:
            assert queries.sections_of(as_(world.db, actor), actor, the(world, A).id) == []


@pytest.mark.clause("七")
def test_a_section_opens_and_closes_at_once(world: World) -> None:
    db, owner, fund = world.db, acting(world.owners[0], who=person(world.db, "顾青禾")), acting(world.funds[0], BOARD, QUALIFIED)
    services.save_section(as_(db, owner), owner, A, SectionKey.TEAM, "顾青禾 董事长")
    made = services.open_section(
        db, owner, A, SectionKey.TEAM, audience="qualified", organisation="", purpose="投资决策", until=date(2099, 1, 1)
    )
    [seen] = queries.sections_of(as_(db, fund), fund, the(world, A).id)
    assert seen.section.body == "顾青禾 董事长" and [tie.purpose for tie in seen.ties] == ["投资决策"]
    bank = acting(world.bank, BOARD)
    assert queries.sections_of(as_(db, bank), bank, the(world, A).id) == []
    services.close_section(as_(db, owner), owner, A, SectionKey.TEAM, made.ref)
    assert queries.sections_of(as_(db, fund), fund, the(world, A).id) == []
    with pytest.raises(Conflict):
        services.close_section(as_(db, owner), owner, A, SectionKey.TEAM, made.ref)


def test_opening_asks_for_object_purpose_and_period(world: World) -> None:
    db, owner = world.db, acting(world.owners[0])
    as_(db, owner)
    with pytest.raises(Invalid, match="这一节还没有内容"):
        services.open_section(db, owner, A, _unwritten(world), audience="qualified", organisation="", purpose="x", until=date(2099, 1, 1))
    services.save_section(db, owner, A, SectionKey.TEAM, "文字")
    with pytest.raises(Invalid) as caught:
        services.open_section(db, owner, A, SectionKey.TEAM, audience="everyone", organisation="", purpose=" ", until=date(2020, 1, 1))
    assert set(caught.value.fields) == {"audience", "purpose", "until"}
    unqualified = world.funds[1]
    with pytest.raises(Invalid) as caught:
        services.open_section(
            db, owner, A, SectionKey.TEAM, audience="organisation", organisation=unqualified.ref, purpose="x", until=date(2099, 1, 1)
        )
    assert set(caught.value.fields) == {"organisation"}


def _unwritten(world: World) -> SectionKey:
    owner = acting(world.owners[0])
    written = {SectionKey(item.section.key) for item in queries.sections_of(as_(world.db, owner), owner, the(world, A).id)}
    return next(key for key in SectionKey if key not in written)


def test_a_named_organisation_must_see_the_board(world: World) -> None:
    db, owner = world.db, acting(world.owners[0], who=person(world.db, "顾青禾"))
    fund: Organisation = world.funds[0]
    fund.qualified_from, fund.qualified_until = date(2020, 1, 1), date(2099, 1, 1)
    db.flush()
    services.save_section(as_(db, owner), owner, A, SectionKey.TEAM, "文字")
    made = services.open_section(
        db, owner, A, SectionKey.TEAM, audience="organisation", organisation=fund.ref, purpose="投资决策", until=date(2099, 1, 1)
    )
    assert made.principal == fund.principal
    with pytest.raises(Invalid, match="已经能看"):
        services.open_section(
            db, owner, A, SectionKey.TEAM, audience="organisation", organisation=fund.ref, purpose="又一次", until=date(2099, 1, 1)
        )


def test_nobody_writes_for_another_enterprise(world: World) -> None:
    db = world.db
    for actor in world.actors:
        if actor.organisation_principal == world.owners[0].principal:
            continue
        with pytest.raises(NotFound):
            services.save_section(as_(db, actor), actor, A, SectionKey.TEAM, "冒名")
    with pytest.raises(NotAllowed):
        fund = acting(world.funds[0], BOARD)
        services.add_enterprise(as_(db, fund), fund, uscc=D, name="冒名公司", source="x")


def test_saving_the_same_text_is_no_new_version(world: World) -> None:
    db, owner = world.db, acting(world.owners[0])
    key = _unwritten(world)
    first = services.save_section(as_(db, owner), owner, A, key, "一行\r\n二行 ")
    assert (first.version, first.body) == (1, "一行\n二行")
    assert services.save_section(db, owner, A, key, "一行\n二行").version == 1
    assert services.save_section(db, owner, A, key, "三行").version == 2
    with pytest.raises(Invalid):
        services.save_section(db, owner, A, key, "字" * 8001)


@pytest.mark.parametrize(
    "statement",
    [
        "update portal.enterprise set tier = 'cultivation', member = true where uscc = :a",
        "update portal.enterprise set name = '另一家' where uscc = :a",
        "insert into portal.enterprise (uscc, name, owner) select :d, '冒名', owner from portal.enterprise where uscc = :a",
        "insert into portal.fact (enterprise_id, owner, concept, text_value, source, source_date, carrier)"
        " select id, owner, 'EntityName', '冒名', '登记机关', '2026-01-01', 'register' from portal.enterprise where uscc = :a",
        "insert into portal.profile_section (ref, enterprise_id, owner, key, body)"
        " select 'x', e.id + 1, owner, 'team', '冒名' from portal.enterprise e where uscc = :a",
    ],
)
def test_the_wall_keeps_what_is_not_the_enterprises_to_write(world: World, statement: str) -> None:
    owner = acting(world.owners[0])
    as_(world.db, owner)
    with pytest.raises(DBAPIError) as caught:
        world.db.execute(text(statement), {k: v for k, v in {"a": A, "d": D}.items() if f":{k}" in statement})
    assert getattr(caught.value.orig, "sqlstate", "") == "42501"


def test_hidden_absent_and_malformed_codes_take_the_same_statements(world: World, statements: list[str]) -> None:
    db, reader = world.db, acting(world.funds[1])
    taken = []
    for code in (B, D, "nonsense", "", "9" * 500, "91\x0050100", "' or 1=1 --", "九一六五〇一〇〇九一六五〇一〇〇九一"):
        as_(db, reader)
        statements.clear()
        with pytest.raises(NotFound):
            queries.get_enterprise(db, reader, code)
        taken.append([s for s in statements if "set_config" not in s])
    assert len(taken[0]) == 1 and all(one == taken[0] for one in taken)


def test_an_exclusion_hides_the_enterprise_from_that_reader_alone(world: World) -> None:
    db, owner = world.db, acting(world.owners[0])
    as_(db, owner).add(Exclusion(enterprise_id=the(world, A).id, owner=world.owners[0].principal,
                                 organisation_id=world.bank.id, principal=world.bank.principal))  # fmt: skip
    db.flush()
    bank, fund = acting(world.bank, BOARD), acting(world.funds[0], BOARD)
    with pytest.raises(NotFound):
        queries.get_enterprise(as_(db, bank), bank, A)
    assert queries.facts_of(db, bank, the(world, A).id) == []
    assert queries.get_enterprise(as_(db, fund), fund, A).uscc == A


def test_own_enterprise(world: World) -> None:
    owner, fund = acting(world.owners[0]), acting(world.funds[0], BOARD)
    assert queries.own_enterprise(as_(world.db, owner), owner).uscc == A
    for actor in (fund, world.operator, ANONYMOUS):
        with pytest.raises(NotFound):
            queries.own_enterprise(as_(world.db, actor), actor)


def test_the_newest_version_of_each_fact_is_shown(world: World) -> None:
    db = as_(world.db, world.operator)
    found = the(world, C)
    db.add(Fact(enterprise_id=found.id, concept="EntityName", text_value="新名", source="登记机关", source_date=TODAY, version=2,
                carrier=Carrier.REGISTER.value))  # fmt: skip
    db.flush()
    facts = {fact.concept: fact for fact in queries.facts_of(db, world.operator, found.id, Carrier.REGISTER)}
    assert (facts["EntityName"].text_value, facts["EntityName"].version) == ("新名", 2)
