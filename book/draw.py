"""The states of a chapter's sliders, drawn by running the chapter once; kept until the chapter or the code changes."""

import functools
import hashlib
import json
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "book" / "_build" / "drawn"
STATES = ROOT / "book" / "states.py"
WIDGET = "application/vnd.jupyter.widget-view+json"


def drawn(path):
    """→ {cell id: outputs} for each cell of a notebook that shows widgets; {} where there is none, without a run."""
    notebook = nbformat.read(path, as_version=4)
    live = [cell for cell in notebook.cells
            if any(WIDGET in output.get("data", {}) for output in cell.get("outputs", ()))]
    if not live:
        return {}
    file = KEPT / f"{path.stem}-{fingerprint(path)}.json"
    if not file.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"{path.stem}-*.json"):
            old.unlink()
        started = time.perf_counter()
        outputs = run(notebook, path.parent)
        print(f"{path.name:40} {time.perf_counter() - started:6.1f} s", flush=True)
        whole = file.with_suffix(".part")
        whole.write_text(json.dumps({cell.id: outputs[cell.id] for cell in live}), encoding="utf-8")
        whole.replace(file)
    return json.loads(file.read_text(encoding="utf-8"))


def fingerprint(path):
    """A name for all that a chapter's figures depend on."""
    cells = nbformat.read(path, as_version=4).cells
    code = "\0".join(cell.source for cell in cells if cell.cell_type == "code")
    return hashlib.sha256((surroundings() + code).encode()).hexdigest()[:16]


@functools.cache
def surroundings():
    """A name for what all chapters depend on: states.py, the helpers, the folders in data."""
    data = [file for file in (ROOT / "data").glob("*/**/*")
            if file.is_file() and not {"weights", "__pycache__"} & set(file.parts)]
    found = hashlib.sha256()
    for file in [STATES, *sorted((ROOT / "helpers").rglob("*.py")), *sorted(data)]:
        found.update(file.read_bytes())
    return found.hexdigest()


def run(notebook, folder):
    """Run a notebook after states.py; → {cell id: its outputs}, with pictures in place of widgets."""
    # In a namespace of its own: a chapter has names such as `picture` too.
    notebook.cells.insert(0, nbformat.v4.new_code_cell(f"import runpy\nrunpy.run_path({str(STATES)!r});"))
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TQDM_DISABLE": "1"}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment)
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    return {cell.id: [still(output, widgets) for output in cell.outputs]
            for cell in notebook.cells if cell.cell_type == "code"}


def still(output, widgets):
    """A widget as the picture that it holds at the end of the run, if it holds one; any other output as it is."""
    view = output.get("data", {}).get(WIDGET)
    if view is None:
        return output
    parts, names = [], [view["model_id"]]
    while names:
        parts.append(widgets[names.pop()])
        names += [child.removeprefix("IPY_MODEL_") for child in parts[-1]["state"].get("children", ())]
    settings = ", ".join(f"{part['state']['description']} {part['state']['value']:g}" for part in parts
                         if isinstance(part["state"].get("value"), (int, float)) and part["state"].get("description"))
    for part in parts:
        if part["model_name"] == "ImageModel":
            picture = next(buffer["data"] for buffer in part["buffers"] if buffer["path"] == ["value"])
            kind = f"image/{part['state'].get('format', 'png')}"
            caption = f"What this cell shows when its run has ended, with {settings}."
            return nbformat.v4.new_output("display_data", {kind: picture, "text/plain": caption},
                                          metadata={kind: {"alt": caption, "width": part["state"].get("width", "")}})
    return output
