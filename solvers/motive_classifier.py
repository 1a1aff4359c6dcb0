"""Weights on motives as an estimator of scikit-learn: for its pipelines, searches and scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import BackendMissingError, InvalidInputError
from mechanism.vectors import one_each
from solvers.joining_likelihood import joining_law
from solvers.motive_estimate import MOTIVES
from solvers.motive_inference import infer_motives

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise BackendMissingError("this needs scikit-learn: pip install 'incentive-networks[sklearn]'") from error

__all__ = ["MotiveClassifier"]

Reals = NDArray[np.float64]


class MotiveClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # without annotations
    """Who joins, from what an offer pays: `infer_motives` as a classifier of scikit-learn.

    A person joins if the private cost is at most theta . z, z the payoffs of the offer.

    Parameters
    ----------
    cost : str
        Law of the cost: "logistic", "exponential", "weibull:SHAPE" or "uniform". Payoffs are at least 0 under all but
        the first.
    nonnegative : bool
        Hold the weights at 0 or above.
    names : sequence of str, optional
        Names of the columns; those of the data frame by default, else profit, charity, reciprocity, entertainment if
        there are four, else x0, x1, ...
    numeraire : str or None
        Column whose weight is set to 1, if there is one of that name.
    confidence : float
        Confidence of the intervals, in (0, 1).
    robust : bool
        Intervals that hold if the law is wrong (sandwich).
    prior : float
        Imagined people for each column, half of whom join, that draw its weight towards 0. At 0 the weights are of
        greatest likelihood, and columns that move together or separate those who join from the others are refused.
        With the logistic law only, and not `robust`.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
        The labels; the second stands for joining.
    coef_ : ndarray of float64, shape (1, k)
        Weights per unit of the cost's scale.
    intercept_ : ndarray of float64, shape (1,)
        Minus the mean cost, in the same unit; 0 where costs begin at 0.
    weights_ : ndarray of float64, shape (k,)
        Weights in units of the numeraire, NaN if its own is not above 0; per unit of the cost's scale without one.
    intervals_ : ndarray of float64, shape (k, 2)
        Intervals of `weights_`.
    estimate_ : MotiveEstimate
        All that is known: standard errors, the scale of the cost, the test of fit.
    n_features_in_ : int
        k.
    feature_names_in_ : ndarray of str, shape (k,)
        The columns of the data frame, if it was one.

    Raises
    ------
    BackendMissingError
        At the import of this module, if scikit-learn is not installed.

    Notes
    -----
    A `sample_weight` counts answers, as if so many people had given them. Costs as `infer_motives`.

    Examples
    --------
    >>> offers = [[1.0, 0.0], [2.0, 0.0], [1.0, 1.0]] * 2
    >>> people = [20, 50, 80, 80, 50, 20]  # so many joined, and so many did not
    >>> model = MotiveClassifier(names=["profit", "charity"])
    >>> model = model.fit(offers, [1, 1, 1, 0, 0, 0], sample_weight=people)
    >>> model.weights_.round(4).tolist(), model.predict_proba([[2.0, 0.0]]).round(4).tolist()
    ([1.0, 2.0], [[0.5, 0.5]])
    """

    def __init__(
        self,
        *,
        cost: str = "logistic",
        nonnegative: bool = False,
        names: Sequence[str] | None = None,
        numeraire: str | None = "profit",
        confidence: float = 0.95,
        robust: bool = False,
        prior: float = 0.0,
    ) -> None:
        self.cost = cost
        self.nonnegative = nonnegative
        self.names = names
        self.numeraire = numeraire
        self.confidence = confidence
        self.robust = robust
        self.prior = prior

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.positive_only = self.cost != "logistic"
        return tags

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Estimate the weights.

        Parameters
        ----------
        X : array_like or data frame of float, shape (offers, k)
            Payoffs of each offer, money.
        y : array_like, shape (offers,)
            Whether the person joined: two labels, the second in sorted order for joining.
        sample_weight : array_like of float, shape (offers,), optional
            How often each answer counts, at least 0; 1 by default.

        Returns
        -------
        MotiveClassifier
            This estimator.

        Raises
        ------
        ValueError
            If the data are not such, as scikit-learn says it, or an argument is out of range (InvalidInputError).
        UnsupportedProblemError, NotIdentifiedError, SolveError
            As `infer_motives` does.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.classes_, joined = np.unique(y, return_inverse=True)
        often = one_each("sample_weight", 1.0 if sample_weight is None else sample_weight, len(X), least=0.0)
        counted = often > 0
        if not counted.any():
            raise InvalidInputError("sample_weight", "zero for all", allowed="above 0 for some")
        if len(np.unique(joined[counted])) < 2:
            raise InvalidInputError(
                "y", "one class", allowed="two classes where sample_weight is above 0", verb="has just"
            )
        self.estimate_ = infer_motives(
            X[counted],
            joined[counted],
            names=self._names(X.shape[1]),
            cost=self.cost,
            numeraire=self.numeraire,
            nonnegative=self.nonnegative,
            confidence=self.confidence,
            robust=self.robust,
            importance=None if sample_weight is None else often[counted],
            prior=self.prior,
        )
        columns, terms = X.shape[1], self.estimate_.coefficients
        self.coef_ = terms[None, :columns].copy()
        self.intercept_ = -terms[columns:] if len(terms) > columns else np.zeros(1)
        told = self.estimate_.numeraire is not None
        weights = self.estimate_.weights if told else terms
        intervals = self.estimate_.weights_interval if told else self.estimate_.interval
        self.weights_, self.intervals_ = weights[:columns].copy(), intervals[:columns].copy()
        return self

    def _names(self, columns: int) -> list[str]:
        if self.names is not None:
            return list(self.names)
        if hasattr(self, "feature_names_in_"):
            return [str(name) for name in self.feature_names_in_]
        return list(MOTIVES) if columns == len(MOTIVES) else [f"x{column}" for column in range(columns)]

    def decision_function(self, X: Any) -> Reals:
        """Return the log-odds of joining, float64 of shape (offers,); minus infinity for no chance."""
        worth = self._worth(X)
        if self.cost == "logistic":
            return worth
        from scipy.special import logit

        return np.asarray(logit(self._chance(worth)))

    def predict_proba(self, X: Any) -> Reals:
        """Return the chances of not joining and of joining, float64 of shape (offers, 2)."""
        from scipy.special import expit

        worth = self._worth(X)
        if self.cost == "logistic":
            return np.column_stack((expit(-worth), expit(worth)))
        chance = self._chance(worth)
        return np.column_stack((1 - chance, chance))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier label of each offer, shape (offers,)."""
        likely = self.decision_function(X) > 0
        return np.asarray(self.classes_[likely.astype(np.int64)])

    def _worth(self, X: Any) -> Reals:
        """Return what offers are worth less the mean cost, per unit of the cost's scale."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(X @ self.coef_[0] + self.intercept_[0])

    def _chance(self, worth: Reals) -> Reals:
        """Return how likely costs that begin at 0 are at most so much."""
        if self.cost == "uniform":
            return np.clip(worth, 0.0, 1.0)
        return joining_law(self.cost).chance(np.maximum(worth, 0.0))[0]
