"""Keeps servers and programs alive and stops them in order."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from launch.programs import why_it_ended
from launch.screen import CannotStart, say

LOOK_EVERY = 0.1
LONG_LIFE = 10.0
LONGEST_PAUSE = 30.0


class Service(Protocol):
    """Something that is started, may die, and is started again."""

    name: str

    @property
    def pid(self) -> int | None: ...
    def start(self, *, stopping: Callable[[], bool]) -> None: ...
    def exit_code(self) -> int | None: ...
    def ask_to_stop(self) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Life:
    """When a service was last started and how patient we are with it by now."""

    began: float
    early_deaths: int = 0
    again_at: float | None = None


class Supervisor:
    def __init__(
        self,
        *,
        stopping: Callable[[], bool],
        log_folder: Path,
        on_start: Callable[[str, int | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stopping = stopping
        self.log_folder = log_folder
        self.on_start = on_start
        self.clock = clock
        self.services: list[Service] = []
        self.lives: dict[str, Life] = {}

    def start(self, services: Sequence[Service]) -> None:
        """Start them in this order; the first failure is for the caller."""
        for service in services:
            if self.stopping():
                return
            self.services.append(service)  # first, so that a half-started one is stopped too
            self.lives[service.name] = Life(self.clock())
            service.start(stopping=self.stopping)
            self.on_start(service.name, service.pid)

    def watch(self) -> None:
        while not self.stopping():
            self.revive()
            time.sleep(LOOK_EVERY)

    def revive(self) -> None:
        """Start again what has died: at once after a long life, ever later after short ones."""
        for service in self.services:
            code = service.exit_code()
            if code is None:
                continue
            life = self.lives[service.name]
            if life.again_at is None:
                life.again_at = self.clock() + self._pause(life)
                log = self.log_folder / f"{service.name}.log"
                say(f"{service.name} {why_it_ended(code)}; starting it again. What it said is in {log}")
            if self.clock() >= life.again_at and not self.stopping():
                self._start_again(service, life)

    def _pause(self, life: Life) -> float:
        if self.clock() - life.began >= LONG_LIFE:
            life.early_deaths = 0
            return 0.0
        life.early_deaths += 1
        return float(min(2 ** (life.early_deaths - 1) - 1, LONGEST_PAUSE))  # 0, 1, 3, 7 ... seconds

    def _start_again(self, service: Service, life: Life) -> None:
        life.began, life.again_at = self.clock(), None
        try:
            service.start(stopping=self.stopping)
        except CannotStart as error:
            life.early_deaths += 1
            life.again_at = self.clock() + min(2**life.early_deaths, LONGEST_PAUSE)
            say(str(error))
        self.on_start(service.name, service.pid)

    def wait_until_healthy(self, healthy: Callable[[], bool], *, patience: float) -> bool:
        """False if somebody wants us to stop, time is up, or a service died before it was ready."""
        deadline = self.clock() + patience
        while not healthy():
            if self.stopping() or self.somebody_died() or self.clock() > deadline:
                return False
            time.sleep(LOOK_EVERY)
        return True

    def somebody_died(self) -> bool:
        return any(service.exit_code() is not None for service in self.services)

    def stop(self, order: Sequence[str], *, together: frozenset[str]) -> None:
        """Those named in `together` are asked at once and then waited for; the others one after the other."""
        known = {service.name: service for service in self.services}
        for name in together & known.keys():
            known[name].ask_to_stop()
        for name in order:
            if service := known.get(name):
                service.stop()
