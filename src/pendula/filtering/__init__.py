"""From inputs to targets, row by row: driven systems, filters, sensor fusion, labels.

```
usual_recipe    record, choices → a recipe with what is usual
fit_pairs       record, recipe → a fit
evaluate_told   fit, series → scores beside the baselines
tell            fit, inputs → targets
```
"""

from pendula.filtering.baselines import LinearFilter, Teller, fit_baselines
from pendula.filtering.evaluation import PairedEvaluated, evaluate_pairs, record_for
from pendula.filtering.fitting import AnyEvaluated, evaluate_told, fit_pairs, resume_pairs
from pendula.filtering.label_baselines import LabelTeller, fit_label_baselines, window_features
from pendula.filtering.label_evaluation import LabelsEvaluated, evaluate_labels
from pendula.filtering.labelled import LabelledPairs, prepare_labels
from pendula.filtering.linear import choose_penalty, fit_linear_filter, linear_path, run_linear
from pendula.filtering.preparation import Pairs, prepare_pairs, split_pairs, usual_recipe
from pendula.filtering.reading import PairedSeries, choose_pairs, paired_record, paired_series, usual_of_task
from pendula.filtering.stretches import Stretches, stretches_of
from pendula.filtering.telling import tell

__all__ = [
    "AnyEvaluated",
    "LabelTeller",
    "LabelledPairs",
    "LabelsEvaluated",
    "LinearFilter",
    "PairedEvaluated",
    "PairedSeries",
    "Pairs",
    "Stretches",
    "Teller",
    "choose_pairs",
    "choose_penalty",
    "evaluate_labels",
    "evaluate_pairs",
    "evaluate_told",
    "fit_baselines",
    "fit_label_baselines",
    "fit_linear_filter",
    "fit_pairs",
    "linear_path",
    "paired_record",
    "paired_series",
    "prepare_labels",
    "prepare_pairs",
    "record_for",
    "resume_pairs",
    "run_linear",
    "split_pairs",
    "stretches_of",
    "tell",
    "usual_of_task",
    "usual_recipe",
    "window_features",
]
