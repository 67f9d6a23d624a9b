"""Sphinx's settings for the book. build.py gathers its pages; nothing is fetched, neither now nor by a reader."""

import json
import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

project = "Neural style transfer, step by step"
html_title = project
copyright = "the authors; code MIT, text CC BY 4.0"
language = "en"

extensions = ["myst_nb", "sphinx_copybutton"]
exclude_patterns = ["data/atlas", "data/content", "data/style"]      # pictures only; pages would be listed twice
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath", "html_image"]
myst_update_mathjax = False

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_extra_path = ["_build/beside"]
html_use_index = False
html_copy_source = html_show_sourcelink = False
html_show_search_summary = False     # a page that was opened from a file may not read the others: static/search.js
copybutton_selector = "div.cell_input pre, div.highlight-sh pre, div.highlight-python pre"

html_math_renderer = "mathml"


# A ‖ that the converter left as it was; lines over and under a term, which as stretched signs may be painted in part
MENDED = [(r"<mo>&#x02016;</mo>|<mo [^>]*>\\[lr]Vert</mo>", r'<mo stretchy="false">&#x02016;</mo>'),
          (r'<mover><mrow>((?:(?!<mover>).)*?)</mrow><mo accent="true">&#x02015;</mo></mover>',
           r'<mrow class="over">\1</mrow>'),
          (r"<munder><mrow>((?:(?!<munder>).)*?)</mrow><mo>&#x23DF;</mo></munder>", r'<mrow class="under">\1</mrow>')]


def mathml(node, display="inline"):
    """A formula's LaTeX as MathML. Its ‖ keeps its size, as in LaTeX."""
    found = convert(node.astext(), display=display)
    for pattern, sign in MENDED:
        found = re.sub(pattern, sign, found)
    return found


def inline_formula(self, node):
    self.body.append(mathml(node))
    raise nodes.SkipNode


def formula(self, node):
    self.body.append(f'<div class="math">{mathml(node, "block")}</div>')
    raise nodes.SkipNode


def keep_together(app, document, page):
    """No line begins with the full stop that follows a formula."""
    for node in list(document.findall(nodes.math)):
        after = node.next_node(descend=False, siblings=True)
        mark = isinstance(after, nodes.Text) and re.match(r"[.,;:!?)]+", after)
        if mark:
            node.parent.replace(after, nodes.Text(after[mark.end():]))
            together = nodes.inline(classes=["together"])
            node.parent.replace(node, together)
            together += [node, nodes.Text(mark[0])]


def sections(document):
    """A page by sections: [[id, title, its text: prose first, then code and its outputs], …]; a section's own sections
    stand by themselves."""
    for node in list(document.findall(lambda node: isinstance(node, (nodes.raw, nodes.math_block)))):
        node.parent.remove(node)
    found = []
    for section in document.findall(nodes.section):
        title, *rest = (node for node in section.children if not isinstance(node, nodes.section))
        rest.sort(key=lambda node: isinstance(node, nodes.container))            # a notebook's code cell is one
        found.append([section["ids"][0], title.astext(), " ".join(" ".join(node.astext() for node in rest).split())])
    return found


def write_texts(app, error):
    """What static/search.js looks through."""
    if error is None:
        texts = {name: sections(app.env.get_doctree(name)) for name in sorted(app.env.found_docs)}
        text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "texts.js").write_text(f"const TEXTS = {text};\n", encoding="utf-8")


def setup(app):
    app.connect("doctree-resolved", keep_together)
    app.connect("build-finished", write_texts)
    app.add_html_math_renderer("mathml", (inline_formula, None), (formula, None))
