"""The pictures: all stays inside its frame, labels keep their distance, unknown is drawn as unknown."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalitions import charts
from coalitions.charts.bins import bars
from coalitions.charts.scale import LINE, px, round_step, spread, ticks

TODAY = date(2026, 12, 7)
MARCH = date(2026, 12, 12)
SIZES = ("desk", "mid", "phone")
people = st.floats(min_value=0, max_value=1e9, allow_nan=False)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def xs_and_ys(points: str) -> list[tuple[float, float]]:
    return [tuple(numbers(pair)) for pair in points.split()]  # type: ignore[misc]


def a_day(when: date = TODAY, *, median: float = 1000) -> charts.Day:
    return charts.Day(when, median * 0.7, median * 0.85, median, median * 1.15, median * 1.3)


def a_fan(days: list[charts.Day] | None = None, **changes) -> charts.Fan:
    given_days = [a_day(TODAY - timedelta(days=30), median=400), a_day()] if days is None else days
    return charts.fan(given_days, **{"today": TODAY, "day_of_action": MARCH, **changes})


def all_coordinates(fan: charts.Fan) -> list[tuple[float, float]]:
    shapes = [fan.band80, fan.band50, fan.median_line]
    pairs = [pair for shape in shapes for pair in xs_and_ys(shape)]
    labels = [*fan.figures, *fan.bounds, fan.today_label, fan.mass_label, fan.chance_label, fan.small_figure]
    pairs += [(float(label.x), float(label.y)) for label in labels if label]
    pairs += [(float(mark.x), float(mark.y)) for mark in fan.past]
    pairs += [(float(tick.x), float(fan.days_y)) for tick in fan.days]
    return pairs


# Small things -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"), [(12.0, "12"), (12.34, "12.3"), (-0.01, "0"), (1e7, "10000000")]
)
def test_a_coordinate_has_one_decimal_at_most_and_no_exponent(value, written):
    assert px(value) == written


@given(st.floats(min_value=0.001, max_value=1e12), st.integers(min_value=2, max_value=9))
def test_ticks_start_at_zero_stay_below_the_top_and_are_few(top, most):
    found = ticks(top, most=most)
    assert found[0] == 0
    assert found[-1] <= max(top, 0)
    assert len(found) <= most + 1


def test_the_axis_of_2600_people_has_steps_of_500():
    assert round_step(2600) == 500
    assert ticks(2600) == [0, 500, 1000, 1500, 2000, 2500]


@given(st.lists(st.floats(min_value=-50, max_value=450), min_size=1, max_size=8))
def test_labels_that_are_spread_keep_order_gap_and_range(wanted):
    placed = spread(wanted, gap=LINE, low=14, high=346)
    assert all(after - before >= LINE - 1e-6 for before, after in pairwise(placed))
    assert placed[0] >= 14 - 1e-6
    assert placed[-1] <= 346 + 1e-6


def test_labels_with_room_stay_where_they_were_wanted():
    assert spread([20, 100, 300], gap=LINE, low=14, high=346) == [20, 100, 300]


def test_two_labels_in_one_place_move_apart_evenly():
    assert spread([100, 100], gap=20, low=0, high=300) == [90, 110]


# Meter, sparkline, delta --------------------------------------------------------------------------


def test_a_meter_places_dot_band_and_gate_in_percent():
    meter = charts.meter(72.1, low=69.6, high=72.8, gate=25, scale=100)
    assert (meter.dot, meter.band, meter.band_width, meter.gate) == ("72.1", "69.6", "3.2", "25")


def test_an_unknown_value_has_neither_dot_nor_band():
    meter = charts.meter(None, low=0.1, high=0.2)
    assert (meter.known, meter.dot, meter.band_width) == (False, "", "")


def test_a_meter_that_reads_from_the_right_is_mirrored():
    meter = charts.meter(0.9, low=0.8, high=1.0, rtl=True)
    assert (meter.dot, meter.band, meter.band_width) == ("10", "0", "20")


@given(people, people, people)
def test_a_meter_never_leaves_its_line(value, low, high):
    meter = charts.meter(value, low=low, high=high)
    assert 0 <= float(meter.dot) <= 100
    assert float(meter.band) >= 0
    assert float(meter.band) + float(meter.band_width) <= 100.1


def test_a_sparkline_leaves_out_what_is_unknown():
    assert charts.spark([None, 0.5, None]).values == (0.5,)
    assert charts.spark([None]).last is None


def test_one_half_lies_on_the_dotted_line():
    spark = charts.spark([0.5])
    assert spark.last is not None
    assert spark.last[1] == spark.half


def test_more_than_everybody_lifts_the_ceiling_and_is_not_cut():
    spark = charts.spark([1.0, 2.0])
    assert spark.last is not None
    assert float(spark.dots[0][1]) > float(spark.last[1]) >= 3


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=40), st.booleans())
def test_a_sparkline_stays_in_its_box_and_keeps_the_latest_twelve(values, rtl):
    spark = charts.spark(values, rtl=rtl)
    places = [*spark.dots, *([spark.last] if spark.last else [])]
    assert len(places) == min(len(values), 12)
    assert spark.values == tuple(values[-12:])
    assert all(0 <= float(x) <= 94 and 0 <= float(y) <= 28 for x, y in places)


def test_a_gain_grows_with_the_reading_direction_and_a_loss_against_it():
    gain, loss = charts.delta(0.5, largest=1), charts.delta(-0.5, largest=1)
    assert (gain.start, gain.width, gain.direction) == ("50", "23", "up")
    assert (loss.start, loss.width, loss.direction) == ("27", "23", "down")
    assert charts.delta(0.5, largest=1, rtl=True).start == "27"
    assert charts.delta(0, largest=0).direction == ""


# The forecast -------------------------------------------------------------------------------------


def test_the_worked_picture_stands_where_the_design_has_it():
    fan = a_fan(critical_mass=1400, upper=2600, lower=462)
    assert fan.width == "960"
    assert fan.ticks[0].path.startswith("M56 346H")
    assert [tick.value for tick in fan.ticks] == [0, 500, 1000, 1500, 2000, 2500]
    assert fan.days[0].date == TODAY - timedelta(days=30)
    assert fan.days[-1].date == MARCH


def test_what_the_picture_says_is_what_it_was_given():
    fan = a_fan(critical_mass=900, chance=0.6, lower=300, upper=1200)
    assert (fan.median, fan.low, fan.high) == (1000, 700, 1300)
    assert (fan.critical_mass, fan.chance, fan.lower, fan.upper) == (900, 0.6, 300, 1200)
    assert (fan.first_median, fan.first_date) == (400, TODAY - timedelta(days=30))


@st.composite
def histories(draw) -> list[charts.Day]:
    ages = draw(st.lists(st.integers(min_value=-3, max_value=500), min_size=0, max_size=30))
    return [
        charts.Day(TODAY - timedelta(days=age), *sorted(draw(st.lists(people, min_size=5, max_size=5))))
        for age in ages
    ]


@st.composite
def situations(draw) -> dict[str, object]:
    days_left = draw(st.integers(min_value=-20, max_value=400))
    lower, upper = sorted(draw(st.tuples(people, people)))
    ages = st.integers(min_value=-9, max_value=400)
    past = draw(st.lists(st.tuples(ages, st.text(max_size=60), people), max_size=8))
    return {
        "points": draw(histories()),
        "day_of_action": TODAY + timedelta(days=days_left),
        "critical_mass": draw(st.none() | st.integers(min_value=1, max_value=10**9)),
        "past": [charts.Past(TODAY - timedelta(days=age), label, count) for age, label, count in past],
        "size": draw(st.sampled_from(SIZES)),
        "rtl": draw(st.booleans()),
        **draw(st.sampled_from([{}, {"lower": lower, "upper": upper}])),
    }


@given(situations())
def test_nothing_ever_leaves_the_frame(situation):
    histogram = charts.Bins([0, 500, 1000, 5000], [1, 5, 2])
    fan = charts.fan(**situation, today=TODAY, histogram=histogram, chance=0.4)
    width, height = float(fan.width), float(fan.height)
    assert all(-1 <= x <= width + 1 and 0 <= y <= height for x, y in all_coordinates(fan))
    paths = fan.over + fan.under + fan.whisker + fan.mass_path + fan.bracket + fan.figure_ticks
    assert all(-5 <= number <= width + 5 for number in numbers(paths))


@given(histories(), st.sampled_from(SIZES))
def test_a_mirrored_picture_is_the_same_picture_read_from_the_other_side(history, size):
    left, right = (a_fan(history, critical_mass=500, size=size, rtl=rtl) for rtl in (False, True))
    width = float(left.width)
    for here, there in zip(xs_and_ys(left.median_line), xs_and_ys(right.median_line), strict=True):
        assert here[0] + there[0] == pytest.approx(width, abs=0.11)
        assert here[1] == there[1]
    assert [float(a.x) + float(b.x) for a, b in zip(left.days, right.days, strict=True)] == pytest.approx(
        [width] * len(left.days), abs=0.11
    )


def test_one_day_of_history_is_a_level_band_up_to_the_day():
    fan = a_fan([a_day()])
    line = xs_and_ys(fan.median_line)
    assert len(line) == 2
    assert line[0][1] == line[1][1]
    assert fan.today_path == ""


def test_a_forecast_made_on_the_day_itself_still_has_its_whisker():
    fan = a_fan([a_day(MARCH)], today=MARCH)
    assert fan.whisker
    assert fan.dot is not None


def test_no_forecast_leaves_an_empty_plot_with_its_line():
    fan = a_fan([], critical_mass=1400)
    assert (fan.band80, fan.whisker, fan.dot, fan.figures, fan.median) == ("", "", None, (), None)
    assert fan.mass_path
    assert fan.mass_label is not None


def test_without_a_critical_mass_there_is_no_line_and_every_bar_is_alike():
    fan = a_fan(histogram=charts.Bins([500, 900, 1300], [3, 4]))
    assert (fan.mass_path, fan.mass_label, fan.chance_label, fan.under) == ("", None, None, "")
    assert fan.over


def test_a_forecast_of_nobody_is_drawn_on_the_axis_below_the_line():
    fan = a_fan([a_day(median=0)], critical_mass=1400)
    assert {y for _, y in xs_and_ys(fan.band80)} == {346.0}
    assert not fan.mass_is_above
    heights = [float(label.y) for label in fan.figures]
    assert all(after - before >= LINE - 0.2 for before, after in pairwise(heights))


def test_a_line_far_above_everything_is_named_instead_of_flattening_the_forecast():
    fan = a_fan(critical_mass=1_000_000)
    assert (fan.mass_is_above, fan.mass_path) == (True, "")
    assert fan.mass_label is not None
    assert float(fan.dot[1]) < 200 if fan.dot else False


def test_a_forecast_from_after_the_action_is_left_out():
    fan = a_fan([a_day(), a_day(MARCH + timedelta(days=1), median=9000)])
    assert fan.median == 1000


def test_the_later_of_two_forecasts_of_one_day_counts():
    assert a_fan([a_day(median=100), a_day(median=200)]).median == 200


def test_bars_are_cut_at_the_line_so_that_areas_show_the_chance():
    found = bars(charts.Bins([0, 1000, 2000], [2, 6]), line=1500, top_value=2000)
    assert [(bar.low, bar.high, bar.is_over) for bar in found] == [
        (0, 1000, False),
        (1000, 1500, False),
        (1500, 2000, True),
    ]
    area = {
        over: sum((b.high - b.low) * b.share for b in found if b.is_over is over) for over in (True, False)
    }
    assert area[True] / (area[True] + area[False]) == pytest.approx(3 / 8)


def test_a_long_thin_tail_does_not_flatten_the_rest():
    edges = [*range(0, 2001, 100), 50_000]
    fan = a_fan(histogram=charts.Bins(edges, [50] * 20 + [1]))
    assert max(tick.value for tick in fan.ticks) <= 2000


def test_long_numbers_push_the_plot_aside_instead_of_running_out():
    short, long = a_fan(), a_fan([a_day(median=40_000_000)])
    assert float(long.tick_x) > float(short.tick_x)
    assert float(long.figures[0].x) < float(short.figures[0].x)


def test_bounds_stand_apart_from_the_whisker_and_only_where_there_is_room():
    desk, phone = (a_fan(lower=500, upper=1200, size=size) for size in ("desk", "phone"))
    assert numbers(desk.bracket)[0] > numbers(desk.whisker)[0] + 80
    assert [label.value for label in desk.bounds] == [1200, None, None, 500]
    assert (phone.bracket, phone.bounds) == ("", ())


def a_past(days_before: int, label: str = "Vigil", count: float = 600) -> charts.Past:
    return charts.Past(TODAY - timedelta(days=days_before), label, count)


def test_labels_of_earlier_counts_give_way_to_each_other():
    fan = a_fan(past=[a_past(12, "Vigil"), a_past(11, "Picket"), a_past(10, "Rally")], size="desk")
    boxes = [(float(m.label.x), float(m.label.y), m.label.anchor) for m in fan.past if m.label]
    assert len(boxes) >= 2
    assert len({(y, anchor) for _, y, anchor in boxes}) == len(boxes)


def test_a_label_that_has_to_stand_off_is_led_back_to_its_circle():
    fan = a_fan(past=[a_past(19, "Picket", 640), a_past(20, "Vigil at the depot", 700)], critical_mass=620)
    vigil = fan.past[1]
    assert vigil.label is not None
    assert vigil.short_name == "Vigil at the depot"
    assert numbers(vigil.leader)[0] == float(vigil.x)
    assert float(vigil.label.y) < numbers(vigil.leader)[2] < numbers(vigil.leader)[1] < float(vigil.y)


def test_a_count_whose_label_finds_no_room_keeps_its_circle_and_its_name():
    many = [a_past(day, f"Action number {day}", 500) for day in range(1, 29)]
    fan = a_fan(past=many, size="phone")
    hidden = [mark for mark in fan.past if mark.label is None]
    assert len(fan.past) == 28
    assert hidden
    assert hidden[0].name.startswith("Action number")


def test_counts_from_outside_the_window_are_left_out():
    assert a_fan(past=[a_past(400), a_past(-40)]).past == ()


def test_a_long_name_is_shortened_on_the_picture_only():
    mark = a_fan(past=[a_past(5, "The very long name of an action that nobody can read")], size="phone").past[
        0
    ]
    assert len(mark.short_name) <= 12
    assert mark.short_name.endswith("…")
    assert mark.name.startswith("The very long name")


def test_today_is_marked_only_between_the_first_forecast_and_the_day():
    assert a_fan().today_path
    assert not a_fan(today=MARCH).today_path
    assert not a_fan(today=MARCH + timedelta(days=3)).today_path


def test_dates_on_the_axis_keep_their_distance():
    for size in SIZES:
        for length in (2, 5, 20, 90, 400, 3000):
            fan = a_fan([a_day(MARCH - timedelta(days=length))], size=size)
            places = [float(day.x) for day in fan.days]
            assert len(places) >= 2
            assert all(after - before >= 60 for before, after in pairwise(places))


def test_a_year_of_daily_forecasts_is_drawn_no_finer_than_the_eye_can_tell():
    days = [a_day(MARCH - timedelta(days=age), median=500 + age) for age in range(365)]
    assert len(xs_and_ys(a_fan(days, size="phone").median_line)) < 80


def test_a_picture_holds_three_widths_of_the_same_forecast():
    picture = charts.fan_picture([a_day()], today=TODAY, day_of_action=MARCH)
    assert [fan.size for fan in picture.sizes] == list(SIZES)
    assert {fan.median for fan in picture.sizes} == {1000}


# The day alone, and the index through time --------------------------------------------------------


def test_the_histogram_of_the_day_starts_at_zero_and_shows_the_line():
    found = charts.histogram(
        charts.Bins([500, 1000, 1500], [5, 5]), critical_mass=1200, low=600, median=1000, high=1400
    )
    assert found.ticks[0][1] == 0
    assert found.line
    assert found.over
    assert found.under
    assert found.whisker


def test_the_histogram_stays_in_its_frame_in_both_directions():
    for rtl in (False, True):
        found = charts.histogram(
            charts.Bins([0, 10, 20], [1, 2]), critical_mass=500, low=1, median=9, high=19, rtl=rtl
        )
        assert all(
            0 <= number <= 400 for number in numbers(found.over + found.under + found.line + found.whisker)
        )


def a_moment(week: int, value: float, width: float | None = 2) -> charts.Moment:
    when = date(2026, 9, 1) + timedelta(days=7 * week)
    return charts.Moment(when, value, *((None, None) if width is None else (value - width, value + width)))


def test_the_trend_reads_from_its_first_to_its_last_moment():
    trend = charts.trend([a_moment(1, 60), a_moment(0, 50), a_moment(2, 72)])
    assert (trend.first_value, trend.last_value) == (50, 72)
    assert [x for x, _ in xs_and_ys(trend.line)] == sorted(x for x, _ in xs_and_ys(trend.line))
    assert trend.band


def test_a_single_moment_is_a_dot_without_a_line():
    trend = charts.trend([a_moment(0, 50, None)])
    assert (trend.line, trend.band) == ("", "")
    assert trend.last is not None


def test_no_moment_is_no_picture():
    assert charts.trend([]).last is None


@given(st.lists(st.floats(min_value=5, max_value=100), min_size=1, max_size=30), st.booleans())
def test_a_trend_spans_ten_points_at_least_and_stays_in_its_frame(values, rtl):
    trend = charts.trend([a_moment(week, value, None) for week, value in enumerate(values)], rtl=rtl)
    (_, _, high), (_, _, low) = trend.guides
    assert high - low >= 10
    assert 0 <= low <= min(values)
    assert max(values) <= high <= 100
    assert all(0 <= x <= 272 and 10 <= y <= 64 for x, y in xs_and_ys(trend.line))
