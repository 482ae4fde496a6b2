"""Who may read what, decided naively from rule 1 by loops over a world's description; nothing of the portal's policies is used.

`Reader` is whom an answer is made for, `Reference` decides row by row, `erased` is the world with everything else deleted.
What may be shown although it depends on rows the reader cannot see is kept here, and only for the names in `RELEASED`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from portal.access.principals import BOARD_BY_OFFICE, INSTITUTION_KINDS, INVESTOR_KINDS, KIND_PRINCIPALS, OrgKind
from portal.core.clock import local
from tests.surfaces.world import NOBODY, Row, World

EVERYONE, BOARD, QUALIFIED, OPERATOR, AUTHORITY = 1, 2, 3, 4, 5
GHOST = 999_999  # stands for a participant of whom only the seat counts


@dataclass(frozen=True)
class Reader:
    """A person in one browser: `principals` are what ties name, `organisation` whom they act for (None: nobody)."""

    username: str
    person: Row | None
    organisation: Row | None
    principals: frozenset[int]

    @property
    def of_enterprise(self) -> bool:
        return self.organisation is not None and self.organisation["kind"] == "enterprise"


def reader(world: World, username: str) -> Reader:
    """That person as the world stands: an ended membership leaves the person alone, a past qualification the organisation alone."""
    if username == NOBODY:
        return Reader(username, None, None, frozenset({EVERYONE}))
    person = world.person(username)
    session = world.one("sign_in_session", person_id=person["id"])
    membership = world.one("membership", id=session["membership_id"])
    own = {EVERYONE, person["principal"]}
    if membership["ended_at"] is not None:
        return Reader(username, person, None, frozenset(own))
    organisation = world.one("organisation", id=membership["organisation_id"])
    kind = OrgKind(organisation["kind"])
    own.add(organisation["principal"])
    qualified = kind in INSTITUTION_KINDS and _holds(organisation, local(world.now).date())
    if qualified or kind in BOARD_BY_OFFICE:
        own.add(BOARD)
    if qualified or kind not in INSTITUTION_KINDS:
        own.add(KIND_PRINCIPALS[kind])
    if qualified and kind in INVESTOR_KINDS:
        own.add(QUALIFIED)
    own |= {number for office, number in ((OrgKind.OPERATOR, OPERATOR), (OrgKind.AUTHORITY, AUTHORITY)) if kind is office}
    for ring in world["ring_member"]:
        if ring["organisation_id"] == organisation["id"] and ring["starts"] <= world.now < ring["ends"]:
            own.add(ring["principal"])
    return Reader(username, person, organisation, frozenset(own))


def _holds(organisation: Row, today: date) -> bool:
    since, until = organisation["qualified_from"], organisation["qualified_until"]
    return since is not None and date.fromisoformat(since) <= today <= date.fromisoformat(until)


def live(grant: Row, now: datetime) -> bool:
    """Neither revoked nor before or past its period."""
    return grant["revoked_at"] is None and grant["starts"] <= now < grant["ends"]


class Reference:
    """The decisions for one reader over one world."""

    def __init__(self, world: World, who: Reader) -> None:
        self.world, self.who, self.mine = world, who, who.principals

    def own(self, row: Row) -> bool:
        return row["owner"] != 0 and row["owner"] in self.mine

    def hides(self, enterprise_id: int) -> bool:
        """Whether that enterprise hides from the reader's organisation."""
        return any(
            row["enterprise_id"] == enterprise_id and row["principal"] in self.mine and row["ended_at"] is None
            for row in self.world["exclusion"]
        )

    def ties(self, grant: Row) -> bool:
        """Whether this grant lets the reader read its object now."""
        reached = grant["principal"] in self.mine and live(grant, self.world.now)
        return reached and (grant["basis"] == "rule" or not self.hides(grant["enterprise_id"]))

    def given(self, kind: str, number: int) -> bool:
        return any(g["object_kind"] == kind and g["object_id"] == number and self.ties(g) for g in self.world["access_grant"])

    # ── one decision per table; a table without one is nobody's business here ──

    def enterprise(self, row: Row) -> bool:
        return self.own(row) or (BOARD in self.mine and not self.hides(row["id"]))

    def fact(self, row: Row) -> bool:
        """With what carries it."""
        if self.own(row):
            return True
        if row["carrier"] == "register":
            return self.enterprise(self.world.one("enterprise", id=row["enterprise_id"]))
        table = {"section": "profile_section", "report": "report", "disclosure": "disclosure"}[row["carrier"]]
        return getattr(self, table)(self.world.one(table, id=row["carrier_id"]))

    def profile_section(self, row: Row) -> bool:
        return self.own(row) or self.given("section", row["id"])

    def disclosure(self, row: Row) -> bool:
        return self.own(row) or (row["state"] == "published" and self.given("disclosure", row["id"]))

    def disclosure_document(self, row: Row) -> bool:
        return self.disclosure(self.world.one("disclosure", id=row["disclosure_id"]))

    def access_grant(self, row: Row) -> bool:
        """Whoever gave it; and its addressee while it ties."""
        return self.own(row) or self.ties(row)

    def exclusion(self, row: Row) -> bool:
        return self.own(row)

    def credit_product(self, row: Row) -> bool:
        if self.own(row):
            return True
        if row["state"] != "open":
            return False
        if OPERATOR in self.mine:
            return True
        today = local(self.world.now).date().isoformat()
        lasts = row["valid_until"] is None or row["valid_until"] >= today
        return lasts and any(self.own(e) and _meant(row, e) for e in self.world["enterprise"])

    def application(self, row: Row) -> bool:
        ties = row["lender"] in self.mine and row["state"] != "withdrawn" and not self.hides(row["enterprise_id"])
        return self.own(row) or ties

    def application_event(self, row: Row) -> bool:
        return self.application(self.world.one("application", id=row["application_id"]))

    def opening(self, row: Row) -> bool:
        """Uses of one's own information, and one's own acts while acting for the same organisation."""
        used = row["owner"] is not None and row["owner"] in self.mine
        return used or (row["actor"] in self.mine and (row["organisation"] is None or row["organisation"] in self.mine))

    def record(self, row: Row) -> bool:
        return any(o["record"] == row["ref"] and self.opening(o) for o in self.world["opening"])

    def checkpoint(self, row: Row) -> bool:
        return True

    def search_dirty(self, row: Row) -> bool:
        return self.enterprise(self.world.one("enterprise", id=row["enterprise_id"]))

    def roadshow(self, row: Row) -> bool:
        readers = {r["principal"] for r in self.world["roadshow_reader"] if r["roadshow_id"] == row["id"]}
        return OPERATOR in self.mine or (row["state"] != "draft" and bool(readers & self.mine))

    def roadshow_reader(self, row: Row) -> bool:
        return OPERATOR in self.mine or row["principal"] in self.mine

    def roadshow_enterprise(self, row: Row) -> bool:
        shown = self.roadshow(self.world.one("roadshow", id=row["roadshow_id"]))
        return shown and self.enterprise(self.world.one("enterprise", id=row["enterprise_id"]))

    def roadshow_link(self, row: Row) -> bool:
        return OPERATOR in self.mine or any(
            r["roadshow_id"] == row["roadshow_id"] and r["state"] == "registered" and r["principal"] in self.mine
            for r in self.world["registration"]
        )

    def registration(self, row: Row) -> bool:
        return OPERATOR in self.mine or row["principal"] in self.mine

    def report(self, row: Row) -> bool:
        return self.own(row) or (row["state"] in ("filed", "superseded") and self.given("report", row["id"]))

    def filing(self, row: Row) -> bool:
        return self.own(row) or OPERATOR in self.mine or AUTHORITY in self.mine


