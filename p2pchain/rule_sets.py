"""Rule sets of switching: `GB`, `EU` and `test`, each figure with where it comes from.

Where sources differ, or leave a figure open, the figure is ours and says so. The regulator of a
market publishes one of them (`p2pchain admin rules`); the contract keeps what was published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from p2pchain.errors import BadInput
from p2pchain.points import CustomerClass
from p2pchain.switching import Reason, Rules

_KWH = 1_000
_HOUR = 3_600
_ALL = 0b111
_DOMESTIC = 1 << CustomerClass.DOMESTIC
_BUSINESS = _ALL & ~_DOMESTIC
_30_POUNDS = 30 * 10**9

OFGEM_SWITCH = (
    "Ofgem, Supplier Guaranteed Standard of Performance: switch speed decision (2024): five "
    "working days, 30 GBP"
)
OFGEM_COMPENSATION = "Ofgem, Get compensation for problems switching energy suppliers"
OFGEM_FINAL_BILL = "Ofgem, press release of May 2020 on switching guarantees"
DIRECTIVE_12 = "Directive (EU) 2019/944, Article 12"
DIRECTIVE_RIGHTS = "Directive 2011/83/EU, Article 9: fourteen days"
OURS = "ours"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rule set without its calendar: what it is for, its figures, and what each comes from."""

    title: str
    figures: Mapping[str, Any]
    sources: Mapping[str, str]

    def rules(self, calendar: int) -> Rules:
        """Return the rules with the days of a calendar."""
        return Rules(calendar=calendar, **self.figures)

    def changed(self, figures: Iterable[str]) -> RuleSet:
        """Return a copy with other figures, each as `rule=value`. Raises BadInput."""
        changed = dict(self.figures)
        for text in figures:
            name, _, typed = text.partition("=")
            if name not in changed:
                raise BadInput(f"there is no rule '{name}'", hint=f"one of {', '.join(changed)}")
            changed[name] = _figure(text, typed, changed[name])
        return replace(self, figures=changed)


def _figure(text: str, typed: str, before: Any) -> Any:
    """What was typed for a rule, of the kind that it has."""
    wanted = len(before) if isinstance(before, tuple) else 1
    parts = typed.split(",")
    if len(parts) != wanted or not all(part.strip().isdecimal() for part in parts):
        how = "a whole number" if wanted == 1 else f"{wanted} whole numbers with commas"
        raise BadInput(f"'{text}' says nothing", hint=f"{text.partition('=')[0]}= and {how}")
    found = tuple(map(int, parts))
    return found if isinstance(before, tuple) else found[0]


def _by_reason(classes: Mapping[Reason, int]) -> tuple[int, ...]:
    return tuple(classes.get(reason, 0) for reason in Reason)


def _made(title: str, figures: Mapping[str, tuple[Any, str]]) -> RuleSet:
    return RuleSet(
        title,
        {name: value for name, (value, _) in figures.items()},
        {name: source for name, (_, source) in figures.items()},
    )


