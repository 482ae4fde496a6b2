"""The folder of the in-process index: several processes, one writer, and files that are old, broken or half written."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from search.errors import EngineBusy, EngineUnavailable, IndexDamaged, IndexMissing, IndexOutdated, IndexUnusable
from search.protocol import Query
from search.tantivy_engine import TantivyEngine
from tests.search.board import BOARD, PUBLIC, company

ROOT = Path(__file__).resolve().parents[2]
EVERY = Query(readers=PUBLIC)
WRITER = """
import sys, time
from search.tantivy_engine import TantivyEngine
from tests.search.board import BOARD, company
engine = TantivyEngine(sys.argv[1], wait=20)
{body}
"""


@pytest.fixture
def engine(tmp_path: Path) -> TantivyEngine:
    engine = TantivyEngine(tmp_path / "index", wait=0.3)
    engine.rebuild(BOARD)
    return engine


def other_process(engine: TantivyEngine, body: str) -> subprocess.Popen[str]:
    code = WRITER.format(body=body)
    return subprocess.Popen([sys.executable, "-c", code, str(engine.store.folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def generation(engine: TantivyEngine) -> Path:
    return engine.store.folder / json.loads((engine.store.folder / "current.json").read_text())["generation"]


def test_another_process_is_seen_at_the_next_search(engine: TantivyEngine) -> None:
    before = engine.search(EVERY).total
    assert other_process(engine, 'engine.upsert([company("x1", "新公司")])').wait(20) == 0
    assert engine.search(EVERY).total == before + 1
    assert other_process(engine, 'engine.rebuild([company("x2", "另一公司")])').wait(20) == 0
    assert engine.search(EVERY).ids == ("x2",)
    engine.upsert([company("x3", "第三公司")])
    assert engine.health().documents == 2


def test_two_processes_write_and_nothing_is_lost(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path / "index", wait=20.0)
    engine.rebuild([])
    body = 'for n in range(12): engine.upsert([company(f"{sys.argv[2]}{n}", "甲公司")])'
    code = WRITER.format(body=body)
    writers = [subprocess.Popen([sys.executable, "-c", code, str(engine.store.folder), name], cwd=ROOT) for name in "ab"]
    for n in range(12):
        engine.upsert([company(f"c{n}", "甲公司")])
    assert [w.wait(40) for w in writers] == [0, 0]
    assert engine.health().documents == 36


def test_only_one_writes_and_the_other_says_so(engine: TantivyEngine) -> None:
    lock = os.open(engine.store.folder / "writer.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        for change in (lambda: engine.upsert(BOARD), lambda: engine.rebuild(BOARD), lambda: engine.delete(["e01"])):
            with pytest.raises(EngineBusy) as caught:
                change()
            assert str(caught.value) == "索引正在更新，稍后重试"
        assert engine.search(EVERY).total == 7
    finally:
        os.close(lock)
    assert engine.upsert(BOARD) == len(BOARD)


def test_a_writer_killed_in_the_middle_leaves_the_index_whole(engine: TantivyEngine) -> None:
    body = """
def endless():
    yield company("x0", "半途公司")
    print("writing", flush=True)
    time.sleep(60)
