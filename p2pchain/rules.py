"""Rule sets: which parts of a household's all-in retail price are not energy.

A kWh from a neighbour does not escape network charges, levies and tax, so only the energy part of a
retail price can be saved. Shares are of the all-in price, in parts per million, each with its
source. The energy part (wholesale, supply, margin) is what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from p2pchain.errors import BadInput
from p2pchain.model import TariffRow


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an all-in price, in parts per million, where the figure comes from, and its
    year (None: the source gives none)."""

    name: str
    share_ppm: int
    source: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Network, levies and tax of one place; `note` says what the figures are worth."""

    name: str
    network: Share
    levies: Share
    tax: Share
    note: str

    @property
    def shares(self) -> tuple[Share, ...]:
        return (self.network, self.levies, self.tax)

    def split(self, retail_nano: int, feed_in_nano: int = 0) -> TariffRow:
        """Return the row of an all-in retail price, nano-currency per Wh.

        Network, levies and tax are rounded down; energy is the rest, so the parts add up to
        `retail_nano` exactly. The feed-in price is left as it is.
        """
        network, levies, tax = (retail_nano * share.share_ppm // 1_000_000 for share in self.shares)
        return TariffRow(
            energy=retail_nano - network - levies - tax,
            feed_in=feed_in_nano,
            imbalance=retail_nano - network - levies - tax,
            network=network,
            levies=levies,
            tax=tax,
        )


_NONE: Final = "no rule set: the whole retail price counts as energy"
_GB_BILL: Final = (
    "make-up of a British electricity bill: wholesale about 45 %, network about 27 %, policy about "
    "13 %, operating about 10 %, VAT 5 % (ransfordsnotes.com, secondary and undated; compare "
    "networks 26 % of a dual-fuel bill, Ofgem figures for 2016 at energy-uk.org.uk)"
)
_HEPI: Final = (
    "Household Energy Price Index (Energie-Control Austria, MEKH, VaasaETT), average of the EU "
    "capitals, April 2024, as reported by Euronews on 15 and 24 May 2025: distribution 28 %, "
    "energy taxes 8 %, VAT 14 %"
)

RULES: Final[Mapping[str, RuleSet]] = {
    "none": RuleSet(
        name="none",
        network=Share("network", 0, _NONE),
        levies=Share("levies", 0, _NONE),
        tax=Share("tax", 0, _NONE),
        note="gross figures: what trade would save if a shared kWh paid nothing but its price",
    ),
    "GB": RuleSet(
        name="GB",
        network=Share("network", 270_000, _GB_BILL),
        levies=Share("levies", 130_000, _GB_BILL),
        # 5 % on top of the price without it: 5/105 of the all-in price.
        tax=Share("tax", 47_619, "VAT on domestic fuel and power 5 % (HMRC VAT Notice 701/19)"),
        note="rounded shares of a whole bill applied to the price per kWh; not a tariff",
    ),
    "EU": RuleSet(
        name="EU",
        network=Share("network", 280_000, _HEPI, 2024),
        levies=Share("levies", 80_000, _HEPI, 2024),
        tax=Share("tax", 140_000, _HEPI, 2024),
        note="an average of capitals that differ widely (distribution 11 % to 65 %); not a tariff",
    ),
}


def rule_set(name: str) -> RuleSet:
    """Return a rule set by name, in any spelling. Raises BadInput."""
    for known, rules in RULES.items():
        if known.lower() == name.lower():
            return rules
    raise BadInput(f"unknown rule set '{name}'", hint=f"there are {', '.join(RULES)}")
