"""How a world comes about: people, enterprises, what they hide, write and publish."""

import hashlib
from datetime import datetime
from random import Random

from portal.access.principals import FIRST_FREE, QUALIFIED, OrgKind
from portal.cli.demo.board import code
from tests.surfaces import dealings
from tests.surfaces.world import CAST, EXTRAS, OWNED, SECTIONS, Row, World, add_fact, add_grants, at, day, owned, ref_of, token_of

CITIES = (("650000", "650100", "新疆", "乌鲁木齐"), ("650000", "652300", "新疆", "昌吉"), ("530000", "530100", "云南", "昆明"))
GOODS = (("轴承", "3451"), ("轴承钢管", "3130"), ("风电主轴", "3415"), ("工业软件", "6513"))
TIERS = ("hatch", "standard", "cultivation")
CATEGORIES = ("innovative", "specialised", "little_giant", "champion", "high_tech")
CROWD = 24  # with the few others a list stands at the edge between one page and two


def draw(chance: Random, now: datetime, *, crowded: bool = False) -> World:
    """A world: every choice is `chance`'s, so the same choices give the same world."""
    world = World(now)
    _people(world, chance)
    _enterprises(world, chance)
    if crowded:
        _crowd(world, chance)
    _exclusions(world, chance)
    _sections(world, chance)
    _disclosures(world, chance, crowded)
    dealings.credit(world, chance)
    dealings.roadshows(world, chance)
    dealings.reports(world, chance)
    dealings.evidence(world, chance, crowded)
    return world


def _people(world: World, chance: Random) -> None:
    for number, (username, (kind, name)) in enumerate(CAST.items(), start=1):
        principal = FIRST_FREE + number
        since, until = chance.choice([(-9, 9), (-9, 9), (-9, 9), (-9, -1), (3, 9), (None, None), (0, 0)])
        dated = since is not None and kind not in (OrgKind.ENTERPRISE, OrgKind.OPERATOR, OrgKind.AUTHORITY)
        world.add("principal", id=principal, word=f"org:{number}")
        world.add(
            "organisation", id=number, ref=ref_of("organisation", username), kind=kind.value, name=name or f"企业机构{username}",
            uscc=code(500 + number), principal=principal, qualified_from=day(world, since) if dated else None,
            qualified_until=day(world, until) if dated else None, demo=False, created_at=at(world, -99),
        )  # fmt: skip
    for number, username in enumerate((*CAST, *EXTRAS), start=1):
        principal = FIRST_FREE + 500 + number
        world.add("principal", id=principal, word=f"person:{number}")
        world.add(
            "person", id=number, ref=ref_of("person", username), username=username, email=f"{username}@world.example",
            name=f"人员{username}", password=None, active=True, fs_uniquifier=ref_of("uniquifier", username), principal=principal,
            created_at=at(world, -99),
        )  # fmt: skip
        _memberships(world, username, number)
    ring = FIRST_FREE + 900
    world.add("principal", id=ring, word="event:1")
    for username in CAST:
        starts, ends = chance.choice([(-2, 5), (-9, -1), (2, 5), (None, None), (None, None)])
        if starts is not None:
            world.add("ring_member", principal=ring, organisation_id=world.organisation(username)["id"], starts=at(world, starts),
                      ends=at(world, ends))  # fmt: skip


def _memberships(world: World, username: str, person: int) -> None:
    made = []
    for of in EXTRAS.get(username, (username,)):
        made.append(world.add(
            "membership", ref=ref_of("membership", username, of), person_id=person, organisation_id=world.organisation(of)["id"],
            roles=["viewer"] if username == "colleague" else ["admin", "staff"], started_at=at(world, -90),
            ended_at=at(world, -1) if username == "leaver" else None,
        ))  # fmt: skip
    world.add(
        "sign_in_session", ref=ref_of("session", username), token_hash=hashlib.sha256(token_of(username).encode()).hexdigest(),
        person_id=person, membership_id=made[0]["id"], created_at=world.now, last_seen_at=at(world, 0.01), address="192.0.2.1",
        agent="Firefox", ended_at=None,
    )  # fmt: skip


def _enterprises(world: World, chance: Random) -> None:
    for number, username in enumerate((*OWNED, None, None), start=1):
        _enterprise(world, chance, number, world.organisation(username) if username else None)
    for row in chance.sample(world["enterprise"], chance.choice([0, 0, 1, 2])):
        world.add("search_dirty", enterprise_id=row["id"], at=at(world, -0.1))
        world.stale[row["id"]] = f"旧名{row['id']}轴承厂"


