"""`portal evidence`: exit status and words for people and programs."""

import argparse
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from portal.cli import evidence
from portal.config import Settings
from portal.core.connect import Urls
from portal.core.context import Context
from portal.core.db import Database
from portal.evidence.notes import verifier
from tests.evidence.test_sealing import act


@pytest.fixture
def context(log: Database, settings: Settings, template_log: Urls) -> Context:
    return Context(settings=settings, urls=template_log, database=log)


def portal(context: Context, *words: str) -> int:
    parser = argparse.ArgumentParser()
    evidence.add(parser.add_subparsers(dest="command"))
    return evidence.run(parser.parse_args(["evidence", *words]), context)


def test_seal_verify_and_keep_a_checkpoint(
    context: Context, log: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    assert portal(context, "checkpoint") == 1
    assert capsys.readouterr().err == "还没有封存点。\n"
    act(log, 3)
    assert portal(context, "seal") == 0
    assert capsys.readouterr().out == "封存了 3 条，日志现有 3 条。\n"
    assert portal(context, "seal", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"added": 0, "size": 3}
    assert portal(context, "checkpoint") == 0
    kept = tmp_path / "checkpoint"
    kept.write_text(capsys.readouterr().out, encoding="utf-8")
    act(log, 2)
    assert portal(context, "verify", "--checkpoint", str(kept)) == 0
    assert capsys.readouterr().out == (
        "已核对：3 条叶，5 份原文，1 个封存点；依法删除的原文 0 份，等待封存 2 条。\n日志完整，没有发现改动。\n"
    )
    assert portal(context, "key") == 0
    assert capsys.readouterr().out == verifier(settings).text + "\n"


def test_a_break_is_told_to_people_and_programs(
    context: Context, log: Database, admin: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    act(log, 3)
    portal(context, "seal")
    with admin.begin() as connection:
        ref = connection.scalar(text("select record from leaf where seq = 1"))
        connection.execute(text("delete from record where ref = :ref"), {"ref": ref})
    capsys.readouterr()
    assert portal(context, "verify") == 1
    assert capsys.readouterr().out.splitlines()[1] == f"第一处不符：第 2 条的记录 {ref} 已被删去。"
    assert portal(context, "verify", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["broken"]["code"], said["broken"]["record"], said["broken"]["seq"]) == (False, "record-removed", ref, 1)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 20_000])
def test_a_file_that_cannot_be_read_gets_a_sentence(
    content: bytes | None, context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "checkpoint"
    if content is not None:
        file.write_bytes(content)
    assert portal(context, "verify", "--checkpoint", str(file)) == 2
    assert capsys.readouterr().err.startswith(f"读不了检查点文件 {file}：")
