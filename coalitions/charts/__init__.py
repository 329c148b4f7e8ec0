"""Geometry of the pictures: numbers in, dataclasses with ready SVG coordinates out.

Coordinates are strings with a point as decimal sign, so that no locale can break them in a template; the
numbers that a person reads stay numbers, and the template writes them by locale. `rtl=True` mirrors a
picture, so that time runs in the reading direction. Text anchors stay: SVG text follows the page's direction.
"""

from coalitions.charts.fan import fan, fan_picture
from coalitions.charts.histogram import Histogram, histogram
from coalitions.charts.inputs import Bins, Day, Moment, Past
from coalitions.charts.picture import Fan, Picture
from coalitions.charts.small import Delta, Meter, Spark, delta, meter, spark
from coalitions.charts.trend import Trend, trend

__all__ = [
    "Bins",
    "Day",
    "Delta",
    "Fan",
    "Histogram",
    "Meter",
    "Moment",
    "Past",
    "Picture",
    "Spark",
    "Trend",
    "delta",
    "fan",
    "fan_picture",
    "histogram",
    "meter",
    "spark",
    "trend",
]
