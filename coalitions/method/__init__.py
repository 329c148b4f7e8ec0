"""The arithmetic of turnout and strength: facts in, result out. No Django, no clock, no input or output."""

from coalitions.method.facts import Facts
from coalitions.method.measure import VERSION, Measured, measure

__all__ = ["VERSION", "Facts", "Measured", "measure"]
