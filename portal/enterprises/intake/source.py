"""Opening a file that nobody vouches for: CSV, CSV in gzip, XLSX. Everything about the file as a whole is judged here,
before the database is touched; what is wrong with a row is the row's affair.

A CSV is read twice: once as bytes (size, encoding, NUL), once as rows; never whole into memory.
"""

import codecs
import csv
import gzip
import io
import itertools
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MEBIBYTE = 1024 * 1024
LIMIT = 200 * MEBIBYTE
XLSX_LIMIT = 64 * MEBIBYTE  # unpacked: the reader keeps its shared texts in memory, at several times their size
CHUNK = 256 * 1024
CELL_LIMIT = 131_072
DELIMITERS = (",", "\t", ";")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class BadFile(Exception):
    """The file as a whole cannot be taken; the text is a Chinese sentence with the fact and the next step."""


@dataclass(frozen=True)
class Row:
    """One record: the line it starts on (sheet row in XLSX), its cells as text, or why it could not be read."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True)
class Opened:
    """A file that may be read: its header, its rows, and how many of its bytes (0..size) have been read so far."""

    header: list[str]
    rows: Iterator[Row]
    size: int
    read: Callable[[], int]


@contextmanager
def open_source(path: Path, limit: int = LIMIT) -> Iterator[Opened]:
    """The rows of `path`; `limit` is in bytes, unpacked. Raises BadFile, here or while the rows are read."""
    with ExitStack() as stack:
        with _read_errors(path):
            size = _check_path(path, limit)
            with path.open("rb") as head:
                magic = head.read(4)
            if magic.startswith(b"PK") or path.suffix.lower() in (".xlsx", ".xlsm"):
                opened = stack.enter_context(_xlsx(path, min(limit, XLSX_LIMIT)))
            else:
                opened = stack.enter_context(_csv(path, size, limit, packed=magic.startswith(b"\x1f\x8b")))
        yield replace(opened, rows=_guarded(path, opened.rows))


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise BadFile(f"没有权限读 {path}。换一个能读的文件，或改它的权限。") from None
    except OSError as error:
        raise BadFile(f"读 {path} 时出错：{error.strerror or error}。") from None


def _guarded(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    while True:
        with _read_errors(path):
            row = next(rows, None)
        if row is None:
            return
        yield row


def _check_path(path: Path, limit: int) -> int:
    if path.is_dir():
        raise BadFile(f"{path} 是文件夹，要给一个 CSV、XLSX 或 .gz 文件。")
    if not path.exists():
        raise BadFile(f"没有文件 {path}。检查路径。")
    if not path.is_file():
        raise BadFile(f"{path} 不是普通文件。")
    size = path.stat().st_size
    if size == 0:
        raise BadFile(f"{path} 是空文件，没有表头也没有数据。")
    if size > limit:
        raise BadFile(f"{path} 有 {size / MEBIBYTE:,.0f} MB，超过上限 {limit / MEBIBYTE:,.0f} MB。分成几个文件，或用 --limit 提高上限。")
    return size


@contextmanager
def _csv(path: Path, size: int, limit: int, *, packed: bool) -> Iterator[Opened]:
    encoding = _encoding(path, limit, packed)
    with path.open("rb") as raw, _unpacked(raw, packed) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        first = text.readline(CELL_LIMIT)
        delimiter = max(DELIMITERS, key=first.count)
        csv.field_size_limit(CELL_LIMIT)
        reader = csv.reader(itertools.chain([first], text), delimiter=delimiter)
        try:
            header = [cell.strip() for cell in next(reader, [])]
        except csv.Error:
            header = []
        if not any(header):
            raise BadFile("第一行没有列名。第一行要写列名，例如 企业名称,统一社会信用代码。")
        yield Opened(header, _csv_rows(reader), size, raw.tell)


def _unpacked(raw: BinaryIO, packed: bool) -> BinaryIO:
    return gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[return-value]


def _csv_rows(reader: Any) -> Iterator[Row]:
    line = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row(line, [], f"引号没有配对，或单元格超过 {CELL_LIMIT:,} 个字符")
        else:
            if cells:
                yield Row(line, cells)
        line = reader.line_num + 1


def _encoding(path: Path, limit: int, packed: bool) -> str:
    """The encoding all of the file decodes with; the same pass finds NUL bytes, damaged packing and what unpacks too large."""
    candidates = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "gb18030")}
    total = 0
    for chunk in _chunks(path, packed):
        if total == 0 and chunk.startswith(_UTF16):
            raise BadFile("文件是 UTF-16 编码。另存为 UTF-8 的 CSV 再导入。")
        total += len(chunk)
        if total > limit:
            raise BadFile(f"解开后超过上限 {limit / MEBIBYTE:,.0f} MB，已停止。分成几个文件，或用 --limit 提高上限。")
        if b"\0" in chunk:
            raise BadFile("文件里有 NUL 字节，不是文本文件，可能拷贝时损坏。重新导出 CSV 再导入。")
        for name in tuple(candidates):
            try:
                candidates[name].decode(chunk)
            except UnicodeDecodeError:
                del candidates[name]
        if not candidates:
            break
    if total == 0:
        raise BadFile(f"{path} 解开后是空的，没有表头也没有数据。")
    for name, decoder in candidates.items():
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise BadFile("认不出文字编码：既不是 UTF-8，也不是 GB18030（GBK）。另存为 UTF-8 的 CSV 再导入。")


def _chunks(path: Path, packed: bool) -> Iterator[bytes]:
    with path.open("rb") as raw, _unpacked(raw, packed) as stream:
        try:
            while chunk := stream.read(CHUNK):
                yield chunk
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise BadFile(f"{path} 的压缩内容不完整或已损坏。重新下载或重新压缩。") from None


@contextmanager
def _xlsx(path: Path, limit: int) -> Iterator[Opened]:
    wrong = f"{path} 不是能打开的 XLSX 文件。在表格软件里另存为 XLSX 或 CSV 再导入。"
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > limit:
                raise BadFile(f"XLSX 解开后超过 {limit / MEBIBYTE:,.0f} MB，已停止。改用 CSV，或分成几个文件。")
            if "[Content_Types].xml" not in packed.namelist():
                raise BadFile(wrong)
        book = load_workbook(path, read_only=True, data_only=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError, zlib.error, EOFError):
        raise BadFile(wrong) from None
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise BadFile("XLSX 里没有工作表。")
        rows = _sheet_rows(sheet, wrong)
        header = next((row.cells for row in rows if any(row.cells)), None)
        if header is None:
            raise BadFile("XLSX 的第一张表是空的，没有表头也没有数据。")
        at = [0]
        yield Opened(header, _counted(rows, at), sheet.max_row or 0, lambda: at[0])
    finally:
        book.close()


def _counted(rows: Iterator[Row], at: list[int]) -> Iterator[Row]:
    for row in rows:
        at[0] = row.line
        yield row


def _sheet_rows(sheet: object, wrong: str) -> Iterator[Row]:
    try:
        for number, cells in enumerate(sheet.iter_rows(), start=1):  # type: ignore[attr-defined]
            formula = next((cell.coordinate for cell in cells if getattr(cell, "data_type", "") == "f"), "")
            texts = [_text(cell.value) for cell in cells]
            if formula:
                yield Row(number, texts, f"单元格 {formula} 是公式。把公式换成它的值")
            elif any(texts):
                yield Row(number, texts)
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, zlib.error, EOFError):
        raise BadFile(wrong) from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
