"""Broken and hostile files: valid ones that are changed, and texts made from the words of a format."""

from __future__ import annotations

import copy
import gzip
import json
import random
import re
import tomllib
from typing import Any, Protocol

from mechanism.campaign_file import campaign_toml

__all__ = ["Format", "made"]


class Format(Protocol):
    """What inputs are made from."""

    seeds: tuple[bytes, ...]
    """Valid files."""
    words: tuple[str, ...]
    """Words of the format; none if nothing is made from words alone."""
    is_json: bool
    """Whether files are JSON, and are changed as documents too."""
    is_toml: bool
    """Whether files are TOML, likewise."""


# fmt: off
TOKENS = (
    *(word.encode("utf-8", "surrogatepass") for word in (
        "nan", "NaN", "inf", "Infinity", "-Infinity", "null", "None", "true", "0", "-0", "-1", "1", "2", "0.5", "1e308",
        "1e999", "-1e400", "9" * 18, "9" * 19, "9" * 25, "1" + "0" * 5000, "0" * 5000 + "1", "1/0", "1/3", "1_000",
        "0x10", "+5", "\u0663", "\uff11", "\u0000", "\ufeff", "\u2028", "\u0085", "\x0b", "\x1c", "e\u0301",
        "../../x", "/etc/passwd", "a" * 300, '"', "'", "#", "%", ",", ";", "\t", " ", "\n", "\r", "\r\n", "\\", "=",
        ":", "[", "]", "{", "}", "[" * 3000, "{" * 900, '{"a":' * 900, "(" * 300, "{1, 2}", "\ud800", "<b>", "=cmd()",
    )),
    b"\xff", b"\x80\x81", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", bytes(64),
)
NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 2**31, 2**63, 10**25, 10**400, -(10**30), 0.5, -0.0, 1.5, 1e308, 1e-320,
    float("nan"), float("inf"), float("-inf"), "", "x", "0", "1", "2", "1/2", "1/0", "-1", "nan", "1e999", "1e-999",
    "9" * 3000, "1/" + "7" * 3000, "9" * 6000, "\u0663", "\u0000", "\ud800", "../../x", "limit", "all", "any",
    [], [[]], {}, [1, [2]], [1, 2, 3], ["a", 1], [None], {"a": 1}, [0] * 3000, [[0.5]] * 3,
)
# fmt: on


def made(rng: random.Random, form: Format) -> bytes:
    """Return an input, a function of the state of the generator alone."""
    kind = rng.random()
    if form.words and kind < 0.2:
        return from_words(rng, form)
    seed = rng.choice(form.seeds)
    if (form.is_json or form.is_toml) and kind < 0.75:
        document = json.loads(seed) if form.is_json else tomllib.loads(seed.decode())
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            document = changed(rng, document)
        text = json.dumps(document) if form.is_json else toml(document)
        return text.encode("utf-8", "surrogatepass")
    if kind > 0.97:
        return packed(rng, seed)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        seed = bent(rng, seed, form.seeds)
    return seed


