"""The two engines give the same answer, and no document can move another."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import tantivy

from search.protocol import Document, Engine, Query
from tests.search.board import PUBLIC, company

PARTS = "上海 苏州 明泽 精密 轴承 齿轮 电子 科技 热能 设备 装饰 材料 银行 重庆 五荣 ABC 3M 能源 设计 信息".split()
KINDS = ("有限公司", "股份有限公司", "厂")


def board(seed: int, n: int) -> list[Document]:
    draw = random.Random(seed)
    return [
        company(
            f"d{number:03d}", "".join(draw.sample(PARTS, draw.randint(1, 4))) + draw.choice(KINDS),
            "、".join(draw.sample(PARTS, draw.randint(0, 6))), readers=draw.sample(["public", "org:1", "org:2"], draw.randint(1, 2)),
            province=draw.choice(["上海", "江苏", "浙江", ""]), tier=draw.choice(["培育层", "规范层"]), industry=draw.sample(["C", "I", "34", "65"], 2),
            founded=draw.choice([None, 20010101, 20100101, 20200101]), capital=draw.choice([None, 1, 2, 3]),
            uscc=f"9131{draw.randrange(10**14):014d}",
        ) for number in range(n)
    ]


def questions(seed: int, n: int) -> list[Query]:
    draw = random.Random(seed)
    texts = ["", "精密轴承", "热能设备", '"热能设备"', "热", "科技 -电子", "-电子", "mzjm", "mingze", "szmz", "abc", "3m", "9131", "上海五荣有限公司", "zhong",
             "明泽科技有限公司", "精密 zc", "設備", "xian", "cl"]
    out = []
    for _ in range(n):
        text = draw.choice(texts) if draw.random() < 0.6 else " ".join(draw.sample(PARTS, draw.randint(1, 2)))
        filters = {"province": draw.sample(["上海", "江苏", "浙江"], 2)} if draw.random() < 0.4 else {}
        filters |= {"industry": ["C"]} if draw.random() < 0.2 else {}
        out.append(Query(
            readers=draw.sample(["public", "org:1", "org:2", "org:3"], draw.randint(1, 3)), text=text, filters=filters,
            facets=["province", "tier", "industry"] if draw.random() < 0.5 else [], sort=draw.choice(["relevance"] * 3 + ["name", "founded", "capital"]),
            descending=draw.random() < 0.5, offset=draw.choice([0, 0, 3, 10]), limit=draw.choice([1, 5, 25, 100]),
            ranges={"founded": (20050101, None)} if draw.random() < 0.2 else {}, exclude_ids=["d003", "d004"] if draw.random() < 0.3 else [],
        ))
    return out


def test_same_ids_in_the_same_order_and_the_same_counts(make_engine: Callable[[str], Engine]) -> None:
    one, other = make_engine("tantivy"), make_engine("meilisearch")
    documents = board(5, 120)
    for engine in (one, other):
        engine.rebuild(documents)
    for query in questions(6, 250):
        assert one.search(query) == other.search(query), query
    for prefix in ("明", "明泽", "mz", "mingze", "苏州明", "ABC", "szm", "9131"):
        assert one.suggest(prefix, PUBLIC) == other.suggest(prefix, PUBLIC), prefix


def test_the_world_without_the_hidden_documents_answers_the_same(make_engine: Callable[[str], Engine]) -> None:
    documents = board(7, 150)
    for kind in ("tantivy", "meilisearch"):
        full, erased = make_engine(kind), make_engine(kind)
        full.rebuild(documents)
        erased.rebuild([d for d in documents if "public" in d.readers])
        for query in questions(8, 60):
            mine = Query(**{f: getattr(query, f) for f in Query.__slots__} | {"readers": PUBLIC})
            assert full.search(mine) == erased.search(mine), (kind, mine)


def scored_order(folder: Path, documents: list[Document]) -> list[str]:
    """The order a usual scored index (BM25) gives the public documents for 精密轴承, with the same permission filter."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("readers", tokenizer_name="raw")
    builder.add_text_field("text", tokenizer_name="whitespace")
    schema = builder.build()
    folder.mkdir()
    index = tantivy.Index(schema, path=str(folder))
    writer = index.writer(15_000_000, 1)
    for d in documents:
        out = tantivy.Document()
        out.add_text("id", d.id)
        out.add_text("text", d.scope)
        for reader in d.readers:
            out.add_text("readers", reader)
        writer.add_document(out)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher, term = index.searcher(), tantivy.Query.term_query
    wanted = [(tantivy.Occur.Should, term(schema, "text", w)) for w in ("精密", "轴承")]
    who = (tantivy.Occur.Must, tantivy.Query.const_score_query(term(schema, "readers", "public"), 0.0))
    found = searcher.search(tantivy.Query.boolean_query([(tantivy.Occur.Must, tantivy.Query.boolean_query(wanted)), who]), 10)
    return [searcher.doc(address)["id"][0] for _, address in found.hits]


def test_scores_from_statistics_would_fail_this_test(tmp_path: Path, make_engine: Callable[[str], Engine]) -> None:
    """The planted fault: hidden documents make 精密 common, so a scored index swaps two public hits; ours keep their order."""
    public = [company("a", "甲公司", "精密 精密 精密 泵"), company("b", "乙公司", "轴承 阀 泵 管"), company("c", "丙公司", "轴承 泵")]
    hidden = [company(f"h{n}", "密公司", "精密 精密", readers=["org:9"]) for n in range(30)]
    without, among = scored_order(tmp_path / "without", public), scored_order(tmp_path / "among", public + hidden)
    assert sorted(without) == sorted(among)
    assert without != among
    for kind in ("tantivy", "meilisearch"):
        engine = make_engine(kind)
        ask = [Query(readers=PUBLIC, text=t) for t in ("精密", "轴承", "泵")]
        engine.rebuild(public)
        before = [engine.search(q) for q in ask]
        engine.upsert(hidden)
        assert [engine.search(q) for q in ask] == before


def test_one_document_per_question_is_hidden_from_each_reader(make_engine: Callable[[str], Engine]) -> None:
    documents = board(9, 60)
    engine = make_engine("tantivy")
    engine.rebuild(documents)
    for reader in ("public", "org:1", "org:2"):
        may = {d.id for d in documents if reader in d.readers}
        assert may and len(may) < len(documents)
        assert set(engine.search(Query(readers=[reader], limit=100)).ids) == may


@pytest.mark.parametrize("kind", ["tantivy", "meilisearch"])
def test_the_same_documents_in_another_order_of_writing(make_engine: Callable[[str], Engine], kind: str) -> None:
    documents = board(11, 80)
    shuffled = documents[:]
    random.Random(1).shuffle(shuffled)
    one, other = make_engine(kind), make_engine(kind)
    one.rebuild(documents)
    other.rebuild(shuffled[:40])
    other.upsert(shuffled[40:60])
    other.upsert(shuffled[60:])
    for query in questions(12, 80):
        assert one.search(query) == other.search(query)
