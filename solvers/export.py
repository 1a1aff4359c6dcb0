"""The files of a frontier: pictures, tables, schemes and certificates, all of them or none."""

from __future__ import annotations

import csv
import os
import re
import shutil
from fractions import Fraction
from pathlib import Path

from mechanism.errors import CertificateError
from mechanism.storage import draft_of
from proofs import check_certificate, read_certificate, read_scheme, write_json
from solvers.design_frontier import Frontier
from solvers.plots import figure_bytes, plot_frontier
from solvers.tables import frontier_report

__all__ = ["file_suffix", "prepare_folder", "write_frontier"]

_COLUMNS = (
    "scheme",
    "kind",
    "epsilon",
    "recruits",
    "recruits_stderr",
    "mean_depth",
    "found",
    "found_stderr",
    "payout",
    "payout_std",
    "gain",
    "gain_any_length",
    "verdict",
    "status",
)
_FILES = ("frontier.svg", "frontier.png", "table.txt", "table.csv", "scheme.json", "certificate.json")
_NUMBERED = re.compile(r"(scheme|certificate)-epsilon-[0-9.e+-]+\.json")


def file_suffix(epsilon: Fraction) -> str:
    """Return the part of a file name that tells an epsilon.

    Examples
    --------
    >>> file_suffix(Fraction(1, 4)), file_suffix(Fraction(1))
    ('-epsilon-0.25', '-epsilon-1')
    """
    return f"-epsilon-{float(epsilon)!r}".removesuffix(".0")


def prepare_folder(folder: Path) -> Path:
    """Return the absolute folder if it can be written to; nothing is made yet.

    Raises
    ------
    OSError
        If it is a file, if it cannot be made or written to, or if it holds files by our names that no
        earlier run wrote there.
    """
    target = folder.expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{folder} is a file, not a folder")
    existing = next(place for place in (target, *target.parents) if place.exists())
    if not existing.is_dir():
        raise NotADirectoryError(f"{existing} is a file, so the folder {folder} cannot be made")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {existing} cannot be written to")
    for name in _FILES:
        if (target / name).exists() and not _is_ours(target):
            raise FileExistsError(f"the folder {folder} holds a {name} that is not from an earlier run")
    return target


def _is_ours(folder: Path) -> bool:
    """Return whether an earlier run wrote to a folder, which its certificate tells."""
    try:
        read_certificate(folder / "certificate.json")
    except (CertificateError, OSError):
        return False
    return True


def write_frontier(result: Frontier, folder: Path, *, heading: str = "", title: str = "") -> list[Path]:
    """Write a frontier to a folder: whole or not at all if the folder is new, else file by file.

    Parameters
    ----------
    result : Frontier
        What to write.
    folder : pathlib.Path
        Where; made if need be. Files of an earlier run are replaced, other files are left alone.
    heading : str
        Lines above the table in ``table.txt``.
    title : str
        Title of the picture, such as the name of the network.

    Returns
    -------
    list of pathlib.Path
        The files: ``frontier.svg``, ``frontier.png``, ``table.txt``, ``table.csv``, and for the smallest epsilon
        ``scheme.json`` and ``certificate.json``; those of the others are ``scheme-epsilon-0.25.json``
        and so on.

    Raises
    ------
    OSError
        If a file cannot be written; every file of the folder is then the old one or the new one, whole.
    CertificateError
        If a certificate, as written, is refused by the checker.

    Notes
    -----
    Everything is written and checked in a folder beside the target, which then takes its place, or
    whose files are renamed into it one by one: who is killed meanwhile leaves some old and some new ones, each whole.
    Equal results give equal bytes: no file tells a time.
    """
    target = prepare_folder(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(target)
    draft.mkdir()
    try:
        _write_files(result, draft, heading, title)
        names = sorted(path.name for path in draft.iterdir())
        if target.exists():
            for name in names:
                (draft / name).replace(target / name)
            _drop_stale(target, names)
        else:
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [target / name for name in names]


def _write_files(result: Frontier, folder: Path, heading: str, title: str) -> None:
    axes = plot_frontier(result, title=title)
    for kind in ("svg", "png"):
        (folder / f"frontier.{kind}").write_bytes(figure_bytes(axes.figure, kind))
    text = f"{heading}\n\n{frontier_report(result)}\n".lstrip()
    (folder / "table.txt").write_text(text, encoding="utf-8")
    _write_csv(result, folder / "table.csv")
    for position, design in enumerate(result.designs):
        suffix = file_suffix(design.epsilon) if position else ""
        scheme, certificate = folder / f"scheme{suffix}.json", folder / f"certificate{suffix}.json"
        write_json(scheme, design.scheme.to_dict())
        write_json(certificate, design.certificate)
        check_certificate(read_scheme(scheme), read_certificate(certificate))


def _write_csv(result: Frontier, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in result.rows:
            found = row.recruitment
            writer.writerow(
                (
                    row.name,
                    row.kind,
                    "" if row.epsilon is None else float(row.epsilon),
                    found.recruits,
                    found.recruits_stderr,
                    found.mean_depth,
                    found.found,
                    found.found_stderr,
                    found.payout,
                    found.payout_std,
                    row.gain,
                    row.gain_any_length,
                    row.verdict,
                    found.status.name.lower(),
                )
            )


def _drop_stale(folder: Path, names: list[str]) -> None:
    """Remove the schemes and certificates of an earlier run's epsilons: they are not part of this result."""
    for path in folder.iterdir():
        if _NUMBERED.fullmatch(path.name) and path.name not in names:
            path.unlink()
