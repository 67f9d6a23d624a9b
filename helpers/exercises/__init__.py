"""The checks that answer an exercise: each knows the right answer, and the usual wrong ones by name.

An exercise's stub leaves `...` where the learner's line belongs. `check(name, answer)` says "Right", "Not yet" for an
untouched stub, or what went wrong; it never raises, so that "Run All" goes through.

engine.py judges, compare.py compares; chapter00.py … hold one function for each exercise, with its number:
what the check of exercise 03.2 accepts stands in chapter03.py, at "Exercise 03.2".
"""

from helpers.exercises import (
    chapter00,
    chapter01,
    chapter01_more,
    chapter02,
    chapter02_more,
    chapter03,
    chapter03_more,
    chapter04,
    chapter04_more,
    chapter05,
    chapter05_more,
    chapter06,
    chapter07,
    chapter08,
)
from helpers.exercises.clinic import patients
from helpers.exercises.engine import CHECKS, check, judge
from helpers.exercises.listings import listing
from helpers.exercises.reach import riddle

# Importing a chapter registers its checks.
CHAPTERS = (chapter00, chapter01, chapter01_more, chapter02, chapter02_more, chapter03, chapter03_more, chapter04,
            chapter04_more, chapter05, chapter05_more, chapter06, chapter07, chapter08)

__all__ = ["CHAPTERS", "CHECKS", "check", "judge", "listing", "patients", "riddle"]
