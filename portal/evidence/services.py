"""Writing evidence: in the transaction of the act itself, one statement, so that act and record commit together.

（八）信息及使用情况应进行区块链存证: publications and decisions, every read of non-public content, and every denial.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.core.clock import now
from portal.core.errors import NotFound
from portal.core.ids import new_ref
from portal.evidence.commitment import commitment, instant, new_salt
from portal.evidence.kinds import DENIED, ERASED, READ

ADDRESS_LENGTH = 500

_WRITE = text(
    "with given as (select * from jsonb_to_recordset(cast(:rows as jsonb))"
    " as g(ref text, owner integer, salt text, commitment text, plaintext jsonb)),"
    " made as (insert into portal.record (ref, at, kind, commitment)"
    " select ref, :at, :kind, decode(commitment, 'hex') from given)"
    " insert into portal.opening (record, at, kind, result, owner, actor, organisation, salt, plaintext)"
    " select ref, :at, :kind, :result, owner, :actor, :organisation, decode(salt, 'hex'), plaintext from given"
)
_ERASE = text("select portal.erase_opening(:target, :trace)")
_HAS_OPENING = text("select 1 from portal.opening where record = :target")


def record(db: Session, kind: str, *, actor: Actor, owner: int | None, about: Mapping[str, Any]) -> None:
    """Record an act: `kind` is a dotted word (`disclosure.published`), `owner` the principal whose information it concerns.

    `about` holds texts, whole numbers, truth values, lists and mappings of them: what happened to which ref and version, on
    what basis and for what purpose; never content. Raises ValueError for anything that is not exact (floating point).
    """
    _write(db, kind, actor, [(owner, about)])


def record_read(db: Session, actor: Actor, *, owner: int | None, what: str, items: Sequence[tuple[str, int]]) -> None:
    """Record one answer that showed non-public content: `items` are the (ref, version) shown, all of them `owner`'s.

    `what` says what was looked at: `disclosure`, `disclosure.list`. An answer that showed nothing is recorded too.
    """
    _write(db, READ, actor, [(owner, _read(what, items))])


def record_reads(db: Session, actor: Actor, *, what: str, items: Iterable[tuple[int | None, str, int]]) -> None:
    """Record one answer that showed several owners' content: (owner, ref, version) each.

    Every owner gets a record of its own, in one statement: an owner must not learn what of others stood on the same page.
    """
    by_owner: dict[int | None, list[tuple[str, int]]] = {}
    for owner, ref, version in items:
        by_owner.setdefault(owner, []).append((ref, version))
    _write(db, READ, actor, [(owner, _read(what, shown)) for owner, shown in by_owner.items()] or [(None, _read(what, ()))])


def record_denial(db: Session, actor: Actor, address: str, status: str) -> None:
    """Record that `address` was refused: the same one statement whether it exists, is hidden or never was.

    It has no owner: to find one the object would have to be looked up, and the two cases would differ.
    """
    _write(db, DENIED, actor, [(None, {"address": _printable(address), "status": status})], result="denied")


def erase(db: Session, target: str, reason: str) -> None:
    """Erase the opening of record `target`, by portal_system only; a record of its own says so, the log stays whole.

    Raises NotFound when there is no opening (any more).
    """
    if db.scalar(_HAS_OPENING, {"target": target}) is None:
        raise NotFound()
    [trace] = _write(db, ERASED, ANONYMOUS, [(None, {"record": target, "reason": reason})])
    db.execute(_ERASE, {"target": target, "trace": trace})


def _read(what: str, items: Iterable[tuple[str, int]]) -> dict[str, Any]:
    return {"what": what, "items": [[ref, version] for ref, version in items]}


def _printable(address: str) -> str:
    """What a client sent as an address, safe to keep: no NUL, no half characters, bounded."""
    kept = address[:ADDRESS_LENGTH].replace("\x00", "\\x00")
    return kept.encode("utf-8", "backslashreplace").decode()


def _write(
    db: Session, kind: str, actor: Actor, acts: Sequence[tuple[int | None, Mapping[str, Any]]], *, result: str = "allowed"
) -> list[str]:
    """Insert a record with its opening for each of `acts` (owner, about); returns their refs."""
    at = now()
    who = {
        "name": actor.person_name,
        "organisation": actor.organisation_name,
        "organisation_principal": actor.organisation_principal,
        "principal": actor.person_principal,
    }
    rows = []
    for owner, about in acts:
        ref, salt, owner = new_ref(), new_salt(), owner or None  # 0 is the owner of what nobody owns
        plaintext = {"about": about, "actor": who, "at": instant(at), "kind": kind, "owner": owner, "ref": ref, "result": result}
        digest = commitment(salt, plaintext)
        rows.append({"ref": ref, "owner": owner, "salt": salt.hex(), "commitment": digest.hex(), "plaintext": plaintext})
    db.execute(
        _WRITE,
        {
            "rows": json.dumps(rows),
            "at": at,
            "kind": kind,
            "result": result,
            "actor": actor.person_principal,
            "organisation": actor.organisation_principal,
        },
    )
    return [row["ref"] for row in rows]
