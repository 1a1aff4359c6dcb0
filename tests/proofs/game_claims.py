"""Claims about games, written as the checker reads them."""

from __future__ import annotations

from mechanism import LinearQuadratic
from proofs.check_game import FORMAT, Refused, check


def about(system, actions, *claims):
    """Return what a certificate with claims about actions proves."""
    document = system if isinstance(system, dict) else system.to_dict()
    return check(document, {"format": FORMAT, "actions": list(actions), "claims": list(claims)})


def accepts(system, actions, *claims):
    try:
        return bool(about(system, actions, *claims))
    except Refused:
        return False


def equilibrium(gain=0, residual=0):
    return {"claim": "equilibrium", "gain": gain, "residual": residual}


def contraction(vector, rate):
    return {"claim": "unique", "by": "contraction", "vector": vector, "rate": rate}


def enclosure(vector, rate, steps):
    return contraction(vector, rate) | {"by": "enclosure", "steps": steps}


def monotone(dense):
    rows = [{"columns": list(range(i + 1)), "values": list(row[: i + 1])} for i, row in enumerate(dense)]
    return {"claim": "unique", "by": "monotone", "factor": rows}


def error(bound):
    return {"claim": "error", "bound": bound}


def goods(graph, delta):
    """People who contribute to a public good of their neighbours."""
    return LinearQuadratic(graph, 1.0, interaction=-delta, lower=0.0)
