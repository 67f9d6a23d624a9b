"""The studio's drawing of the distances, point by point: a line drawn at the wrong place would be believed."""

import re
import xml.etree.ElementTree as Xml

import pytest

from helpers.studio.curves import curves, fine

LEFT, RIGHT, TOP, BOTTOM = 30, 270, 10, 84                         # of a drawing 360 × 92


def records(content, style=None, tv=None, first=1):
    """A history with these content distances, and 1 for the others."""
    ones = [1.0] * len(content)
    return [{"evaluation": first + n, "content": c, "style": s, "tv": t}
            for n, (c, s, t) in enumerate(zip(content, style or ones, tv or ones, strict=True))]


def drawn(history, changes=(), **size):
    return Xml.fromstring(curves(history, changes, **size))


def line(svg, name):
    """The points of one distance, as [(x, y)]."""
    points = svg.find(f"polyline[@class='{name}']").get("points")
    return [tuple(map(float, point.split(","))) for point in points.split()]


def names(svg):
    return {text.get("class"): float(text.get("y")) for text in svg.iter("text") if text.get("class")}


def test_a_line_is_logarithmic_and_stays_inside():
    middle = 10 ** -0.75                                           # halfway between its lowest and its highest power
    history = records([10, 1e9, middle, 10 ** -2.5, 1e-9, 0.0])
    points = line(drawn(history), "content")
    assert points == [(LEFT, TOP), (78, TOP), (126, (TOP + BOTTOM) / 2), (174, BOTTOM), (222, BOTTOM), (RIGHT, BOTTOM)]
    wide = line(drawn(history, width=1120, height=218), "content")
    assert wide == [(30, 10), (230, 10), (430, 110), (630, 210), (830, 210), (1030, 210)]
    assert line(drawn(records([1, 10, 1], first=41)), "content")[1] == (150, TOP), "wherever the counting begins"


def test_the_grid_names_the_powers_that_the_lines_pass():
    svg = drawn(records([0.01, 0.1, 1, 10]))
    heights = [y for _, y in line(svg, "content")]
    grid = [path.get("d") for path in svg.iter("path")]
    assert grid == [f"M30,{y:.1f}H270" for y in heights]
    labels = [(text.text, float(text.get("y"))) for text in svg.iter("text") if not text.get("class")]
    assert [label for label, _ in labels] == ["0.01", "0.1", "1", "10"]
    assert [round(at - y, 3) for (_, at), y in zip(labels, heights, strict=True)] == [4] * 4
    assert {text.get("x") for text in svg.iter("text") if not text.get("class")} == {"26"}
    assert "".join(svg.itertext()) == "0.010.1110contentstylesmoothness", "and nothing else is written"


def test_each_change_is_marked_once_and_only_where_something_is_drawn():
    history = records([1.0] * 11, first=10)                        # 10 to 20
    svg = drawn(history, [9, 10, 15, 15, 20, 21])
    marks = [re.fullmatch(r"M([\d.]+),8V84", path.get("d"))[1] for path in svg.findall("path[@class='mark']")]
    assert marks == ["30.0", "150.0", "270.0"]


def test_the_names_stand_at_the_ends_of_their_lines_and_apart():
    svg = drawn(records([1, 10], [1, 1e-9], [1, 1]))
    ends = {name: line(svg, name)[-1][1] for name in ("content", "style", "tv")}
    assert names(svg) == {name: end + 4 for name, end in ends.items()}
    assert {text.text for text in svg.iter("text") if text.get("class")} == {"content", "style", "smoothness"}
    assert {text.get("x") for text in svg.iter("text") if text.get("class")} == {"274"}
    together = names(drawn(records([1, 10], [1, 10], [1, 9])))
    assert together == {"content": 14, "style": 27, "tv": 40}
    assert list(names(drawn(records([1, 0.5], [1, 0.1], [1, 5])))) == ["tv", "content", "style"], "from above"


def test_a_long_history_is_thinned_and_keeps_its_ends():
    for count, points in ((2, 2), (200, 200), (399, 399), (400, 201), (1001, 201)):
        svg = drawn(records([1.0] * (count - 1) + [0.1]))
        assert len(line(svg, "style")) == points
        assert line(svg, "content")[0][0] == LEFT and line(svg, "content")[-1] == (RIGHT, line(svg, "content")[-1][1])
        assert line(svg, "content")[-1][1] > line(svg, "content")[-2][1]
        assert svg.get("aria-label") == f"Distances over {count} evaluations, now content 0.1, style 1, tv 1"
        assert svg.get("viewBox") == "0 0 360 92"


@pytest.mark.parametrize("history", [[], records([1.0])], ids=["none", "one"])
def test_of_less_than_two_records_nothing_is_drawn(history):
    assert curves(history, []) == ""


def test_two_records_of_one_evaluation_are_drawn_at_the_left():
    history = records([1.0]) + records([0.1])
    assert [x for x, _ in line(drawn(history), "content")] == [LEFT, LEFT]


def test_coarse_records_repeat_the_number_before_them_and_are_left_out():
    numbers = [0, 0, 1, 2, 2, 2, 3, 3, 4]
    history = [{"evaluation": n, "place": place} for place, n in enumerate(numbers)]
    assert [record["place"] for record in fine(history)] == [2, 3, 6, 8]
    assert fine([]) == []


def test_each_line_has_dashes_of_its_own():
    svg = drawn(records([1.0, 1.0]))
    dashes = [one.get("stroke-dasharray") for one in svg.findall("polyline")]
    assert dashes == ["", "6 3", "2 3"]
