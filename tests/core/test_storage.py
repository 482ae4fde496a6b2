"""Stored files: encrypted, bound to their name, and never half believed."""

from pathlib import Path

import pytest

from portal.config import MissingSetting, Settings
from portal.core.storage import Store, StoreUnavailable


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Store:
    return Store(settings.model_copy(update={"portal_var": tmp_path}))


def files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "files").rglob("*") if p.is_file())


def test_what_was_put_is_got_back_and_nothing_lies_in_clear(store: Store, tmp_path: Path) -> None:
    name = store.put("变桨轴承试验报告".encode())
    assert store.get(name) == "变桨轴承试验报告".encode()
    assert "变桨轴承".encode() not in files(tmp_path)[0].read_bytes()


def test_equal_files_are_stored_differently(store: Store, tmp_path: Path) -> None:
    store.put(b"same")
    store.put(b"same")
    one, two = files(tmp_path)
    assert one.read_bytes() != two.read_bytes()


def test_an_altered_object_is_refused(store: Store, tmp_path: Path) -> None:
    name = store.put(b"content")
    file = files(tmp_path)[0]
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    with pytest.raises(StoreUnavailable, match="altered"):
        store.get(name)


def test_two_objects_cannot_be_swapped(store: Store, tmp_path: Path) -> None:
    name = store.put(b"mine")
    store.put(b"yours")
    mine = next(p for p in files(tmp_path) if name.endswith(p.name))
    other = next(p for p in files(tmp_path) if p != mine)
    mine.write_bytes(other.read_bytes())
    with pytest.raises(StoreUnavailable):
        store.get(name)


def test_another_master_key_reads_nothing(store: Store, settings: Settings, tmp_path: Path) -> None:
    name = store.put(b"content")
    other = Store(settings.model_copy(update={"portal_var": tmp_path, "portal_master_key": "ab" * 32}))
    with pytest.raises(StoreUnavailable):
        other.get(name)


def test_absent_truncated_and_deleted_objects(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        store.get("00/absent")
    name = store.put(b"content")
    files(tmp_path)[0].write_bytes(b"\x01short")
    with pytest.raises(StoreUnavailable, match="format"):
        store.get(name)
    store.delete(name)
    store.delete(name)
    assert store.check() == "ok"
    assert files(tmp_path) == []


def test_a_bad_master_key_is_named(settings: Settings) -> None:
    with pytest.raises(MissingSetting, match="PORTAL_MASTER_KEY"):
        Store(settings.model_copy(update={"portal_master_key": "not hexadecimal at all, though long enough"}))
