"""Certificates as documents and files."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.schemes import DoubleGeometric, PathTable, Recursive
from proofs import (
    SybilProof,
    WithinBudget,
    certificate_of,
    check_certificate,
    read_certificate,
    read_scheme,
    verify,
    write_json,
)
from proofs.check import FORMAT, Refused

SCHEME = PathTable(DoubleGeometric(Fraction(1, 3)).exact_table(4))


def proofs_of(scheme):
    return [verify(scheme, SybilProof()), verify(scheme, WithinBudget())]


def test_one_certificate_for_several_claims():
    certificate = certificate_of(proofs_of(SCHEME))
    assert certificate["format"] == FORMAT
    assert [entry["claim"]["property"] for entry in certificate["claims"]] == ["sybil_proof", "within_budget"]
    assert check_certificate(SCHEME, certificate) == [
        "sybil-proof with epsilon = 0 at every length",
        "within budget at every length",
    ]
    assert check_certificate(SCHEME.to_dict(), certificate) == check_certificate(SCHEME, certificate)


def test_one_verdict_is_enough():
    verdict = verify(SCHEME, SybilProof())
    assert certificate_of(verdict) == certificate_of([verdict]) == verdict.certificate


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        [verify(Recursive(0.5), SybilProof())],
        [verify(Recursive(0.5), WithinBudget()), verify(Recursive(0.5), SybilProof())],
        [verify(lambda n, j: 0, SybilProof())],
        [verify(Recursive(0.5), WithinBudget()), verify(Recursive(0.25), WithinBudget())],
    ],
    ids=["none", "refuted", "partly refuted", "unrefuted", "two schemes"],
)
def test_no_certificate_without_proofs_about_one_scheme(verdicts):
    with pytest.raises(CertificateError):
        certificate_of(verdicts)


def test_a_certificate_of_another_scheme_is_refused():
    with pytest.raises(CertificateError, match="refused"):
        check_certificate(Recursive(0.5), certificate_of(proofs_of(DoubleGeometric(0.5))))


def test_the_library_never_returns_a_proof_that_the_checker_refuses(monkeypatch):
    def refuse(scheme, certificate):
        raise Refused("planted")

    monkeypatch.setattr("proofs.check.check", refuse)
    with pytest.raises(CertificateError, match="planted"):
        verify(SCHEME, SybilProof())


class TestFiles:
    def test_round_trip(self, tmp_path):
        certificate = certificate_of(proofs_of(SCHEME))
        write_json(tmp_path / "certificate.json", certificate)
        write_json(str(tmp_path / "scheme.json"), SCHEME.to_dict())
        assert read_certificate(tmp_path / "certificate.json") == certificate
        assert read_scheme(tmp_path / "scheme.json") == SCHEME

    def test_the_same_document_gives_the_same_bytes(self, tmp_path):
        for name in ("a", "b"):
            write_json(tmp_path / name, certificate_of(proofs_of(SCHEME)))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    @pytest.mark.parametrize("document", [{"x": {1, 2}}, {"x": float("nan")}])
    def test_nothing_half_written(self, tmp_path, document):
        path = tmp_path / "certificate.json"
        path.write_text("old")
        with pytest.raises((TypeError, ValueError)):
            write_json(path, document)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("text", ["", "{", '{"format": "another"}', "[]", "null", '{"a": 1, "a": 2}'])
    def test_no_certificate(self, tmp_path, text):
        path = tmp_path / "certificate.json"
        path.write_text(text)
        with pytest.raises(CertificateError, match=r"certificate\.json"):
            read_certificate(path)

    def test_no_scheme(self, tmp_path):
        path = tmp_path / "scheme.json"
        for text in ("[]", "5", '{"scheme": "lottery"}'):
            path.write_text(text)
            with pytest.raises(InvalidInputError, match="scheme"):
                read_scheme(path)
