"""One import from the file to its summary."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from portal.core.clock import today
from portal.enterprises.intake.columns import find_columns
from portal.enterprises.intake.load import BATCH, merge, prepare
from portal.enterprises.intake.rows import Refusal, RowReader, Staged
from portal.enterprises.intake.source import Opened

SHOWN = 100


@dataclass
class Summary:
    """Counts of one import: rows of the file, what became of them, values left out of accepted rows."""

    rows: int = 0
    accepted: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    values_refused: int = 0
    seconds: float = 0.0
    first_refusals: list[Refusal] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def import_rows(
    db: Session,
    opened: Opened,
    *,
    source: str,
    source_date: date | None = None,
    mapping: dict[str, tuple[str, str]] | None = None,
    refused: Callable[[list[Refusal]], None] = lambda refusals: None,
    progress: Callable[[int, Summary], None] = lambda read, summary: None,
) -> Summary:
    """Load every acceptable row of `opened` in `db`'s transaction (of portal_system); the caller commits.

    `refused` gets what was not taken, `progress` how far the file has been read. Raises BadFile, before or while reading.
    """
    started = time.monotonic()
    reader = RowReader(find_columns(opened.header, mapping), len(opened.header), today())
    summary = Summary()
    prepare(db)
    with closing(_ahead(_batches(reader.read(opened.rows)))) as batches:
        for results in batches:
            staged = [result for result in results if isinstance(result, Staged)]
            refusals = [result for result in results if isinstance(result, Refusal)]
            _count(summary, staged, refusals)
            refused(refusals)
            if staged:
                merged = merge(db, staged, source, source_date or today())
                summary.added += merged.added
                summary.updated += merged.updated
                summary.unchanged += merged.unchanged
            summary.seconds = time.monotonic() - started
            progress(opened.read(), summary)
    return summary


def _ahead(batches: Iterator[list[Staged | Refusal]]) -> Iterator[list[Staged | Refusal]]:
    """The same batches, each read and parsed while the one before it is in the database's hands."""
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = worker.submit(next, batches, None)
            yield batch


def _batches(results: Iterable[Staged | Refusal]) -> Iterator[list[Staged | Refusal]]:
    source = iter(results)
    while batch := list(itertools.islice(source, BATCH)):
        yield batch


def _count(summary: Summary, staged: list[Staged], refusals: list[Refusal]) -> None:
    rejected = sum(refusal.whole for refusal in refusals)
    summary.rows += len(staged) + rejected
    summary.accepted += len(staged)
    summary.rejected += rejected
    summary.values_refused += len(refusals) - rejected
    summary.first_refusals += refusals[: max(0, SHOWN - len(summary.first_refusals))]
