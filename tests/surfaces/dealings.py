"""The rest of a world: credit between two parties, roadshows, reports, and what the log says of it all."""

import hashlib
from random import Random
from typing import Any

from portal.access.principals import BOARD, FIRST_FREE, KIND_PRINCIPALS, QUALIFIED, OrgKind
from portal.roadshows.words import AUDIENCES
from tests.surfaces.world import CAST, EXTRAS, Row, World, add_fact, add_grants, at, day, owned, ref_of

MANY = 48  # with the few others the list of records stands at the edge between one page and two


def credit(world: World, chance: Random) -> None:
    """Products in every state, for some tiers and regions, and applications for them."""
    for username in ("bank", "bank2"):
        bank = world.organisation(username)
        for _ in range(chance.randint(0, 3)):
            number = len(world["credit_product"]) + 1
            until = chance.choice([None, None, -1, 0, 30])
            world.add(
                "credit_product", ref=ref_of("product", number), organisation_id=bank["id"], owner=bank["principal"], name=f"产品{number}",
                amount_min=10_000_000, amount_max=chance.choice([300_000_000, 900_000_000]), rate_min=chance.choice([320, 350, 350]),
                rate_max=450, term_min=6, term_max=36, collateral=[chance.choice(["patent", "equipment", "credit"])],
                conditions=f"条件{number}", tiers=chance.choice([[], [], ["hatch"], ["standard", "cultivation"]]),
                regions=chance.choice([[], [], ["650000"]]), promise_days=chance.choice([None, 5]),
                valid_until=None if until is None else day(world, until), state=chance.choice(["open", "open", "open", "draft", "closed"]),
                version=1, made_by=world.person(username)["id"], updated_at=at(world, -chance.choice([1, 2])),
            )  # fmt: skip
    for enterprise in owned(world):
        for product in chance.sample(world["credit_product"], min(len(world["credit_product"]), chance.randint(0, 2))):
            _application(world, chance, enterprise, product)


def _application(world: World, chance: Random, enterprise: Row, product: Row) -> None:
    number = len(world["application"]) + 1
    state = chance.choice(["submitted", "submitted", "withdrawn", "accepted", "declined"])
    decided = state in ("accepted", "declined")
    kept = ("ref", "name", "version", "amount_min", "amount_max", "rate_min", "rate_max", "term_min", "term_max", "collateral",
            "conditions", "tiers", "regions", "promise_days", "valid_until")  # fmt: skip
    applicant = next(p["id"] for p in world["person"] if world.organisation(p["username"])["principal"] == enterprise["owner"])
    row = world.add(
        "application", ref=ref_of("application", number), product_id=product["id"], terms={k: product[k] for k in kept},
        applicant={k: enterprise[k] for k in ("name", "uscc", "tier", "province_code")}, organisation_id=product["organisation_id"],
        lender=product["owner"], enterprise_id=enterprise["id"], owner=enterprise["owner"], amount=50_000_000 + number, term=12,
        purpose=f"贷款用途{number}", note=f"说明{number}", state=state, reason_code="figures" if state == "declined" else None,
        reason="", version=1, submitted_at=at(world, -chance.choice([2, 3])), submitted_by=applicant,
        decided_at=at(world, -1) if decided else None, decided_by=product["made_by"] if decided else None,
    )  # fmt: skip
    for position, stood in enumerate(("submitted", state) if state != "submitted" else ("submitted",)):
        by_lender = position and decided
        world.add("application_event", application_id=row["id"], state=stood, at=at(world, -2 + position),
                  person_id=product["made_by"] if by_lender else applicant,
                  organisation_id=product["organisation_id"] if by_lender else enterprise["organisation_id"])  # fmt: skip


def roadshows(world: World, chance: Random) -> None:
    """Events of the operator for audiences of every sort, with enterprises that present and people who hold seats."""
    operator = world.organisation("operator")
    classes = [BOARD, QUALIFIED, KIND_PRINCIPALS[OrgKind.BANK], FIRST_FREE + 900, *(world.organisation(u)["principal"] for u in CAST)]
    for number in range(1, chance.randint(0, 3) + 1):
        begins = chance.choice([3, 3, 7, -4])
        state = chance.choice(["open", "open", "closed", "draft", "cancelled"])
        show = world.add(
            "roadshow", ref=ref_of("roadshow", number), title=f"路演{number}", place=f"会场{number}", description=f"议程{number}",
            starts=at(world, begins), ends=at(world, begins + 0.1), registration_until=at(world, begins - 1),
            capacity=chance.choice([1, 2, 40]), state=state, organiser_id=operator["id"], sequence=0, version=1,
            made_by=world.person("operator")["id"], updated_at=at(world, -9),
        )  # fmt: skip
        presenting = chance.sample(owned(world), chance.randint(0, 2))
        # The operator addresses classes; whoever else is shown it comes from presenting.
        readers = {principal: principal not in AUDIENCES for principal in chance.sample(classes, chance.randint(0, 3))}
        for position, enterprise in enumerate(presenting):
            readers.setdefault(enterprise["owner"], True)
            world.add("roadshow_enterprise", roadshow_id=show["id"], enterprise_id=enterprise["id"], owner=enterprise["owner"], position=position)
        for principal, presents in readers.items():
            world.add("roadshow_reader", roadshow_id=show["id"], principal=principal, presenting=presents)
        if chance.random() < 0.5:
            world.add("roadshow_link", roadshow_id=show["id"], address=f"https://meeting.example/{ref_of('link', number)}")
        _seats(world, chance, show)


