"""The verbs fit, forecast, evaluate and compare; free runs, baselines and rolling origins."""

from pendula.forecasting.adaptive import Adapted, adapt
from pendula.forecasting.adoption import adopt, own_record
from pendula.forecasting.backtest import Backtest, RefitPolicy, backtest
from pendula.forecasting.baselines import (
    LinearAutoregression,
    Persistence,
    SeasonalPersistence,
    find_period,
    fit_linear,
)
from pendula.forecasting.comparison import Comparison, compare, compare_recipes
from pendula.forecasting.drawing import interval_of
from pendula.forecasting.drawn import DrawnScores, score_drawn
from pendula.forecasting.evaluation import Evaluated, evaluate, evaluate_fit, score_all
from pendula.forecasting.filling import fill_parts
from pendula.forecasting.fitted_baselines import fit_baselines
from pendula.forecasting.fitting import fit_record, resume
from pendula.forecasting.future import few_runs, forecast, forecast_dataset
from pendula.forecasting.intervals import IntervalScores, JudgedIntervals, judge_intervals, score_intervals
from pendula.forecasting.likelihood import GaussianErrors, Likelihood, log_likelihood, with_gaussian_errors
from pendula.forecasting.predictors import Predictor, predict_from
from pendula.forecasting.preparation import choose_target, default_by, default_window, split_record
from pendula.forecasting.rolling import RollingErrors, roll
from pendula.forecasting.scoring import Evaluation, score_part
from pendula.forecasting.surprise import Surprise, surprise
from pendula.forecasting.verbs import fit
from pendula.forecasting.windowed import windowed_run

__all__ = [
    "Adapted",
    "Backtest",
    "Comparison",
    "DrawnScores",
    "Evaluated",
    "Evaluation",
    "GaussianErrors",
    "IntervalScores",
    "JudgedIntervals",
    "Likelihood",
    "LinearAutoregression",
    "Persistence",
    "Predictor",
    "RefitPolicy",
    "RollingErrors",
    "SeasonalPersistence",
    "Surprise",
    "adapt",
    "adopt",
    "backtest",
    "choose_target",
    "compare",
    "compare_recipes",
    "default_by",
    "default_window",
    "evaluate",
    "evaluate_fit",
    "few_runs",
    "fill_parts",
    "find_period",
    "fit",
    "fit_baselines",
    "fit_linear",
    "fit_record",
    "forecast",
    "forecast_dataset",
    "interval_of",
    "judge_intervals",
    "log_likelihood",
    "own_record",
    "predict_from",
    "resume",
    "roll",
    "score_all",
    "score_drawn",
    "score_intervals",
    "score_part",
    "split_record",
    "surprise",
    "windowed_run",
    "with_gaussian_errors",
]
