"""Verification names the first break: each kind of damage is planted by the administrator, whom nothing stops."""

import base64
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text

from portal.config import Settings
from portal.core.db import Database
from portal.evidence.merkle import Frontier
from portal.evidence.notes import sign
from portal.evidence.sealing import seal
from portal.evidence.services import erase
from portal.evidence.verify import Break, Report, verify
from tests.evidence.test_sealing import act, rows

SEALED, WAITING = 11, 2


@pytest.fixture
def sealed(log: Database, settings: Settings) -> Database:
    """A log of eleven sealed records under three checkpoints, and two that wait."""
    act(log, SEALED)
    seal(log, settings, batch=4)
    act(log, WAITING)
    return log


def ref_at(admin: Engine, seq: int) -> str:
    return rows(admin, f"select record from leaf where seq = {seq}")[0][0]


@pytest.mark.clause("八")
def test_a_whole_log_fits(sealed: Database, settings: Settings) -> None:
    heard: list[tuple[int, int]] = []
    report = verify(sealed, settings, progress=lambda done, total: heard.append((done, total)))
    assert report == Report(leaves=11, waiting=2, checkpoints=3, opened=13, erased=0, broken=None)
    assert heard == [(11, 11)]


def test_an_empty_log_fits(log: Database, settings: Settings) -> None:
    assert verify(log, settings) == Report(0, 0, 0, 0, 0, None)
    assert verify(log, settings, outside=sign(settings, 0, Frontier().root)).broken is None


def test_an_erased_opening_fits_and_its_trace_is_a_record(sealed: Database, settings: Settings, admin: Engine) -> None:
    with sealed.system_session() as db:
        erase(db, ref_at(admin, 4), "依法删除个人信息")
    seal(sealed, settings)
    report = verify(sealed, settings)
    assert (report.leaves, report.opened, report.erased, report.broken) == (14, 13, 1, None)


Plant = Callable[[Connection], object]


def run(*statements: str) -> Plant:
    return lambda connection: [connection.execute(text(statement)) for statement in statements]


