"""Recomputes the whole log from its records and names the first thing that does not fit.

It trusts nothing that is stored: every leaf hash comes from the record, every commitment from the opening, every node and
root from the leaves, every signature from the installation's seal key. A log that was cut off and signed anew holds together
by itself; only a checkpoint kept outside shows it, which is why `verify` takes one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.core.db import Database
from portal.evidence.commitment import commitment, entry, instant
from portal.evidence.kinds import ERASED
from portal.evidence.merkle import Frontier, leaf_hash
from portal.evidence.notes import BadNote, Stated, Verifier, verifier

CHUNK = 5_000

_OPENED = """r.ref, r.at, r.kind, r.commitment, o.salt, o.plaintext, o.at opened_at, o.kind opened_kind, o.result, o.owner,
 o.actor, o.organisation, e.trace, t.kind trace_kind, w.plaintext #>> '{about,record}' trace_of"""
_JOINED = """left join portal.record r on r.ref = x.record left join portal.opening o on o.record = x.record
 left join portal.erasure e on e.record = x.record left join portal.record t on t.ref = e.trace
 left join portal.opening w on w.record = e.trace"""
_LEAVES = text(
    f"select x.seq, x.record, x.hash, {_OPENED} from portal.leaf x {_JOINED} where x.seq >= :start order by x.seq limit :n"
)
_WAITING = text(f"select x.id, x.record, {_OPENED} from portal.unsealed x {_JOINED} where x.id > :after order by x.id limit :n")
_NODES = text(
    "select n.level, n.place, n.hash from generate_series(1, 62) l(level) join portal.node n on n.level = l.level"
    " and n.place >= cast(:start as bigint) >> l.level and n.place < cast(:stop as bigint) >> l.level"
)
_CHECKPOINTS = text("select size, root, note from portal.checkpoint where size > :start and size <= :stop")
_BEYOND = text("select min(size) from portal.checkpoint where size > :size")
_COUNTS = text(
    "select (select count(*) from portal.leaf) leaves, (select count(*) from portal.node) nodes,"
    " (select coalesce(max(size), 0) from portal.checkpoint) sealed"
)
_UNQUEUED = text(
    "select r.ref from portal.record r where not exists (select from portal.leaf l where l.record = r.ref)"
    " and not exists (select from portal.unsealed u where u.record = r.ref) order by r.at, r.ref limit 1"
)
_ORPHAN = text(
    "select o.record from portal.opening o where not exists (select from portal.record r where r.ref = o.record)"
    " order by o.id limit 1"
)


@dataclass(frozen=True)
class Break:
    """The first thing that does not fit: `code` for programs, `text` for people, record and place (from 0) where there are any."""

    code: str
    text: str
    record: str | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Report:
    """What was recomputed, and the first break, None when everything fits."""

    leaves: int
    waiting: int
    checkpoints: int
    opened: int
    erased: int
    broken: Break | None


class _Broken(Exception):
    def __init__(self, code: str, sentence: str, record: str | None = None, seq: int | None = None) -> None:
        super().__init__(sentence)
        self.found = Break(code, sentence, record, seq)


Progress = Callable[[int, int], None]


def verify(database: Database, settings: Settings, *, outside: str | None = None, progress: Progress | None = None) -> Report:
    """Verify the log as it stands at one moment, and against `outside`, a checkpoint's signed note kept elsewhere.

    `progress(done, all)` hears of leaves. The walk ends at the first break, in the order of the log. Raises MissingSetting.
    """
    with database.system_session() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        walk = _Walk(db, verifier(settings), progress or (lambda done, total: None))
        broken = None
        try:
            walk.run(outside)
        except _Broken as error:
            broken = error.found
        return Report(walk.frontier.size, walk.waiting, walk.checkpoints, walk.opened, walk.erased, broken)