def _enterprise(world: World, chance: Random, number: int, organisation: Row | None) -> Row:
    province, city, province_text, city_text = chance.choice(CITIES)
    goods, industry = chance.choice(GOODS)
    member = chance.random() < 0.8
    capital = chance.choice([None, 100_000_000, 250_000_000, 250_000_000])
    row = world.add(
        "enterprise", id=number, uscc=code(number), name=f"{city_text}{chance.choice(['天工', '北辰'])}{goods}有限公司",
        organisation_id=organisation["id"] if organisation else None, owner=organisation["principal"] if organisation else 0,
        member=member, tier=chance.choice([None, *TIERS]) if member else None,
        categories=sorted(chance.sample(CATEGORIES, chance.randint(0, 2))), province_code=province, city_code=city,
        province_text=province_text, city_text=city_text, industry_code=industry, founded=day(world, -chance.choice([900, 900, 4000])),
        capital=capital, capital_currency="CNY" if capital else None, company_type="有限责任公司", address=f"{city_text}科技路{number}号",
        scope=f"{goods}研发与销售，执照第{number}号", summary=f"{goods}摘要{number}", joined_on=day(world, -30) if member else None,
        version=1, updated_at=at(world, -5), demo=False,
    )  # fmt: skip
    for concept, column in (("EntityName", "name"), ("BusinessScope", "scope"), ("RegisteredAddress", "address")):
        add_fact(world, row, concept, "register", None, text_value=row[column])
    return row


def _crowd(world: World, chance: Random) -> None:
    for number in range(100, 100 + CROWD):
        _enterprise(world, chance, number, None)
        row = world["enterprise"][-1]
        row.update(member=True, tier=row["tier"] or "hatch")


def _exclusions(world: World, chance: Random) -> None:
    """Enterprises that hide from organisations; in a crowd many of the register do, from one fund, so that pages shift."""
    for enterprise in world["enterprise"]:
        for username in CAST:
            organisation = world.organisation(username)
            own = organisation["principal"] == enterprise["owner"]
            odds = 0.25 if enterprise["owner"] else (0.1 if username == "fund" else 0)
            if own or chance.random() >= odds:
                continue
            world.add("exclusion", enterprise_id=enterprise["id"], owner=enterprise["owner"], organisation_id=organisation["id"],
                      principal=organisation["principal"], made_at=at(world, -3), ended_at=chance.choice([None, None, at(world, -1)]))  # fmt: skip


def _sections(world: World, chance: Random) -> None:
    for enterprise in owned(world):
        for key in chance.sample(SECTIONS, chance.randint(0, 2)):
            number = len(world["profile_section"]) + 1
            row = world.add("profile_section", ref=ref_of("section", number), enterprise_id=enterprise["id"], owner=enterprise["owner"],
                            key=key, body=f"栏目正文{number}", version=1, updated_at=at(world, -4))  # fmt: skip
            add_fact(world, enterprise, "Employees", "section", row["id"], value=300 + number)
            add_grants(world, chance, "section", row)


def _disclosures(world: World, chance: Random, crowded: bool) -> None:
    for enterprise in owned(world):
        for _ in range(chance.randint(0, 3)):
            _disclosure(world, chance, enterprise, chance.choice(["draft", "published", "published", "published", "withdrawn"]))
    if crowded:
        for _ in range(CROWD):
            row = _disclosure(world, chance, owned(world)[0], "published", documents=0, most=0)
            number = len(world["access_grant"]) + 1
            world.add(
                "access_grant", ref=ref_of("grant", number), object_kind="disclosure", object_id=row["id"],
                enterprise_id=row["enterprise_id"], owner=row["owner"], principal=QUALIFIED, basis="will", purpose="了解进展",
                readable_at=at(world, -1), starts=at(world, -1), ends=at(world, 30), revoked_at=None, made_by=None, made_at=at(world, -1),
            )  # fmt: skip


def _disclosure(world: World, chance: Random, enterprise: Row, state: str, documents: int = 2, most: int = 3) -> Row:
    number = len(world["disclosure"]) + 1
    row = world.add(
        "disclosure", ref=ref_of("disclosure", number), enterprise_id=enterprise["id"], owner=enterprise["owner"],
        kind=chance.choice(["notice", "periodic", "financing", "material", "news"]), title=f"{chance.choice(['季度', '扩产'])}披露{number}",
        body=f"披露正文{number} 轴承", state=state, version=chance.choice([1, 2]), published_at=None if state == "draft" else at(world, -6),
        withdrawn_at=at(world, -1) if state == "withdrawn" else None, withdraw_reason="有误" if state == "withdrawn" else "",
        made_by=None, created_at=at(world, -7), updated_at=at(world, -chance.choice([1, 2])),
    )  # fmt: skip
    for position in range(chance.randint(0, documents)):
        count = len(world["disclosure_document"]) + 1
        world.add(
            "disclosure_document", ref=ref_of("document", count), disclosure_id=row["id"], enterprise_id=row["enterprise_id"],
            owner=row["owner"], name=f"附件{count}.pdf", size=1000 + count, sha256="", media_type="application/pdf", pages=1,
            storage_key="", position=position, uploaded_at=at(world, -6),
        )  # fmt: skip
    add_grants(world, chance, "disclosure", row, most)
    return row
