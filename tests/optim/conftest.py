"""Property tests that give the same examples each time, on slow machines too."""

from hypothesis import settings

settings.register_profile("pendula", deadline=None, derandomize=True)
settings.load_profile("pendula")
