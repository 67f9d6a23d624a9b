"""The checks that answer an exercise: each knows the right answer, and the usual wrong ones by name.

An exercise's stub leaves `...` where the learner's line belongs. `check(name, answer)` says "Right", "Not yet" for an
untouched stub, or what went wrong; it never raises, so that "Run All" goes through.

engine.py judges, compare.py compares; chapter00.py … chapter05.py hold one function for each exercise, with its number:
what the check of exercise 03.2 accepts stands in chapter03.py, at "Exercise 03.2".
"""

from helpers.exercises import chapter00, chapter01, chapter02, chapter03, chapter04, chapter05
from helpers.exercises.clinic import patients
from helpers.exercises.engine import CHECKS, check, judge

# Importing a chapter registers its checks.
CHAPTERS = (chapter00, chapter01, chapter02, chapter03, chapter04, chapter05)

__all__ = ["CHAPTERS", "CHECKS", "check", "judge", "patients"]
