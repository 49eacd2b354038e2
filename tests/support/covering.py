"""Covering arrays: few cases in which every combination of any few parameters occurs at least once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

Case = dict[str, str]
Part = frozenset[tuple[str, str]]


def covering(
    parameters: Mapping[str, Sequence[str]], allowed: Callable[[Case], bool] = lambda case: True, strength: int = 2
) -> list[Case]:
    """Cases in which every combination of `strength` values of different parameters occurs that `allowed` permits.

    `allowed` also gets cases that are not whole yet; what it permits there must have a permitted whole. The same
    arguments give the same cases in the same order.
    """
    missing = dict.fromkeys(combinations(parameters, allowed, strength))
    cases = []
    while missing:
        case = dict(next(iter(missing)))
        for name in (n for n in parameters if n not in case):
            choices = [c for value in parameters[name] if allowed(c := {**case, name: value})]
            gains = [sum(part in missing for part in _parts(c, name, strength)) for c in choices]
            # Where no choice covers more than another, the first: put what is cheap first.
            case = choices[gains.index(max(gains))]
        for part in itertools.combinations(case.items(), strength):
            missing.pop(frozenset(part), None)
        cases.append({name: case[name] for name in parameters})
    return cases


def combinations(parameters: Mapping[str, Sequence[str]], allowed: Callable[[Case], bool], strength: int) -> list[Part]:
    """Every combination of `strength` values that `allowed` permits."""
    return [
        frozenset(zip(names, values, strict=True))
        for names in itertools.combinations(parameters, strength)
        for values in itertools.product(*(parameters[n] for n in names))
        if allowed(dict(zip(names, values, strict=True)))
    ]


def _parts(case: Case, name: str, strength: int) -> list[Part]:
    """Combinations of `case` that hold `name`."""
    others = [item for item in case.items() if item[0] != name]
    return [frozenset((*some, (name, case[name]))) for some in itertools.combinations(others, strength - 1)]
