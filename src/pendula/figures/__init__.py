"""Figures: one function, one panel. Each takes data and axes (or makes them), and returns the axes.

```
record      draw_series, draw_phase_portrait
learning    draw_losses
test part   draw_predictions, draw_free_runs, draw_error_histogram, draw_scores, draw_lead_times
future      draw_forecast
intervals   draw_coverage, draw_ranks
anomalies   draw_surprise
memory      draw_wrong_answers
costs       draw_costs, cost_sheet
gradients   draw_gradient_flow, draw_singular_values
network     draw_folded, draw_unrolled, draw_gradient_arrows
exact       draw_beside_exact
dynamics    draw_behavior_map, draw_exponents, draw_units
equations   draw_identified, draw_relative_errors
many series draw_shares
labels      draw_confusion, draw_roc, draw_regimes, draw_onset
speed       draw_seconds, draw_speedups
analysis    draw_eigenvalues, draw_lyapunov, draw_memory, draw_bifurcations, draw_state_space
text        draw_summary
composites  lecture_sine_figure, lecture_oscillator_figure, lecture_keras_figure, gradient_sheet, behaviors_figure,
            identification_figure
files       save, png
```
"""

from pendula.figures.behaviors import Example, behaviors_figure, draw_behavior_map, draw_exponents, draw_units
from pendula.figures.beside_exact import draw_beside_exact
from pendula.figures.canvas import png, save
from pendula.figures.costs import cost_sheet, draw_costs
from pendula.figures.coverage import draw_coverage, draw_ranks
from pendula.figures.curves import draw_free_runs, draw_predictions
from pendula.figures.dynamics import draw_bifurcations, draw_eigenvalues, draw_lyapunov, draw_memory
from pendula.figures.forecast import draw_forecast
from pendula.figures.gradients import FlowPanel, draw_gradient_flow, draw_singular_values, gradient_sheet
from pendula.figures.histogram import draw_error_histogram
from pendula.figures.identification import draw_identified, draw_relative_errors, identification_figure
from pendula.figures.labels import draw_confusion, draw_onset, draw_regimes, draw_roc
from pendula.figures.lead_time import draw_lead_times
from pendula.figures.lecture import PredictorCurves, lecture_oscillator_figure, lecture_sine_figure
from pendula.figures.lecture_keras import lecture_keras_figure
from pendula.figures.losses import draw_losses
from pendula.figures.memory import draw_wrong_answers
from pendula.figures.network_drawing import draw_folded, draw_gradient_arrows, draw_unrolled
from pendula.figures.network_shape import LayerShape, NetworkShape, network_shape
from pendula.figures.phase import draw_phase_portrait
from pendula.figures.phase_points import MarkedPoint, draw_state_space
from pendula.figures.scores import draw_scores
from pendula.figures.series import draw_series
from pendula.figures.shares import draw_shares
from pendula.figures.speed import draw_seconds, draw_speedups
from pendula.figures.style import Quantity, style
from pendula.figures.summary import draw_summary
from pendula.figures.surprise import draw_surprise

__all__ = [
    "Example",
    "FlowPanel",
    "LayerShape",
    "MarkedPoint",
    "NetworkShape",
    "PredictorCurves",
    "Quantity",
    "behaviors_figure",
    "cost_sheet",
    "draw_behavior_map",
    "draw_beside_exact",
    "draw_bifurcations",
    "draw_confusion",
    "draw_costs",
    "draw_coverage",
    "draw_eigenvalues",
    "draw_error_histogram",
    "draw_exponents",
    "draw_folded",
    "draw_forecast",
    "draw_free_runs",
    "draw_gradient_arrows",
    "draw_gradient_flow",
    "draw_identified",
    "draw_lead_times",
    "draw_losses",
    "draw_lyapunov",
    "draw_memory",
    "draw_onset",
    "draw_phase_portrait",
    "draw_predictions",
    "draw_ranks",
    "draw_regimes",
    "draw_relative_errors",
    "draw_roc",
    "draw_scores",
    "draw_seconds",
    "draw_series",
    "draw_shares",
    "draw_singular_values",
    "draw_speedups",
    "draw_state_space",
    "draw_summary",
    "draw_surprise",
    "draw_units",
    "draw_unrolled",
    "draw_wrong_answers",
    "gradient_sheet",
    "identification_figure",
    "lecture_keras_figure",
    "lecture_oscillator_figure",
    "lecture_sine_figure",
    "network_shape",
    "png",
    "save",
    "style",
]