class _Walk:
    """One pass over the log; counts what was found to fit."""

    def __init__(self, db: Session, checker: Verifier, progress: Progress) -> None:
        self.db, self.checker, self.progress = db, checker, progress
        self.frontier = Frontier()
        self.waiting = self.checkpoints = self.opened = self.erased = 0
        self.outside: Stated | None = None

    def run(self, outside: str | None) -> None:
        counts = self.db.execute(_COUNTS).one()
        if outside is not None:
            self.outside = self._read(outside, "outside-forged", "外部保存的检查点不能用")
            if self.outside.size == 0:
                self._compare_outside()
        for rows in self._chunks():
            self._chunk(rows)
            self.progress(self.frontier.size, counts.leaves)
        self._end(counts)
        self._queue()

    def _chunks(self) -> Iterator[list[Row[Any]]]:
        while rows := list(self.db.execute(_LEAVES, {"start": self.frontier.size, "n": CHUNK})):
            yield rows

    def _chunk(self, rows: list[Row[Any]]) -> None:
        bounds = {"start": self.frontier.size, "stop": self.frontier.size + len(rows)}
        nodes = {(row.level, row.place): bytes(row.hash) for row in self.db.execute(_NODES, bounds)}
        checkpoints = {row.size: row for row in self.db.execute(_CHECKPOINTS, bounds)}
        for row in rows:
            self._leaf(row, nodes)
            size = self.frontier.size
            if size in checkpoints:
                self._checkpoint(checkpoints[size])
            if self.outside is not None and self.outside.size == size:
                self._compare_outside()

    def _leaf(self, row: Row[Any], nodes: dict[tuple[int, int], bytes]) -> None:
        seq = self.frontier.size
        if row.seq != seq:
            raise _Broken("leaf-missing", f"第 {seq + 1} 条没有叶，下一条是第 {row.seq + 1} 条", seq=seq)
        if row.ref is None:
            raise _Broken("record-removed", f"第 {seq + 1} 条的记录 {row.record} 已被删去", row.record, seq)
        made = leaf_hash(entry(row.ref, row.at, row.kind, bytes(row.commitment)))
        if made != bytes(row.hash):
            raise _Broken("leaf-changed", f"记录 {row.ref}（第 {seq + 1} 条）与叶摘要不符：种类、时间、承诺或叶被改", row.ref, seq)
        self._opening(row, seq)

        def completed(level: int, place: int, digest: bytes) -> None:
            if nodes.get((level, place)) != digest:
                first, last = (place << level) + 1, (place + 1) << level
                what = "不在" if (level, place) not in nodes else "不符：叶换了次序，或节点被改"
                raise _Broken("node-changed", f"树节点 {level}/{place}（第 {first} 至 {last} 条）{what}", row.ref, seq)

        self.frontier.append(made, completed)

    def _opening(self, row: Row[Any], seq: int | None) -> None:
        if row.plaintext is None:
            if row.trace is None:
                raise _Broken("opening-removed", f"记录 {row.ref} 的原文不在，也没有删除的记录", row.ref, seq)
            if row.trace_kind != ERASED or row.trace_of not in (None, row.ref):
                raise _Broken("erasure-unproved", f"记录 {row.ref} 的原文不在，所指的删除记录 {row.trace} 说的不是它", row.ref, seq)
            self.erased += 1
            return
        if not _fits(row):
            raise _Broken("opening-changed", f"记录 {row.ref} 的原文与承诺不符", row.ref, seq)
        column = _differing(row)
        if column:
            raise _Broken("opening-column", f"记录 {row.ref} 的栏目 {column} 与原文不同", row.ref, seq)
        self.opened += 1

    def _checkpoint(self, row: Row[Any]) -> None:
        size, last = row.size, self.frontier.size - 1
        stated = self._read(row.note, "checkpoint-forged", f"{size} 条的封存点", last)
        if (stated.size, stated.root) != (size, bytes(row.root)):
            raise _Broken("checkpoint-changed", f"{size} 条的封存点：表中的条数或根与签名的内容不同", seq=last)
        if stated.root != self.frontier.root:
            raise _Broken("checkpoint-root", f"{size} 条的封存点：签名的根与日志算出的根不同", seq=last)
        self.checkpoints += 1

    def _read(self, note: str, code: str, what: str, seq: int | None = None) -> Stated:
        try:
            return self.checker.read(note)
        except BadNote as error:
            raise _Broken(code, f"{what}：{error}", seq=seq) from None

    def _compare_outside(self) -> None:
        assert self.outside is not None
        if self.outside.root != self.frontier.root:
            sentence = f"外部保存的检查点在 {self.outside.size} 条处的根与日志不同：此前的内容被改"
            raise _Broken("outside-root", sentence, seq=self.outside.size - 1)

    def _end(self, counts: Row[Any]) -> None:
        size = self.frontier.size
        beyond = self.db.scalar(_BEYOND, {"size": size})
        if beyond is not None:
            raise _Broken("truncated", f"封存点写着 {beyond} 条，日志只有 {size} 条：尾部 {beyond - size} 条被截去", seq=size)
        if self.outside is not None and self.outside.size > size:
            missing = self.outside.size - size
            sentence = f"外部保存的检查点写着 {self.outside.size} 条，日志只有 {size} 条：尾部 {missing} 条被截去"
            raise _Broken("outside-truncated", sentence, seq=size)
        if counts.sealed != size:
            raise _Broken("checkpoint-missing", f"第 {counts.sealed + 1} 条起没有封存点", seq=counts.sealed)
        if counts.nodes != size - size.bit_count():
            raise _Broken("node-extra", f"树节点多出 {counts.nodes - size + size.bit_count()} 个", seq=size)

    def _queue(self) -> None:
        after = 0
        while rows := list(self.db.execute(_WAITING, {"after": after, "n": CHUNK})):
            for row in rows:
                if row.ref is None:
                    raise _Broken("record-removed", f"等待封存的记录 {row.record} 已被删去", row.record)
                self._opening(row, None)
            after, self.waiting = rows[-1].id, self.waiting + len(rows)
        unqueued = self.db.scalar(_UNQUEUED)
        if unqueued:
            raise _Broken("record-unqueued", f"记录 {unqueued} 既没有封存，也不在等待", unqueued)
        orphan = self.db.scalar(_ORPHAN)
        if orphan:
            raise _Broken("record-removed", f"记录 {orphan} 已被删去，只剩原文", orphan)


def _fits(row: Row[Any]) -> bool:
    try:
        return commitment(bytes(row.salt), row.plaintext) == bytes(row.commitment)
    except (ValueError, AttributeError):  # a plaintext this log never writes: a floating point number, no object
        return False


def _differing(row: Row[Any]) -> str | None:
    """The first column of record or opening that says something else than the plaintext."""
    said, who = row.plaintext, row.plaintext["actor"]
    pairs = (
        ("ref", row.ref, said["ref"]), ("at", instant(row.at), said["at"]), ("kind", row.kind, said["kind"]),
        ("opening.at", instant(row.opened_at), said["at"]), ("opening.kind", row.opened_kind, said["kind"]),
        ("opening.result", row.result, said["result"]), ("opening.owner", row.owner, said["owner"]),
        ("opening.actor", row.actor, who["principal"]), ("opening.organisation", row.organisation, who["organisation_principal"]),
    )  # fmt: skip
    return next((name for name, stands, stated in pairs if stands != stated), None)
