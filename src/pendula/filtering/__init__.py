"""From inputs to targets, row by row: driven systems, filters, sensor fusion.

```
usual_recipe    record, choices → a recipe with what is usual
fit_pairs       record, recipe → a fit
evaluate_pairs  fit, series → scores beside the baselines
tell            fit, inputs → targets
```
"""

from pendula.filtering.baselines import LinearFilter, Teller, fit_baselines
from pendula.filtering.evaluation import PairedEvaluated, evaluate_pairs, record_for
from pendula.filtering.fitting import fit_pairs, resume_pairs
from pendula.filtering.linear import choose_penalty, fit_linear_filter, linear_path, run_linear
from pendula.filtering.preparation import Pairs, prepare_pairs, split_pairs, usual_recipe
from pendula.filtering.stretches import Stretches, stretches_of
from pendula.filtering.telling import tell

__all__ = [
    "LinearFilter",
    "PairedEvaluated",
    "Pairs",
    "Stretches",
    "Teller",
    "choose_penalty",
    "evaluate_pairs",
    "fit_baselines",
    "fit_linear_filter",
    "fit_pairs",
    "linear_path",
    "prepare_pairs",
    "record_for",
    "resume_pairs",
    "run_linear",
    "split_pairs",
    "stretches_of",
    "tell",
    "usual_recipe",
]
