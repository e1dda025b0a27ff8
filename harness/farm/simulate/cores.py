"""Processors that all who compute share alike, as an operating system does it."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import simpy


class Cores:
    """``yield from work(s)`` takes s seconds alone, and longer the more others are at it."""

    def __init__(self, env: simpy.Environment, number: float) -> None:
        self._env, self._number = env, number
        self._left: dict[simpy.Event, float] = {}  # processor seconds still to do
        self._at = 0.0
        self._turn = 0

    def work(self, seconds: float) -> Generator[simpy.Event, Any, None]:
        """Do ``seconds`` of processor time."""
        if seconds <= 0:
            return
        done = self._env.event()
        self._advance()
        self._left[done] = seconds
        self._plan()
        yield done

    def _speed(self) -> float:
        return min(1.0, self._number / len(self._left)) if self._left else 0.0

    def _advance(self) -> None:
        passed, self._at = self._env.now - self._at, self._env.now
        speed = self._speed()
        for event in self._left:
            self._left[event] -= passed * speed

    def _plan(self) -> None:
        self._turn += 1
        if self._left:
            self._env.process(self._wake(self._turn, min(self._left.values()) / self._speed()))

    def _wake(self, turn: int, delay_s: float) -> Generator[simpy.Event, Any, None]:
        # Never so short that the clock would not move: it would be asked again and again at the same moment.
        yield self._env.timeout(max(delay_s, math.ulp(self._env.now)))
        if turn != self._turn:
            return  # somebody came or went meanwhile, and planned anew
        self._advance()
        for event in [event for event, left in self._left.items() if left <= 1e-9]:
            del self._left[event]
            event.succeed()
        self._plan()
