"""A small extension of Jupyter's server: a chapter that was only opened is not marked as changed.

JupyterLab writes the kernel's name and Python's version into a notebook as soon as its kernel runs. Where the file
says something else, its tab shows unsaved changes at once, and two minutes later the file is written. So the server
hands out each notebook described as this environment's kernel is going to describe itself. `etc/jupyter` enables it.
"""

import inspect

from ipykernel.ipkernel import IPythonKernel


def _jupyter_server_extension_points():
    return [{"module": "helpers.lab"}]


def _link_jupyter_server_extension(app):
    """Called by the server, before it makes its manager of files: ours is the same one with another `get`."""

    class Contents(app.contents_manager_class):
        async def get(self, *args, **options):
            model = super().get(*args, **options)
            model = await model if inspect.isawaitable(model) else model
            if model["type"] == "notebook" and model["content"]:
                describe(model["content"]["metadata"], app.kernel_spec_manager)
            return model

    app.contents_manager_class = Contents


def _load_jupyter_server_extension(app):
    """The server asks for this as well; nothing is left to do."""


def describe(metadata, specs):
    """Have the metadata of a notebook for "python3" say what the kernel of that name, among `specs`, will say."""
    if metadata.get("kernelspec", {}).get("name") == "python3":
        spec = specs.get_kernel_spec("python3")
        metadata["kernelspec"] = {"display_name": spec.display_name, "language": spec.language, "name": "python3"}
        metadata["language_info"] = dict(IPythonKernel.language_info)
