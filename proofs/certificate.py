"""Certificates and scheme files: what the independent checker reads."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mechanism.errors import CertificateError
from proofs.verdict import Proved, Verdict

__all__ = ["FORMAT", "certificate_of", "write_json"]

FORMAT = "incentive-networks/certificate/1"


def certificate_of(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return one certificate of several proved claims about the same scheme.

    It holds the claims and the multipliers that prove them, never the rewards: the checker
    recomputes those from the scheme.

    Raises
    ------
    CertificateError
        If a claim is not proved, or the claims are about different schemes.
    """
    claims = []
    for verdict in verdicts:
        if not isinstance(verdict, Proved):
            raise CertificateError(f"there is no certificate for what is not proved ({verdict})")
        if verdict.claim.scheme != verdicts[0].claim.scheme:
            raise CertificateError("a certificate is about one scheme, but the claims are about several")
        claims.append(
            verdict.claim.property
            | {"max_depth": verdict.claim.max_depth, "multipliers": verdict.multipliers}
        )
    return {"format": FORMAT, "claims": claims}


def write_json(path: str | os.PathLike[str], document: dict[str, Any]) -> None:
    """Write a document as JSON, whole or not at all; the same document gives the same bytes."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