engine.rebuild(endless())"""
    process = other_process(engine, body)
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert engine.search(EVERY).total == 7
    assert engine.upsert([company("x1", "新公司")]) == 1
    engine.rebuild(BOARD)
    assert [p.name for p in engine.store.folder.glob("g-*")] == [generation(engine).name]


def test_searches_go_on_through_rebuilds(engine: TantivyEngine) -> None:
    wrong: list[object] = []
    stop = threading.Event()

    def search() -> None:
        reader = TantivyEngine(engine.store.folder)
        while not stop.is_set():
            try:
                if (total := reader.search(EVERY).total) != 7:
                    wrong.append(total)
            except Exception as error:
                wrong.append(error)
    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        engine.rebuild(BOARD)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(("spoil", "error"), [
    (lambda e: (e.store.folder / "current.json").unlink(), IndexMissing),
    (lambda e: (e.store.folder / "current.json").write_text("{"), IndexDamaged),
    (lambda e: (e.store.folder / "current.json").write_text('["a"]'), IndexDamaged),
    (lambda e: (e.store.folder / "current.json").write_text('{"generation": "g-gone", "fingerprint": "x"}'), IndexOutdated),
    (lambda e: (generation(e) / "meta.json").write_text("not json"), IndexDamaged),
    (lambda e: (generation(e) / "meta.json").unlink(), IndexDamaged),
    (lambda e: [p.write_bytes(b"\0" * 64) for p in generation(e).glob("*.fast")], IndexDamaged),
    (lambda e: [p.unlink() for p in generation(e).glob("*.term")], IndexDamaged),
    (lambda e: [p.write_bytes(p.read_bytes()[:20]) for p in generation(e).glob("*.idx")], IndexDamaged),
], ids=["no pointer", "torn pointer", "odd pointer", "other version", "torn meta", "no meta", "zeroed columns", "no terms", "short postings"])
def test_an_unusable_index_says_so_and_can_be_rebuilt(engine: TantivyEngine, spoil: Callable[[TantivyEngine], object],
                                                      error: type[IndexUnusable]) -> None:
    spoil(engine)
    fresh = TantivyEngine(engine.store.folder)
    for call in (lambda: fresh.search(Query(readers=PUBLIC, text="轴承", facets=["tier"], sort="name")), lambda: fresh.upsert(BOARD)):
        with pytest.raises(IndexUnusable) as caught:
            call()
        assert type(caught.value) is error
    assert fresh.health().problem == "rebuild"
    assert fresh.rebuild(BOARD) == len(BOARD)
    assert fresh.search(EVERY).total == 7
    assert engine.search(EVERY).total == 7


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    engine = TantivyEngine(tmp_path / "file" / "index")
    with pytest.raises(EngineUnavailable):
        engine.rebuild(BOARD)
    assert engine.health().problem == "unavailable"


@pytest.mark.parametrize(("text", "sort", "descending"), [
    ("", "name", False), ("", "name", True), ("科技", "relevance", False), ("", "capital", True), ("公司", "founded", False),
])
def test_a_deep_page_is_where_the_shallow_ones_lead(engine: TantivyEngine, text: str, sort: str, descending: bool) -> None:
    names = [f"{'天北金华中瑞'[n % 6]}{'山川海峰Ax'[n // 6 % 6]}{n % 97}科技公司" for n in range(700)]
    engine.rebuild(company(f"d{n}", name, capital=n % 50 or None) for n, name in enumerate(names[:400]))
    engine.upsert(company(f"d{n}", name, founded=20000101 + n % 20) for n, name in enumerate(names[390:], start=390))
    asked = Query(readers=PUBLIC, text=text, sort=sort, descending=descending)
    whole = engine.search(replace(asked, limit=1000))
    assert len(set(whole.ids)) == whole.total == 700
    for offset in (190, 201, 375, 690, 700, 900):
        page = engine.search(replace(asked, offset=offset, limit=25))
        assert (page.ids, page.total) == (whole.ids[offset:offset + 25], 700)


def test_what_was_asked_before_is_answered_anew_after_a_change(engine: TantivyEngine) -> None:
    asked = replace(EVERY, facets=("province",))
    before = engine.search(asked)
    engine.upsert([company("x1", "新公司", province="650000")])
    after = engine.search(asked)
    assert after.total == before.total + 1
    assert after.facets["province"]["650000"] == before.facets["province"].get("650000", 0) + 1
    engine.upsert([company("x1", "新公司", province="650000", readers=("org:9",))])
    assert engine.search(asked) == before
    assert engine.search(replace(asked, readers=(*PUBLIC, "org:9"))).total == after.total
    assert engine.search(replace(asked, exclude_ids=before.ids[:1])).total == before.total - 1
