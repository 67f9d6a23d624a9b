"""Outside the ranges of pyproject.toml a sentence says so; `make oldest` and `make newest` try their ends."""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import helpers.__main__ as preflight

ROOT = Path(__file__).resolve().parent.parent


def distribution(folder, name, version, *needs):
    """What pip takes for an installed package."""
    place = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}",
                                               *(f"Requires-Dist: {need}" for need in needs)]) + "\n")


def test_a_package_outside_its_range_is_named(tmp_path, monkeypatch):
    """The real `pip check`, over an environment in which TensorFlow is too old."""
    distribution(tmp_path, "style-transfer-course", "1.0", "tensorflow-cpu<2.22,>=2.20")
    distribution(tmp_path, "tensorflow-cpu", "2.16.1")
    run = subprocess.run

    def check(command, **options):
        """Here a folder may come before what is installed; elsewhere nothing of the learner's may."""
        command.remove("-I")
        return run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, **options)
    monkeypatch.setattr(preflight.subprocess, "run", check)
    with pytest.raises(RuntimeError) as error:
        preflight.packages()
    assert re.fullmatch(r"style-transfer-course 1\.0 has requirement tensorflow-cpu<2\.22,>=2\.20.*2\.16\.1: run `pip "
                        r"install -r requirements\.txt` in the course's environment\.", str(error.value))


def test_this_environment_is_inside_the_ranges():
    assert dict(preflight.packages())["scipy"] == metadata.version("scipy")
    for need in map(Requirement, metadata.requires("style-transfer-course")):
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            assert need.specifier.contains(metadata.version(need.name)), need


def test_the_ends_of_the_ranges_can_be_tried():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    oldest, newest = re.search(r'requires-python = ">=(3\.\d+),<3\.(\d+)"', project).groups()
    assert f"OLD ?= {oldest}\n" in makefile and f"NEW ?= 3.{int(newest) - 1}\n" in makefile
    assert sys.version_info[:2] >= tuple(map(int, oldest.split(".")))
