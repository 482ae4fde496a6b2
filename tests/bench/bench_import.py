"""`import`: the real register from its file into the database and the index, against COPY of the same rows and a raw index add.

`import.rows` is the whole way (read, check, parse, merge, facts, index), `import.load` the way without the index,
`import.unchanged` a second run that has nothing to write. The floor copies the staged rows, parsed beforehand, into a bare
table, and adds documents made beforehand to a bare tantivy index.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import tantivy

from portal.config import ROOT
from portal.core.clock import today
from portal.core.connect import Urls, libpq
from portal.core.db import Database
from portal.enterprises.intake.columns import find_columns
from portal.enterprises.intake.load import STAGING
from portal.enterprises.intake.rows import RowReader, Staged
from portal.enterprises.intake.run import Summary, import_rows
from portal.enterprises.intake.source import open_source
from portal.screening.services import documents, rebuild
from search.tantivy_engine import TantivyEngine
from search.tantivy_query import to_tantivy
from search.tantivy_store import build_schema, prepare
from tests.bench.figures import VAR, bench_database, figure, p50

REGISTER = ROOT.parent / "shared" / "data" / "registry" / "tech_manufacturing_sample_by_province.csv.gz"
FOLDER = VAR / "import"
RUNS = 3


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def load(database: Database) -> Summary:
    with open_source(REGISTER) as opened, database.system_session() as db:
        return import_rows(db, opened, source="登记机关")


def empty(urls: Urls) -> None:
    with psycopg.connect(libpq(urls.admin or ""), autocommit=True) as admin:
        admin.execute("truncate portal.enterprise, portal.fact restart identity cascade")
        admin.execute("vacuum")
        admin.execute("checkpoint")


def parsed() -> list[Staged]:
    with open_source(REGISTER) as opened:
        reader = RowReader(find_columns(opened.header), len(opened.header), today())
        return [row for row in reader.read(opened.rows) if isinstance(row, Staged)]


def copy(urls: Urls, rows: list[Staged]) -> None:
    """The floor's first half: the rows into one table without key, policy or check, committed."""
    with psycopg.connect(libpq(urls.admin or "")) as connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists import_floor")
        cursor.execute(STAGING.replace("temporary table if not exists register_row", "table import_floor").replace(" on commit drop", ""))
        with cursor.copy("copy import_floor from stdin") as target:
            for row in rows:
                target.write_row(row)


def add(made: list[tantivy.Document]) -> None:
    """The floor's second half: ready documents into a bare index, committed."""
    folder = FOLDER / "floor"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    writer = prepare(tantivy.Index(build_schema(), path=str(folder), reuse=False)).writer(256_000_000, 1)
    for ready in made:
        writer.add_document(ready)
    writer.commit()
    writer.wait_merging_threads()


def measure(urls: Urls, database: Database, folder: Path) -> None:
    engine = TantivyEngine(folder / "index")
    rows = parsed()
    loads, indexes, agains, copies, adds = [], [], [], [], []
    for _ in range(RUNS):
        empty(urls)
        loads.append(timed(lambda: load(database)))
        indexes.append(timed(lambda: rebuild(database, engine)))
        agains.append(timed(lambda: load(database)))
        copies.append(timed(lambda: copy(urls, rows)))
        with database.system_session() as db:
            ready = [to_tantivy(one) for one in documents(db)]
        adds.append(timed(lambda: add(ready)))
    n = len(rows)
    whole, floor = p50([a + b for a, b in zip(loads, indexes, strict=True)]), p50([a + b for a, b in zip(copies, adds, strict=True)])
    figure("import.rows", n / whole, "rows/s", n / floor, n, ratio=whole / floor)
    figure("import.load", n / p50(loads), "rows/s", n / p50(copies), n, ratio=p50(loads) / p50(copies))
    figure("import.unchanged", n / p50(agains), "rows/s", n / p50(copies), n, ratio=p50(agains) / p50(copies))


def main() -> int:
    if not REGISTER.exists():
        print(f"import: there is no {REGISTER.name} in shared/data/registry", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with bench_database("portal_bench_import") as (urls, _fresh):
        database = urls.database()
        try:
            measure(urls, database, FOLDER)
        finally:
            database.dispose()
            shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
