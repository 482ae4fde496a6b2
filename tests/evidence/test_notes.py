"""Checkpoints in the form other log clients read."""

import base64
import hashlib

import pytest

from portal.config import MissingSetting, Settings
from portal.evidence.notes import BadNote, Verifier, sign, verifier

ROOT = hashlib.sha256(b"root").digest()


def test_the_key_id_is_that_of_the_specification() -> None:
    """The verifier key that the C2SP signed-note specification prints."""
    text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    name, _, encoded = text.split("+", 2)
    assert Verifier(name, base64.b64decode(encoded)[1:]).text == text


def test_the_note_has_the_form_of_a_checkpoint(settings: Settings) -> None:
    body, signature = sign(settings, 1204331, ROOT).split("\n\n")
    assert body.split("\n") == [settings.portal_log_origin, "1204331", base64.b64encode(ROOT).decode()]
    start, name, encoded = signature.split(" ")
    assert (start, name, encoded[-1]) == ("\u2014", settings.portal_log_origin, "\n")
    decoded = base64.b64decode(encoded)
    assert (len(decoded), decoded[:4]) == (68, verifier(settings).key_id)
    stated = verifier(settings).read(sign(settings, 1204331, ROOT))
    assert (stated.size, stated.root) == (1204331, ROOT)


def test_signatures_of_witnesses_may_stand_beside_ours(settings: Settings) -> None:
    note = sign(settings, 3, ROOT)
    witnessed = note + "\u2014 witness.example " + base64.b64encode(bytes(68)).decode() + "\n"
    assert verifier(settings).read(witnessed).size == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda note: note.replace("\n3\n", "\n4\n"), "签名与内容不符"),
        (lambda note: note.replace("\n\n", "\n"), "没有空行"),
        (lambda note: note.rstrip("\n"), "没有空行"),
        (lambda note: note[:-10] + "\n", "签名不是 base64"),
        (lambda note: note.split("\n\n")[0] + "\n\n\u2014 other AAAA\n", "没有本日志当前密钥的签名"),
        (lambda note: note + "x" * 20_000, "太长"),
    ],
)
def test_what_is_not_signed_by_this_log_is_refused(settings: Settings, change, sentence: str) -> None:
    with pytest.raises(BadNote, match=sentence):
        verifier(settings).read(change(sign(settings, 3, ROOT)))


def test_another_logs_checkpoint_is_refused(settings: Settings) -> None:
    other = settings.model_copy(update={"portal_log_origin": "other.example/log"})
    with pytest.raises(BadNote):
        verifier(settings).read(sign(other, 3, ROOT))


@pytest.mark.parametrize(
    "wrong",
    [{"portal_seal_key": "z" * 64}, {"portal_seal_key": "ab" * 31}, {"portal_log_origin": "a log"}, {"portal_log_origin": "a+b"}],
)
def test_a_key_or_name_that_cannot_be_used_stops_with_a_sentence(settings: Settings, wrong: dict[str, str]) -> None:
    with pytest.raises(MissingSetting, match="PORTAL_"):
        verifier(settings.model_copy(update=wrong))