def _seats(world: World, chance: Random, show: Row) -> None:
    guests = [u for u in (*CAST, "colleague") if u not in ("operator", "bureau")]
    for username in chance.sample(guests, chance.randint(0, 3)):
        number = len(world["registration"]) + 1
        organisation = world.organisation(EXTRAS.get(username, (username,))[0])
        cancelled = chance.random() < 0.3
        world.add(
            "registration", ref=ref_of("registration", number), roadshow_id=show["id"], organisation_id=organisation["id"],
            person_id=world.person(username)["id"], principal=organisation["principal"],
            state="cancelled" if cancelled else "registered", created_at=at(world, -2), cancelled_at=at(world, -1) if cancelled else None,
        )  # fmt: skip


def reports(world: World, chance: Random) -> None:
    """Annual reports, begun and filed, with a few figures, and what is known of the filings."""
    for enterprise in owned(world):
        for year in chance.sample((2023, 2024, 2025), chance.randint(0, 2)):
            number = len(world["report"]) + 1
            filed = chance.random() < 0.6
            person = next(p["id"] for p in world["person"] if world.organisation(p["username"])["principal"] == enterprise["owner"])
            kept = {"key": "", "sha256": "", "size": 0, "name": enterprise["name"], "facts": 3}
            files = {form: dict(kept) for form in ("xbri", "xhtml", "xml", "json")}
            row = world.add(
                "report", ref=ref_of("report", number), enterprise_id=enterprise["id"], owner=enterprise["owner"], kind="annual", year=year,
                corrects=None, state="filed" if filed else "draft", version=1, check_state="done" if filed else "none",
                checked_version=1 if filed else None, checked_at=at(world, -3) if filed else None, problems=[],
                files=files if filed else None, filed_at=at(world, -2) if filed else None, made_by=person, made_at=at(world, -9),
                updated_at=at(world, -2),
            )  # fmt: skip
            span = {"period_start": f"{year}-01-01", "period_end": f"{year}-12-31", "scope": "consolidated", "unit": "CNY"}
            add_fact(world, enterprise, "OperatingRevenue", "report", row["id"], value=9_000_000 + number, **span)
            add_fact(world, enterprise, "NetProfit", "report", row["id"], value=700_000 + number, **span)
            if filed:
                add_grants(world, chance, "report", row)
                _filing(world, chance, enterprise, row, person)


def _filing(world: World, chance: Random, enterprise: Row, report: Row, person: int) -> None:
    number = len(world["filing"]) + 1
    world.add(
        "filing", ref=ref_of("filing", number), report_id=report["id"], enterprise_id=enterprise["id"], owner=enterprise["owner"],
        name=enterprise["name"], uscc=enterprise["uscc"], kind="annual", year=report["year"], filed_at=at(world, -chance.choice([2, 2, 40])),
        filed_by=person, sha256="0" * 63 + str(number % 10), size=4000 + number, facts=3, validator="Arelle", state="filed",
    )  # fmt: skip


def evidence(world: World, chance: Random, crowded: bool) -> None:
    """Records of acts of anybody on anything, also of what the reader could once read and of what was refused."""
    for _ in range(chance.randint(4, 12)):
        _record(world, chance, chance.choice(world["person"]))
    if crowded:
        for _ in range(MANY):
            _record(world, chance, world.person(chance.choice(["fund", "bank"])), owner=owned(world)[0]["owner"])
    world.add("checkpoint", size=41, root="\\x" + "ab" * 32, at=at(world, -0.5), note="演练检查点\n41\n")


def _record(world: World, chance: Random, person: Row, owner: int | None = None) -> None:
    number = len(world["opening"]) + 1
    organisation = world.organisation(EXTRAS.get(person["username"], (person["username"],))[0])
    enterprise = chance.choice(owned(world))
    owner = owner or chance.choice([None, enterprise["owner"], enterprise["owner"]])
    kind, about, result = _act(world, chance, number)
    ref = ref_of("record", number)
    moment = at(world, -1 - number / 1000)
    who = {"name": person["name"], "organisation": organisation["name"], "organisation_principal": organisation["principal"],
           "principal": person["principal"]}  # fmt: skip
    plaintext = {"about": about, "actor": who, "at": moment.isoformat(), "kind": kind, "owner": owner, "ref": ref, "result": result}
    world.add("record", ref=ref, at=moment, kind=kind, commitment="\\x" + hashlib.sha256(ref.encode()).hexdigest())
    world.add(
        "opening", record=ref, at=moment, kind=kind, result=result, owner=owner, actor=person["principal"],
        organisation=chance.choice([organisation["principal"]] * 5 + [None]), salt="\\x" + "cd" * 32, plaintext=plaintext,
    )  # fmt: skip


def _act(world: World, chance: Random, number: int) -> tuple[str, dict[str, Any], str]:
    refs = [row["ref"] for row in world["disclosure"]] or [ref_of("nothing")]
    some = chance.sample(refs, min(len(refs), chance.randint(1, 4)))
    sections = [row["ref"] for row in world["profile_section"]] or [ref_of("nothing")]
    return chance.choice([
        ("read", {"what": "disclosure.list", "items": [[ref, 1] for ref in some]}, "allowed"),
        ("read", {"what": "disclosure", "items": [[some[0], 1]]}, "allowed"),
        ("read", {"what": "section", "items": [[chance.choice(sections), 1]]}, "allowed"),
        ("grant.made", {"grant": ref_of("grant", 1), "kind": "disclosure", "object": some[0], "principal": "org:3", "basis": "will",
                        "purpose": f"记录用途{number}", "starts": "2026-01-01", "ends": None}, "allowed"),
        ("disclosure.withdrawn", {"disclosure": some[0], "version": 1, "title": f"标题{number}", "reason": "有误", "ended": 1}, "allowed"),
        ("denied", {"address": f"/disclosures/{some[0]}", "status": "404"}, "denied"),
    ])  # fmt: skip
