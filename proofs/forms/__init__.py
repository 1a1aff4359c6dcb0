"""Closed forms: what holds at every length, one family of formulas per module."""

from proofs.forms.balanced import BalancedShares
from proofs.forms.equal import EqualShares
from proofs.forms.form import ClosedForm, Leak
from proofs.forms.power import PowerTerms, Term
from proofs.forms.referral import ReferralShares

__all__ = ["BalancedShares", "ClosedForm", "EqualShares", "Leak", "PowerTerms", "ReferralShares", "Term"]
