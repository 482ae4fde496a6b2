"""The tree against RFC 6962's own recursive definition, written out naively here, and against published values."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    cover,
    fold,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The inputs of the reference implementation's tests of RFC 6962.
ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1: the Merkle Tree Hash."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1: the audit path."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: Sequence[bytes], whole: bool) -> list[bytes]:
    """RFC 6962, 2.1.2: the consistency proof."""
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def entries_of(n: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(n)]


def hashes(entries: Sequence[bytes], ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    return [mth(entries[start:end]) for start, end in ranges]


def test_known_answers() -> None:
    """Values fixed by SHA-256 and the RFC's prefixes: the empty tree, the empty leaf, and the eight reference entries."""
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert fold([]) == EMPTY_ROOT
    edge = Frontier()
    for entry in ENTRIES:
        edge.append(leaf_hash(entry))
    assert edge.root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("n", [*range(1, 34), 63, 64, 65, 127, 129])
def test_every_proof_of_small_trees(n: int) -> None:
    entries = entries_of(n)
    root = mth(entries)
    for m in range(n):
        proof = path(m, entries)
        assert hashes(entries, inclusion_ranges(m, n)) == proof
        assert verify_inclusion(leaf_hash(entries[m]), m, n, proof, root)
    for m in range(1, n + 1):
        proof = subproof(m, entries, True)
        assert hashes(entries, consistency_ranges(m, n)) == proof
        assert verify_consistency(m, n, proof, mth(entries[:m]), root)


@given(st.integers(0, 300))
def test_the_frontier_knows_every_root_and_names_every_subtree(n: int) -> None:
    entries, edge, completed = entries_of(n), Frontier(), {}
    for entry in entries:
        edge.append(leaf_hash(entry), lambda level, place, digest: completed.__setitem__((level, place), digest))
    assert (edge.size, edge.root) == (n, mth(entries))
    assert completed == {
        (level, place): mth(entries[place << level : (place + 1) << level])
        for level in range(1, n.bit_length())
        for place in range(n >> level)
    }
    again = Frontier(n, [mth(entries[place << level : (place + 1) << level]) for level, place in cover(0, n)])
    assert again.root == edge.root


@given(st.data())
def test_a_changed_proof_does_not_hold(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 200))
    m = data.draw(st.integers(0, n - 1))
    entries = entries_of(n)
    root, proof = mth(entries), path(m, entries)
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = [*proof[:at], bytes(32), *proof[at + 1 :]]
    leaf = leaf_hash(entries[m])
    assert not verify_inclusion(leaf, m, n, changed, root)
    assert not verify_inclusion(leaf, m, n, proof[:-1], root)
    assert not verify_inclusion(leaf, m, n, [*proof, bytes(32)], root)
    assert not verify_inclusion(bytes(32), m, n, proof, root)
    assert not verify_inclusion(leaf, n, n, proof, root)
    assert not verify_inclusion(leaf, -1, n, proof, root)


@given(st.data())
def test_a_rewritten_past_is_not_consistent(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 200))
    old = data.draw(st.integers(1, new - 1))
    entries = entries_of(new)
    at = data.draw(st.integers(0, old - 1))
    rewritten = [*entries[:at], b"other", *entries[at + 1 :]]
    proof = subproof(old, entries, True)
    assert verify_consistency(old, new, proof, mth(entries[:old]), mth(entries))
    assert not verify_consistency(old, new, proof, mth(rewritten[:old]), mth(entries))
    assert not verify_consistency(old, new, subproof(old, rewritten, True), mth(entries[:old]), mth(rewritten))
    assert not verify_consistency(old, new, proof[:-1], mth(entries[:old]), mth(entries))


def test_what_is_outside_the_tree_is_refused() -> None:
    for wrong in (lambda: inclusion_ranges(3, 3), lambda: inclusion_ranges(-1, 3), lambda: consistency_ranges(0, 3),
                  lambda: consistency_ranges(4, 3), lambda: Frontier(3, [bytes(32)])):  # fmt: skip
        with pytest.raises(ValueError):
            wrong()
    assert verify_consistency(3, 3, [], bytes(32), bytes(32))
    assert not verify_consistency(3, 3, [bytes(32)], bytes(32), bytes(32))
    assert not verify_consistency(0, 3, [bytes(32)], EMPTY_ROOT, bytes(32))
    assert node_hash(b"", b"") == hashlib.sha256(b"\x01").digest()


def test_proofs_stay_short() -> None:
    """A proof of a million leaves: at most 20 hashes, made of at most 40 stored nodes."""
    n = 1_000_003
    for m in (0, 1, 524_288, 999_999, n - 1):
        ranges = inclusion_ranges(m, n)
        assert len(ranges) <= 20
        assert sum(len(cover(start, end)) for start, end in ranges) <= 40
