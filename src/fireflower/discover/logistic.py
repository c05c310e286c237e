"""Logistic regression with a ridge, small and dependable, since scipy and scikit-learn cost seconds to import."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS = 60


def fit(x: Floats, y: Floats, ridge: float | Floats = 1.0, weight: Floats | None = None) -> Floats:
    """Coefficients of P(y = 1) = 1 / (1 + exp(-(b0 + x b))), by Newton steps on the log-likelihood less
    ridge |b|^2 / 2; the constant b0 is not held down.

    Parameters
    ----------
    x : [n, k]
    y : [n], 0 to 1
    ridge : of all coefficients, or [k], of each
    weight : [n], how many rows each stands for

    Returns
    -------
    float64[k + 1], the constant first
    """
    design = np.column_stack([np.ones(len(x)), x])
    w = np.ones(len(y)) if weight is None else weight
    penalty = np.full(design.shape[1], 1e-9)
    penalty[1:] = ridge
    b = np.zeros(design.shape[1])
    mean = float((w * y).sum() / w.sum())
    b[0] = np.log(max(mean, 1e-9) / max(1 - mean, 1e-9))
    value = _objective(design, y, w, b, penalty)
    for _ in range(_STEPS):
        p = sigmoid(design @ b)
        gradient = design.T @ (w * (y - p)) - penalty * b
        curvature = (design * (w * p * (1 - p))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while length > 1e-4:
            better = _objective(design, y, w, b + length * step, penalty)
            if better >= value - 1e-12:
                break
            length /= 2
        b = b + length * step
        if abs(better - value) < 1e-9 * (abs(value) + 1):
            break
        value = better
    return b


def predict(x: Floats, b: Floats) -> Floats:
    return sigmoid(b[0] + x @ b[1:])


def sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -35, 35))))


def _objective(design: Floats, y: Floats, w: Floats, b: Floats, penalty: Floats) -> float:
    z = design @ b
    return float((w * (y * z - np.logaddexp(0, z))).sum() - 0.5 * (penalty * b * b).sum())
