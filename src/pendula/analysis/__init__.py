"""The verb `analyze`: what a fit's network does as a dynamical system."""

from pendula.analysis.analysis import Analysis, MemoryOfNet
from pendula.analysis.analyze import AnalysisSettings, analyze

__all__ = ["Analysis", "AnalysisSettings", "MemoryOfNet", "analyze"]
