"""Run notebooks in place and keep them as a reader sees them: `python tests/run_notebooks.py [notebook …]`.

Top to bottom in a fresh kernel, counts 1…n, no widget state, no progress bars, no timestamps.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"


def run(path):
    """Execute one notebook and write it back; an error stops and leaves the file as it was."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", record_timing=False,
                            resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata.pop("jupytext", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]] or [*sorted(FOLDER.rglob("[0-9]*.ipynb")), FOLDER / "studio.ipynb"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TQDM_DISABLE"] = "1"      # progress bars are for a learner who waits, not for a page that is kept
    for path in paths:
        started = time.perf_counter()
        run(path)
        print(f"{path.name:40} {time.perf_counter() - started:6.1f} s {path.stat().st_size / 1e3:8.0f} kB", flush=True)
