"""Certificates as files: combine, write, read and check them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.games import Interdependent, PayoffSystem
from mechanism.schemes import PathScheme, TreeScheme, scheme_from_dict
from proofs import check, check_game, check_share, check_tree
from proofs.verdict import Proved, Verdict

__all__ = [
    "certificate_of",
    "check_certificate",
    "read_certificate",
    "read_scheme",
    "write_json",
]

PathLike = str | os.PathLike[str]


def certificate_of(verdicts: Verdict | Iterable[Verdict]) -> dict[str, Any]:
    """Return one certificate for all claims of some proved verdicts about the same scheme.

    Parameters
    ----------
    verdicts : Verdict or iterable of Verdict
        At least one, all proved.

    Returns
    -------
    dict
        ``{"format": ..., "claims": [{"claim": {...}, "multipliers": {...}}, ...]}``

    Raises
    ------
    CertificateError
        If a verdict is not a proof, or the proofs are about different schemes.

    Examples
    --------
    >>> from mechanism.schemes import DoubleGeometric
    >>> from proofs import SybilProof, verify
    >>> certificate_of(verify(DoubleGeometric(0.2), SybilProof()))["claims"]
    [{'claim': {'property': 'sybil_proof', 'epsilon': '0', 'max_depth': None}, 'multipliers': {'peak': 0}}]
    """
    listed = [verdicts] if isinstance(verdicts, Verdict) else list(verdicts)
    proofs = [verdict for verdict in listed if isinstance(verdict, Proved)]
    for verdict in listed:
        if not isinstance(verdict, Proved):
            raise CertificateError(f"there is no certificate without a proof: {verdict}")
    if not proofs:
        raise CertificateError("a certificate needs at least one proof")
    if any(proof.scheme != proofs[0].scheme for proof in proofs):
        raise CertificateError("the proofs are about different schemes, and a certificate is about one")
    return {
        "format": proofs[0].certificate["format"],
        "claims": [claim for proof in proofs for claim in proof.certificate["claims"]],
    }


def check_certificate(
    scheme: PathScheme | TreeScheme | PayoffSystem | Interdependent | Mapping[str, Any],
    certificate: Mapping[str, Any],
) -> list[str]:
    """Return in words what a certificate proves about a scheme, or about a payoff system.

    Raises
    ------
    CertificateError
        If the checker refuses it.
    """
    document = dict(scheme) if isinstance(scheme, Mapping) else scheme.to_dict()
    form = certificate.get("format")
    checkers = {one.FORMAT: one.check for one in (check_share, check_tree, check_game)}
    checker = checkers.get(form, check.check) if isinstance(form, str) else check.check
    try:
        return checker(document, dict(certificate))
    except (check.Refused, check_tree.Refused, check_share.Refused, check_game.Refused) as reason:
        raise CertificateError(f"the certificate is refused: {reason}") from reason


def write_json(path: PathLike, document: Mapping[str, Any]) -> None:
    """Write a certificate or a scheme's dictionary as JSON, whole or not at all; the same document, the same bytes."""
    target = Path(path)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def read_certificate(path: PathLike) -> dict[str, Any]:
    """Return a certificate from its file, unchecked.

    Raises
    ------
    CertificateError
        If the file holds no certificate of a known format.
    """
    document = _read(path)
    formats = (check.FORMAT, check_tree.FORMAT, check_share.FORMAT, check_game.FORMAT)
    if not isinstance(document, dict) or document.get("format") not in formats:
        raise CertificateError(f"{os.fspath(path)} holds no certificate of the format {' or '.join(formats)}")
    return document


def read_scheme(path: PathLike) -> PathScheme | TreeScheme:
    """Return a scheme from its file.

    Raises
    ------
    CertificateError
        If the file is not JSON.
    InvalidInputError
        If it describes no scheme.
    """
    document = _read(path)
    if not isinstance(document, dict):
        raise InvalidInputError("scheme", document, allowed="a JSON object")
    return scheme_from_dict(document)


def _read(path: PathLike) -> Any:
    try:
        return check.load(os.fspath(path))
    except (ValueError, RecursionError, check.Refused) as error:
        raise CertificateError(f"{os.fspath(path)} cannot be read: {error}") from error