AT = "(select record from leaf where seq = {})".format
DAMAGE: dict[str, tuple[Plant, tuple[str, int | None]]] = {
    "opening changed": (
        run(f"""update opening set plaintext = jsonb_set(plaintext, '{{about,number}}', '99') where record = {AT(5)}"""),
        ("opening-changed", 5)),
    "salt changed": (
        run(f"update opening set salt = decode(repeat('00', 32), 'hex') where record = {AT(5)}"), ("opening-changed", 5)),
    "plaintext of another form": (
        run(f"update opening set plaintext = '[1.5]' where record = {AT(5)}"), ("opening-changed", 5)),
    "owner's column changed": (run(f"update opening set owner = 1 where record = {AT(2)}"), ("opening-column", 2)),
    "actor's column changed": (run(f"update opening set actor = null where record = {AT(2)}"), ("opening-column", 2)),
    "result's column changed": (run(f"update opening set result = 'denied' where record = {AT(2)}"), ("opening-column", 2)),
    "opening removed": (run(f"delete from opening where record = {AT(3)}"), ("opening-removed", 3)),
    "opening removed, with an erasure that says something else": (
        run(f"insert into erasure select {AT(3)}, {AT(1)}", f"delete from opening where record = {AT(3)}"),
        ("erasure-unproved", 3)),
    "record removed": (run(f"delete from record where ref = {AT(6)}"), ("record-removed", 6)),
    "record and opening removed": (
        run(f"delete from opening where record = {AT(6)}", f"delete from record where ref = {AT(6)}"), ("record-removed", 6)),
    "kind changed": (run(f"update record set kind = 'grant.made' where ref = {AT(0)}"), ("leaf-changed", 0)),
    "moment changed": (run(f"update record set at = at - interval '1 day' where ref = {AT(10)}"), ("leaf-changed", 10)),
    "commitment changed": (
        run(f"update record set commitment = decode(repeat('00', 32), 'hex') where ref = {AT(7)}"), ("leaf-changed", 7)),
    "leaf hash changed": (run("update leaf set hash = decode(repeat('00', 32), 'hex') where seq = 8"), ("leaf-changed", 8)),
    "leaf removed": (run("delete from leaf where seq = 4"), ("leaf-missing", 4)),
    "leaves exchanged": (
        run("create temp table t on commit drop as select * from leaf where seq in (2, 3)", "delete from leaf where seq in (2, 3)",
            "insert into leaf select 5 - seq, record, hash from t"),
        ("node-changed", 3)),
    "node changed": (
        run("update node set hash = decode(repeat('00', 32), 'hex') where level = 2 and place = 1"), ("node-changed", 7)),
    "node removed": (run("delete from node where level = 3"), ("node-changed", 7)),
    "node added": (run("insert into node values (1, 40, decode('00', 'hex'))"), ("node-extra", 11)),
    "cut off": (run("delete from leaf where seq >= 9"), ("truncated", 9)),
    "cut off with its checkpoint": (
        run("delete from leaf where seq >= 9", "delete from checkpoint where size > 8"), ("checkpoint-missing", 8)),
    "checkpoint removed": (run("delete from checkpoint where size = 11"), ("checkpoint-missing", 8)),
    "checkpoint's root changed": (
        run("update checkpoint set root = decode(repeat('00', 32), 'hex') where size = 8"), ("checkpoint-changed", 7)),
    "checkpoint's note forged": (
        run("update checkpoint set note = replace(note, E'\\n8\\n', E'\\n9\\n') where size = 8"), ("checkpoint-forged", 7)),
    "checkpoint without a signature": (
        run("update checkpoint set note = split_part(note, E'\\n\\n', 1) || E'\\n' where size = 4"), ("checkpoint-forged", 3)),
    "waiting record removed": (
        run("delete from opening where record = (select min(record) from unsealed)",
            "delete from record where ref = (select min(record) from unsealed)"),
        ("record-removed", None)),
    "waiting record and its turn removed": (
        run("delete from record where ref = (select min(record) from unsealed)",
            "delete from unsealed where record = (select min(record) from unsealed)"),
        ("record-removed", None)),
    "turn removed": (run("delete from unsealed where record = (select min(record) from unsealed)"), ("record-unqueued", None)),
    "waiting opening changed": (
        run("update opening set salt = '' where record = (select min(record) from unsealed)"), ("opening-changed", None)),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_each_damage_is_named(name: str, sealed: Database, settings: Settings, admin: Engine) -> None:
    plant, (code, seq) = DAMAGE[name]
    refs = {n: ref for n, ref in rows(admin, "select seq, record from leaf")}
    with admin.begin() as connection:
        plant(connection)
    broken = verify(sealed, settings).broken
    assert broken is not None
    assert (broken.code, broken.seq) == (code, seq)
    named = code in ("opening-changed", "opening-column", "opening-removed", "erasure-unproved", "record-removed", "leaf-changed")
    if named and seq is not None:
        assert broken.record == refs[seq]
        assert refs[seq] in broken.text
    if seq is None:
        assert broken.record is not None


def test_the_first_of_two_breaks_is_named(sealed: Database, settings: Settings, admin: Engine) -> None:
    later, earlier = DAMAGE["commitment changed"], DAMAGE["opening removed"]
    with admin.begin() as connection:
        later[0](connection)
        earlier[0](connection)
    broken = verify(sealed, settings).broken
    assert broken is not None
    assert (broken.code, broken.seq) == earlier[1]


def test_a_signature_of_another_key_is_no_checkpoint(sealed: Database, settings: Settings, admin: Engine) -> None:
    other = settings.model_copy(update={"portal_seal_key": "ab" * 32})
    [(root,)] = rows(admin, "select root from checkpoint where size = 8")
    with admin.begin() as connection:
        connection.execute(text("update checkpoint set note = :note where size = 8"), {"note": sign(other, 8, bytes(root))})
    assert verify(sealed, settings).broken == Break(
        "checkpoint-forged", "8 条的封存点：没有本日志当前密钥的签名", seq=7
    )


def test_cut_off_and_signed_anew_shows_only_against_a_checkpoint_kept_outside(
    sealed: Database, settings: Settings, admin: Engine
) -> None:
    [(kept,)] = rows(admin, "select note from checkpoint where size = 11")
    with admin.begin() as connection:
        run("delete from opening where record in (select record from leaf where seq >= 8)",
            "delete from record where ref in (select record from leaf where seq >= 8)",
            "delete from leaf where seq >= 8", "delete from checkpoint where size > 8",
            "delete from node where (place + 1) << level > 8")(connection)  # fmt: skip
    assert verify(sealed, settings).broken is None
    broken = verify(sealed, settings, outside=kept).broken
    assert broken is not None
    assert (broken.code, broken.seq) == ("outside-truncated", 8)
    seal(sealed, settings)
    act(sealed, 5)
    seal(sealed, settings)
    assert verify(sealed, settings).broken is None
    broken = verify(sealed, settings, outside=kept).broken
    assert broken is not None
    assert (broken.code, broken.seq) == ("outside-root", 10)


def test_a_checkpoint_kept_outside_fits_later_too(sealed: Database, settings: Settings, admin: Engine) -> None:
    [(kept,)] = rows(admin, "select note from checkpoint where size = 8")
    seal(sealed, settings)
    assert verify(sealed, settings, outside=kept).broken is None


@pytest.mark.parametrize("note", ["", "a", "x\n\ny\n", "zhuanban-portal.example/log\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n— x y\n"])
def test_a_file_that_is_no_checkpoint_gets_a_sentence(note: str, sealed: Database, settings: Settings) -> None:
    broken = verify(sealed, settings, outside=note).broken
    assert broken is not None
    assert broken.code == "outside-forged"
    assert broken.text.startswith("外部保存的检查点不能用：")
