"""hil: proves on the board what was measured on the laptop."""

__version__ = "0.1.0"