def toml(document: Any) -> str:
    """Return settings as TOML: as the library writes them, or without what TOML does not have."""
    try:
        return campaign_toml(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        return re.sub(r"null", "nan", json.dumps(document))


def bent(rng: random.Random, data: bytes, others: tuple[bytes, ...]) -> bytes:
    """Return bytes with one change."""
    at, to = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
    match rng.randrange(9):
        case 0 if data:
            at %= len(data)
            return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        case 1 if data:
            at %= len(data)
            return data[:at] + rng.randbytes(1) + data[at + 1 :]
        case 2:
            return data[:at]
        case 3:
            return data[:at] + data[to:]
        case 4:
            return data[:to] + data[at:to] * rng.choice((1, 1, 2, 50)) + data[to:]
        case 5:
            other = rng.choice(others)
            return data[:at] + other[rng.randint(0, len(other)) :]
        case 6:  # a line goes elsewhere, or comes twice
            lines = data.split(b"\n")
            lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
            return b"\n".join(lines)
        case _:
            return data[:at] + rng.choice(TOKENS) + data[rng.choice((at, at, min(at + 1, len(data)), to)) :]


def packed(rng: random.Random, data: bytes) -> bytes:
    """Return compressed bytes: broken, twice, with garbage in or behind them, or far larger than they look."""
    match rng.randrange(6):
        case 0:
            return bent(rng, gzip.compress(data, mtime=0), (data,))
        case 1:
            return gzip.compress(gzip.compress(data, mtime=0), mtime=0)
        case 2:
            return gzip.compress(rng.randbytes(200), mtime=0)
        case 3:
            return b"\x1f\x8b" + rng.randbytes(100)
        case 4:
            return gzip.compress(data, mtime=0) + rng.choice(
                (b"garbage", bytes(9), gzip.compress(data, mtime=0))
            )
        case _:
            return gzip.compress(
                data + b"\n" + rng.choice((b"\n", b"0", b"#", b"1 2\n")) * 3_000_000, 1, mtime=0
            )


def from_words(rng: random.Random, form: Format) -> bytes:
    """Return words of the format, in any order, with anything between them."""
    if form.is_json:
        return json.dumps(tree(rng, form.words, 4)).encode("utf-8", "surrogatepass")
    gaps = rng.choices((" ", "\t", ",", ";", "\n", "\n", " = ", ""), k=rng.randint(1, 3))
    pieces = [rng.choice(form.words) + rng.choice(gaps) for _ in range(rng.randint(0, 30))]
    return "".join(pieces).encode("utf-8", "surrogatepass")


def tree(rng: random.Random, words: tuple[str, ...], depth: int) -> Any:
    """Return a document with the words as names and values."""
    kind = rng.random()
    if depth and kind < 0.5:
        return {rng.choice(words): tree(rng, words, depth - 1) for _ in range(rng.randint(0, 5))}
    if depth and kind < 0.65:
        return [tree(rng, words, depth - 1) for _ in range(rng.randint(0, 4))]
    return copy.deepcopy(rng.choice(NASTY)) if kind < 0.85 else rng.choice(words)


def changed(rng: random.Random, document: Any) -> Any:
    """Return a document with a change at a random place."""
    document = copy.deepcopy(document)
    places: list[tuple[Any, Any]] = []
    stack = [document]
    while stack:
        node = stack.pop()
        for key in (
            list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        ):
            places.append((node, key))
            stack.append(node[key])
    if not places or rng.random() < 0.02:
        return copy.deepcopy(rng.choice(NASTY))
    node, key = rng.choice(places)
    match rng.randrange(8):
        case 0 if isinstance(node, dict):
            node[rng.choice(("", "x", "scheme", "system", "\u0000", "format"))] = node.pop(key)
        case 0 | 1:
            del node[key]
        case 2:
            other, place = rng.choice(places)
            node[key] = copy.deepcopy(other[place])
        case 3 if isinstance(node, list):
            node.insert(rng.randint(0, len(node)), copy.deepcopy(rng.choice([*node, rng.choice(NASTY)])))
        case 4:
            node[key] = near(rng, node[key])
        case 5:
            for _ in range(rng.choice((1, 2, 150))):
                node[key] = [node[key]]
        case _:
            node[key] = copy.deepcopy(rng.choice(NASTY))
    return document


def near(rng: random.Random, value: Any) -> Any:
    """Return a value close to another one, which may still be right."""
    if isinstance(value, bool) or value is None:
        return rng.choice((True, False, None, 0))
    if isinstance(value, int):
        return value + rng.choice((-1, 1, 2, 10))
    if isinstance(value, float):
        return value * rng.choice((0.5, 0.999, 1.001, 2, -1))
    if isinstance(value, str):
        return rng.choice(
            (value + "0", "0" + value, value[:-1], value + " ", "0.1", "1/4", "3/2", "0.9", value.upper())
        )
    return copy.deepcopy(rng.choice((0, "1", None)))