def _meant(product: Row, enterprise: Row) -> bool:
    """Whether a product is meant for this enterprise: on the board, within its tiers and regions; empty means all."""
    tier = not product["tiers"] or enterprise["tier"] in product["tiers"]
    region = not product["regions"] or enterprise["province_code"] in product["regions"]
    return enterprise["member"] and tier and region


DECIDED = frozenset(name for name in vars(Reference) if not name.startswith("_")) - {"own", "hides", "ties", "given"}
"""Tables on which the reference decides row by row; the others are the directory and one's own account."""


def erased(world: World, username: str) -> World:
    """The world after everything that this person may not read has been deleted."""
    decide = Reference(world, reader(world, username))
    rows = {table: [row for row in world[table] if getattr(decide, table)(row)] for table in sorted(DECIDED)}
    left = World(world.now, rows)
    kept = {row["id"] for row in left["enterprise"]}
    left.stale = {number: name for number, name in world.stale.items() if number in kept}
    _directory(world, left, decide.who)
    _seats(world, left)
    return left


def _directory(world: World, left: World, who: Reader) -> None:
    """Organisations and people that what is left names; one's own account; all institutions for who chooses addressees.

    An enterprise may know exactly who would read (released: disclosure.reach), so it is left the institutions' people.
    """
    named = {row[column] for table in left.rows for row in left[table] for column in ("owner", "lender", "principal") if column in row}
    numbers = {row[column] for table in left.rows for row in left[table] for column in ("organisation_id", "organiser_id") if column in row}
    people = {row["person_id"] for row in (*left["application_event"], *left["registration"])}
    for table in ("principal", "sign_in_session", "membership", "ring_member", "organisation", "person"):
        left.rows[table] = []
    me = who.person["id"] if who.person else 0
    left.rows["sign_in_session"] = [row for row in world["sign_in_session"] if row["person_id"] == me]
    numbers |= {row["organisation_id"] for row in world["membership"] if row["person_id"] == me}
    for row in world["organisation"]:
        addressee = who.of_enterprise and row["kind"] != "enterprise"
        if row["id"] in numbers or row["principal"] in named or addressee or OPERATOR in who.principals:
            left["organisation"].append(row)
    institutions = {row["id"] for row in left["organisation"] if row["kind"] != "enterprise"} if who.of_enterprise else set()
    for row in world["membership"]:
        if row["organisation_id"] in institutions or row["person_id"] == me:
            left["membership"].append(row)
            people.add(row["person_id"])
    own = {who.organisation["id"]} if who.organisation else set()
    left.rows["ring_member"] = [row for row in world["ring_member"] if row["organisation_id"] in institutions | own]
    left.rows["person"] = [row for row in world["person"] if row["id"] in people or row["principal"] in named]
    left.rows["principal"] = world["principal"]


def _seats(world: World, left: World) -> None:
    """Released: roadshow.seats. Whether a roadshow is full needs the seats, not who holds them."""
    shown = {row["id"] for row in left["roadshow"]}
    known = {row["id"] for row in left["registration"]}
    for row in world["registration"]:
        if row["id"] not in known and row["roadshow_id"] in shown and row["state"] == "registered":
            ghost = {"person_id": GHOST + row["id"], "organisation_id": GHOST, "principal": GHOST}
            left["registration"].append({**row, **ghost})


RELEASED = frozenset({"roadshow.seats", "evidence.size", "disclosure.reach"})
"""The released values that `erased` leaves to the reader: `_seats`, `Reference.checkpoint` and `_directory`."""
