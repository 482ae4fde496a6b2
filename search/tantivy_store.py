"""The folder of the in-process index: generations, the pointer to the one in use, and the one writer at a time.

    FOLDER/current.json      {"generation": name, "fingerprint": version of field table and analysis}
    FOLDER/<generation>/     one tantivy index
    FOLDER/writer.lock       held (flock) by the process that changes anything

The pointer is replaced by rename, so a reader sees the old index or the new one and nothing between. A process notices
another's commit by the index's own meta file and another's rebuild by the pointer: two `stat` calls a search.
"""

import fcntl
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tantivy

from search.errors import EngineBusy, EngineUnavailable, IndexDamaged, IndexMissing, IndexOutdated
from search.settings import CHOICES, NUMBERS, ORDERS, fingerprint
from search.tantivy_query import SETS

POINTER = "current.json"
META = "meta.json"
Stamp = tuple[int, int, int]


def build_schema() -> tantivy.Schema:
    """The tantivy schema of the field table."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="spaces")
    builder.add_text_field("chars", tokenizer_name="spaces", index_option="basic")
    builder.add_text_field("grams", tokenizer_name="spaces", index_option="basic")
    builder.add_text_field("readers", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("stamp", tokenizer_name="raw", index_option="basic", fast=True)
    for name in CHOICES:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name not in SETS)
    for name in SETS.values():
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in NUMBERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in ORDERS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


def prepare(index: tantivy.Index) -> tantivy.Index:
    """Give an opened index its tokenizer and switch off the watching thread: `Store.current` reloads when needed."""
    index.register_tokenizer("spaces", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")
    return index


def _stamp(path: Path) -> Stamp:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


@dataclass(slots=True)
class _Open:
    pointer: Stamp
    meta: Stamp
    path: Path
    index: tantivy.Index


class Store:
    """One folder, as one process sees it; safe to share between threads."""

    def __init__(self, folder: Path, wait: float) -> None:
        self.folder = folder
        self.wait = wait
        self.schema = build_schema()
        self._open: _Open | None = None
        self._guard = threading.Lock()
        self._writing = threading.Lock()

    def current(self) -> tantivy.Index:
        """The index in use, as of the last commit of any process. Raises IndexUnusable."""
        return self.state()[0]

    def state(self) -> tuple[tantivy.Index, tuple[Stamp, Stamp]]:
        """The index in use and what tells its state from every other; the index may be newer, never older, than that."""
        with self._guard:
            # A rebuild may remove the generation between reading the pointer and opening it: read the pointer again.
            for attempt in range(3):
                try:
                    opened = self._fresh()
                    return opened.index, (opened.pointer, opened.meta)
                except FileNotFoundError as error:
                    self._open = None
                    if not (self.folder / POINTER).exists():
                        raise IndexMissing(str(self.folder)) from error
                    if attempt == 2:
                        raise IndexDamaged(str(error)) from error
                except OSError as error:
                    raise EngineUnavailable(str(error)) from error
            raise IndexDamaged(str(self.folder))

    def _fresh(self) -> _Open:
        pointer = _stamp(self.folder / POINTER)
        if self._open is None or self._open.pointer != pointer:
            self._open = self._load(pointer)
        meta = _stamp(self._open.path / META)
        if meta != self._open.meta:
            self._reload(self._open)
            self._open.meta = meta
        return self._open

    def _load(self, pointer: Stamp) -> _Open:
        try:
            content = json.loads((self.folder / POINTER).read_text())
            path, version = self.folder / content["generation"], content["fingerprint"]
        except (ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(f"{POINTER}: {error}") from error
        if version != fingerprint():
            raise IndexOutdated(f"{version} is not {fingerprint()}")
        meta = _stamp(path / META)
        try:
            compatible = tantivy.Index.is_compatible(str(path))
            index = prepare(tantivy.Index.open(str(path))) if compatible else None
        except (ValueError, OSError) as error:
            raise IndexDamaged(str(error)) from error
        if index is None:
            raise IndexOutdated("format of another tantivy")
        self._reload(loaded := _Open(pointer, meta, path, index))
        return loaded

    @staticmethod
    def _reload(opened: _Open) -> None:
        try:
            opened.index.reload()
        except (ValueError, OSError) as error:
            raise IndexDamaged(str(error)) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer of this folder, in this process and among all. Raises EngineBusy after the wait."""
        end = time.monotonic() + self.wait
        if not self._writing.acquire(timeout=self.wait):
            raise EngineBusy("another thread is writing")
        try:
            with self._lock_file() as lock:
                while not _try_lock(lock):
                    if time.monotonic() >= end:
                        raise EngineBusy("another process is writing")
                    time.sleep(0.02)
                yield
        finally:
            self._writing.release()

    @contextmanager
    def _lock_file(self) -> Iterator[int]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EngineUnavailable(str(error)) from error
        try:
            yield lock
        finally:
            os.close(lock)

    def new_generation(self) -> tuple[str, tantivy.Index]:
        """An empty index beside the one in use; `writing` must be held."""
        name = f"g-{secrets.token_hex(6)}"
        (self.folder / name).mkdir()
        return name, prepare(tantivy.Index(self.schema, path=str(self.folder / name), reuse=False))

    def switch(self, generation: str) -> None:
        """Put a finished generation in use for all processes and remove every other; `writing` must be held."""
        draft = self.folder / f"{POINTER}.new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({"generation": generation, "fingerprint": fingerprint()}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self.folder / POINTER)
        self.drop_all_but(generation)

    def drop_all_but(self, generation: str) -> None:
        """Remove generations not in use, such as those of an interrupted rebuild; open readers keep their files."""
        for path in self.folder.glob("g-*"):
            if path.name != generation:
                shutil.rmtree(path, ignore_errors=True)

    def drop(self, generation: str) -> None:
        """Remove one unfinished generation."""
        shutil.rmtree(self.folder / generation, ignore_errors=True)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