_GB: Final = _made(
    "Great Britain",
    {
        "gate_seconds": (7 * _HOUR, f"{OURS}: 17:00 on the day before, as the switching service"),
        "advance_days": (28, "EDF, Shell Energy: a switch is registered up to 28 days ahead"),
        "switch_days": (5, OFGEM_SWITCH),
        "standstill_days": (5, f"{OURS}: as the switching service"),
        "objection_days": ((1, 2, 2), f"{OURS}: one working day, two where it is no household"),
        "resolution_days": (1, f"{OURS}: five before the switching service of July 2022"),
        "cooling_off_days": ((14, 0, 0), "Ofgem: households, fourteen days, cannot be waived"),
        "objection_classes": (
            _by_reason(
                {
                    Reason.DEBT: _DOMESTIC,
                    Reason.CONTRACT_TERMS: _BUSINESS,
                    Reason.ERRONEOUS_TRANSFER: _ALL,
                    Reason.CUSTOMER_REQUEST: _BUSINESS,
                    Reason.RELATED_POINTS: _ALL,
                }
            ),
            "Ofgem, As-is business processes: debt for households, contract terms for others",
        ),
        "read_days": (5, "OVO, Bryt: a reading within five days of the start of supply"),
        "evidence_days": (14, "OVO, Daligas: two readings two weeks apart; Shell, Yorkshire: one"),
        "dispute_days": ((98, 56), "Yorkshire Energy: 14 weeks for electricity, 8 for gas"),
        "dispute_above_wh": (
            (250 * _KWH, 1_200 * _KWH),
            "OVO, Daligas: 250 kWh, and 1,200 kWh of gas",
        ),
        "final_bill_days": (42, OFGEM_FINAL_BILL),
        "refund_days": (10, OFGEM_FINAL_BILL),
        "claim_days": (365, f"{OURS}: bills go back twelve months at most"),
        "answer_days": (20, OFGEM_COMPENSATION),
        "return_days": (21, OFGEM_COMPENSATION),
        "compensation_days": (10, OFGEM_COMPENSATION),
        "liability_nano": (_30_POUNDS, OFGEM_SWITCH),
    },
)

_EU: Final = _made(
    "European Union, from 2026 on",
    {
        "gate_seconds": (2 * _HOUR, f"{OURS}; {DIRECTIVE_12}: the technical step takes a day"),
        "advance_days": (28, OURS),
        "switch_days": (1, f"{DIRECTIVE_12}: 24 hours, on any working day"),
        "standstill_days": (0, f"{DIRECTIVE_12}: whoever wants may switch"),
        "objection_days": ((0, 0, 0), f"{DIRECTIVE_12}: names no right to object"),
        "resolution_days": (1, OURS),
        "cooling_off_days": ((14, 0, 0), DIRECTIVE_RIGHTS),
        "objection_classes": (_by_reason({}), f"{DIRECTIVE_12}: names no right to object"),
        "read_days": (5, OURS),
        "evidence_days": (14, OURS),
        "dispute_days": ((98, 56), OURS),
        "dispute_above_wh": ((250 * _KWH, 1_200 * _KWH), OURS),
        "final_bill_days": (42, "Directive (EU) 2019/944, Article 10: six weeks after a switch"),
        "refund_days": (10, OURS),
        "claim_days": (365, OURS),
        "answer_days": (20, OURS),
        "return_days": (21, OURS),
        "compensation_days": (10, OURS),
        "liability_nano": (0, "Article 10: compensation is left to the contract"),
    },
)

_TEST: Final = _made(
    "days instead of weeks, for tests",
    {
        "gate_seconds": (7 * _HOUR, OURS),
        "advance_days": (10, OURS),
        "switch_days": (2, OURS),
        "standstill_days": (1, OURS),
        "objection_days": ((1, 1, 0), OURS),
        "resolution_days": (1, OURS),
        "cooling_off_days": ((5, 0, 0), OURS),
        "objection_classes": (_GB.figures["objection_classes"], OURS),
        "read_days": (1, OURS),
        "evidence_days": (1, OURS),
        "dispute_days": ((4, 3), OURS),
        "dispute_above_wh": ((5 * _KWH, 10 * _KWH), OURS),
        "final_bill_days": (3, OURS),
        "refund_days": (1, OURS),
        "claim_days": (8, OURS),
        "answer_days": (2, OURS),
        "return_days": (2, OURS),
        "compensation_days": (1, OURS),
        "liability_nano": (_30_POUNDS, OURS),
    },
)

RULE_SETS: Final[Mapping[str, RuleSet]] = {"GB": _GB, "EU": _EU, "test": _TEST}


def rule_set(name: str) -> RuleSet:
    """Return a rule set by its name. Raises BadInput."""
    for known, found in RULE_SETS.items():
        if known.lower() == name.lower():
            return found
    raise BadInput(f"there is no rule set '{name}'", hint=f"one of {', '.join(RULE_SETS)}")
