"""scikit-learn: recurrent networks and reservoirs as estimators, for pipelines, cross-validation and grid search.

The rows of `X` are the successive steps of one series, in their order: what is predicted for a row depends on the rows
before it. So split with `TimeSeriesSplit` and leave `shuffle` off; do not hand on rows that are drawn at random.
"""

from pendula.errors import missing_extra

try:
    from sklearn.base import BaseEstimator  # noqa: F401 # whether it is there
except ImportError as error:
    raise missing_extra("Using Pendula in scikit-learn", "scikit-learn", "sklearn") from error

from pendula.interop.sklearn.echo_state import EchoStateRegressor
from pendula.interop.sklearn.recurrent import PendulaClassifier, PendulaRegressor

__all__ = ["EchoStateRegressor", "PendulaClassifier", "PendulaRegressor"]
