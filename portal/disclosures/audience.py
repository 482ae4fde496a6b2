"""Addressees: whom an enterprise may name, and exactly who can read once they are named (necessity preview, （七）)."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Integer, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, array_agg
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import (
    BOARD_BY_OFFICE,
    INSTITUTION_KINDS,
    KIND_NAMES,
    KIND_PRINCIPALS,
    QUALIFIED,
    RESERVED,
    OrgKind,
)
from portal.accounts.models import Membership, Organisation, Person, RingMember
from portal.accounts.queries import of_kind
from portal.core.clock import today
from portal.core.errors import Invalid
from portal.core.ids import is_ref
from portal.grants.models import Exclusion

# Words for everybody of a kind; the authorities and the operator are named one by one.
BROAD = {"qualified": QUALIFIED, **{RESERVED[KIND_PRINCIPALS[kind]]: KIND_PRINCIPALS[kind] for kind in OrgKind if kind in INSTITUTION_KINDS}}
_ADDRESSEES = [kind.value for kind in (*INSTITUTION_KINDS, *BOARD_BY_OFFICE)]


@dataclass(frozen=True)
class Party:
    """An organisation that is an addressee: `people` are the ids of those who can act for it today."""

    ref: str
    name: str
    kind: OrgKind
    principal: int
    principals: frozenset[int]
    people: frozenset[int]
    named: bool  # may be chosen by name: qualified today, or an addressee by office
    excluded: bool


@dataclass(frozen=True)
class Reach:
    """Exactly who can read: organisations by name, and people counted once however many they act for."""

    parties: tuple[Party, ...]

    @property
    def organisations(self) -> int:
        return len(self.parties)

    @property
    def people(self) -> int:
        return len(frozenset[int]().union(*(party.people for party in self.parties)))

    def less(self, other: "Reach") -> "Reach":
        """Those of this reach who are not in `other`."""
        kept = {party.principal for party in other.parties}
        return Reach(tuple(party for party in self.parties if party.principal not in kept))


@dataclass(frozen=True)
class Addressee:
    """One chosen audience: its word in forms, its principal, what people call it; `broad` for a whole class."""

    word: str
    principal: int
    name: str
    broad: bool


def parties(db: Session, actor: Actor) -> tuple[Party, ...]:
    """Every organisation that can be an addressee of the actor's enterprise, by name, with those hidden from it marked."""
    people = (
        select(func.coalesce(array_agg(Membership.person_id), cast(literal([], ARRAY(Integer)), ARRAY(Integer))))
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.organisation_id == Organisation.id, Membership.ended_at.is_(None), Person.active)
        .scalar_subquery()
    )
    rings = (
        select(array_agg(RingMember.principal))
        .where(RingMember.organisation_id == Organisation.id, RingMember.starts <= func.now(), RingMember.ends > func.now())
        .scalar_subquery()
    )
    hidden = select(Exclusion.principal).where(Exclusion.owner == actor.organisation_principal, Exclusion.ended_at.is_(None))
    excluded = frozenset(db.scalars(hidden))
    rows = db.execute(
        select(Organisation, people.label("people"), rings.label("rings"))
        .where(Organisation.kind.in_(_ADDRESSEES), Organisation.principal != actor.organisation_principal)
        .order_by(Organisation.name, Organisation.id)
    )
    return tuple(_party(organisation, found, ring, organisation.principal in excluded) for organisation, found, ring in rows)


def _party(organisation: Organisation, people: list[int] | None, rings: list[int] | None, excluded: bool) -> Party:
    kind = OrgKind(organisation.kind)
    classes = of_kind(kind, organisation.qualified_from, organisation.qualified_until, today())
    entitled = kind in BOARD_BY_OFFICE or _qualified(organisation)
    return Party(
        ref=organisation.ref, name=organisation.name, kind=kind, principal=organisation.principal,
        principals=classes | {organisation.principal} | frozenset(rings or ()), people=frozenset(people or ()),
        named=entitled, excluded=excluded,
    )  # fmt: skip


def _qualified(organisation: Organisation) -> bool:
    begins, ends = organisation.qualified_from, organisation.qualified_until
    return begins is not None and ends is not None and begins <= today() <= ends


def reach(all_parties: Iterable[Party], principals: Iterable[int]) -> Reach:
    """Who can read what is granted to `principals`: those an exclusion hides from cannot."""
    wanted = frozenset(principals)
    return Reach(tuple(party for party in all_parties if party.principals & wanted and not party.excluded))


def resolve(all_parties: Iterable[Party], words: Iterable[str]) -> list[Addressee]:
    """Addressees from a form's words (organisation refs, `qualified`, `kind:bank`), without repeats.

    Raises Invalid at `audience` for none, for an unknown word, and for an organisation that cannot be an addressee now.
    """
    named = {party.ref: party for party in all_parties}
    found: dict[int, Addressee] = {}
    for word in words:
        party = named.get(word) if is_ref(word) else None
        if word in BROAD:
            found[BROAD[word]] = Addressee(word, BROAD[word], broad_name(word), True)
        elif party is None or not party.named:
            raise Invalid(fields={"audience": "选中的机构里有一家现在不能作为披露对象。刷新页面重新选。"})
        elif party.excluded:
            raise Invalid(fields={"audience": f"已对{party.name}隐藏本企业。先解除隐藏，再把它列为对象。"})
        else:
            found[party.principal] = Addressee(word, party.principal, party.name, False)
    if not found:
        raise Invalid(fields={"audience": "选至少一个对象：没有对象就不用披露。"})
    return list(found.values())


def broad_name(word: str) -> str:
    """What a class of addressees is called."""
    return "全体合格投资者" if word == "qualified" else f"全体{KIND_NAMES[OrgKind(word.removeprefix('kind:'))]}"
