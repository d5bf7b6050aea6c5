"""`p2pchain tariff`: what a supplier charges and pays, published before it holds."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    from_slot,
    money,
    shown_money,
    shown_price,
    slot_number,
    slot_text,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput
from p2pchain.points import CustomerClass

if TYPE_CHECKING:
    from p2pchain.model import TariffRow

PARTS = ("energy", "feed_in", "imbalance", "network", "levies", "tax")
_HEADER = "hour,energy,feed_in[,imbalance,network,levies,tax]"


_CLASSES = {one.name.lower().replace("_", "-"): one for one in CustomerClass}
_TARIFF = click.option(
    "--tariff", "number", type=click.IntRange(0, 2**16 - 1), default=1, show_default=True
)


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain tariff show 1"))
def tariff() -> None:
    """Tariffs: prices by UTC hour, and a standing charge."""


@tariff.command(
    epilog=examples(
        "p2pchain -a valley tariff publish 1 --energy 0.19EUR/kWh --feed-in 0.05EUR/kWh "
        "--network 0.08EUR/kWh --tax 3ct/kWh",
        "p2pchain -a valley tariff publish 1 prices.csv --from 2026-12-01T00:00Z",
    )
)
@click.argument("supplier", type=click.IntRange(1, 2**16 - 1))
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_TARIFF
@click.option("--from", "begin", metavar="TIME", help="Its first slot; else the next one.")
@click.option("--standing", metavar="AMOUNT", help="Standing charge per UTC day, as 0.60EUR.")
@click.option("--energy", metavar="PRICE", help="Retail price of energy alone.")
@click.option("--feed-in", "feed_in", metavar="PRICE", help="Price paid for what is left over.")
@click.option("--imbalance", metavar="PRICE", help="Else the price of energy.")
@click.option("--network", metavar="PRICE")
@click.option("--levies", metavar="PRICE")
@click.option("--tax", metavar="PRICE")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def publish(
    env: Env,
    /,
    supplier: int,
    file: Path | None,
    number: int,
    begin: str | None,
    standing: str | None,
    out: Output,
    dry_run: bool,
    **parts: str | None,
) -> None:
    """Publish the prices of SUPPLIER, flat by options or by UTC hour from FILE.

    The account is the supplier's own. FILE is CSV: hour,energy,feed_in and, where there are any,
    imbalance,network,levies,tax; 24 rows, hour 0 to 23 of the UTC day, each price with its unit.
    Every imported kWh pays network, levies and tax, also one from a neighbour. From its first slot
    on a tariff is frozen.
    """
    from p2pchain.operator import Operator
    from p2pchain.units import parse_money

    currency = env.deployment.currency
    given = {name: text for name, text in parts.items() if text is not None}
    if file is not None and given:
        raise BadInput("prices in a file and as options", hint="give one of them")
    rows = [_row(given, currency)] if file is None else read_rows(file, currency)
    standing_nano = parse_money(standing, currency) if standing else 0
    slot = from_slot(env, begin)
    call = Operator(env.contracts).publish_tariff(supplier, number, slot, rows, standing_nano)
    kind = "flat prices" if len(rows) == 1 else "prices by hour"
    deliver(
        env,
        out,
        call,
        f"publish {kind} as tariff {number} of supplier {supplier} from {slot_text(env, slot)} on",
        dry_run=dry_run,
        result=lambda _: {"tariff": number, "from_slot": slot},
    )


@tariff.command(epilog=examples("p2pchain tariff show 1", "p2pchain tariff show 1 --at now --json"))
@click.argument("supplier", type=click.IntRange(1, 2**16 - 1))
@_TARIFF
@click.option("--at", default="now", show_default=True, metavar="TIME")
@deployment_option
@zone_option
@output_options
@click.pass_obj
def show(env: Env, supplier: int, number: int, at: str, out: Output) -> None:
    """Show the prices of SUPPLIER in one slot."""
    slot = slot_number(env, at)
    row = env.contracts.tariffs.row_at(supplier, number, slot)
    version, since, standing = env.contracts.tariffs.version_at(supplier, number, slot)
    figures = {part: getattr(row, part) for part in PARTS}
    data = {"slot": slot, "version": version, "from_slot": since, "standing_nano": standing}
    data |= {f"{part}_nano": value for part, value in figures.items()}
    shown = {part.replace("_", "-"): shown_price(env, value) for part, value in figures.items()}
    shown["standing"] = shown_money(env, standing) + " per UTC day"
    shown["since"] = slot_text(env, since)
    out.fields(data, shown)


def read_rows(path: Path, currency: str) -> list[TariffRow]:
    """Return the 24 rows of a tariff file. Raises BadInput with the line's number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint=_HEADER) from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    header = reader.fieldnames or []
    if list(header[:3]) != ["hour", "energy", "feed_in"] or set(header[3:]) - set(PARTS[2:]):
        raise BadInput(f"{path}, line 1: not the header of a tariff", hint=_HEADER)
    rows: list[TariffRow] = []
    for record in reader:
        where = f"{path}, line {reader.line_num}"
        if None in record or None in record.values():
            raise BadInput(f"{where}: not {len(header)} cells", hint=_HEADER)
        if record.pop("hour").strip() != str(len(rows)):
            raise BadInput(f"{where}: hour {len(rows)} is due", hint="24 rows, hour 0 to 23, UTC")
        try:
            rows.append(_row({k: v for k, v in record.items() if v.strip()}, currency))
        except BadInput as error:
            raise BadInput(f"{where}: {error}", hint=error.hint) from None
    if len(rows) != 24:
        raise BadInput(f"{path}: {len(rows)} rows", hint="24 rows, hour 0 to 23 of the UTC day")
    return rows


def _row(given: dict[str, str], currency: str) -> TariffRow:
    from p2pchain.model import TariffRow
    from p2pchain.units import parse_price

    for needed in ("energy", "feed_in"):
        if needed not in given:
            raise BadInput(
                f"the price '{needed.replace('_', '-')}' is missing",
                hint="--energy and --feed-in, or a file; see --help",
            )
    figures = {name: parse_price(text, currency) for name, text in given.items()}
    return TariffRow(**{"imbalance": figures["energy"], **figures})


@tariff.command(
    epilog=examples(
        "p2pchain -a green tariff offer 2 --tariff 3 --for domestic --term 365 --exit-fee 40GBP"
    )
)
@click.argument("supplier", type=click.IntRange(1, 2**16 - 1))
@_TARIFF
@click.option(
    "--for",
    "kinds",
    multiple=True,
    type=click.Choice(list(_CLASSES)),
    help="For which customers; else for all.",
)
@click.option("--term", type=click.IntRange(0, 2**16 - 1), default=0, help="Days that it binds.")
@click.option("--exit-fee", "fee", metavar="AMOUNT", help="What who leaves earlier owes.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def offer(
    env: Env,
    supplier: int,
    number: int,
    kinds: tuple[str, ...],
    term: int,
    fee: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Say for whom a tariff is, how long it binds and what leaving earlier costs.

    It holds for contracts that are signed from now on; the account is the supplier's own. Who cools
    off, was moved by error or whose supplier fails owes nothing.
    """
    from p2pchain.switch_book import SwitchBook

    classes = sum(1 << _CLASSES[kind] for kind in set(kinds)) if kinds else (1 << len(_CLASSES)) - 1
    nano = money(env, fee) if fee else 0
    call = SwitchBook(env.contracts).offer_call(supplier, number, classes, term, nano)
    text = f"tariff {number} of supplier {supplier}: for {', '.join(kinds) or 'all'}, {term} days"
    text += f", leaving earlier costs {shown_money(env, nano)}" if nano else ""
    deliver(env, out, call, text, dry_run=dry_run)


@tariff.command(epilog=examples("p2pchain tariff offers 2 --tariff 3"))
@click.argument("supplier", type=click.IntRange(1, 2**16 - 1))
@_TARIFF
@deployment_option
@zone_option
@output_options
@click.pass_obj
def offers(env: Env, supplier: int, number: int, out: Output) -> None:
    """List what was said of a tariff; the last holds for contracts that are signed now."""
    from p2pchain.switch_book import SwitchBook

    rows = [
        {
            "offer": place,
            "since": one.since,
            "for": [name for name, kind in _CLASSES.items() if one.classes >> kind & 1],
            "term_days": one.term_days,
            "exit_fee_nano": one.exit_fee_nano,
        }
        for place, one in enumerate(SwitchBook(env.contracts).offers(supplier, number), 1)
    ]
    out.rows(
        "offers",
        rows,
        {
            "offer": "no.",
            "since": ("since", lambda seconds: time_text(env, seconds)),
            "for": ("for", ", ".join),
            "term_days": "days",
            "exit_fee_nano": ("exit fee", lambda nano: shown_money(env, nano)),
        },
        empty=f"tariff {number} is for everybody, without a term",
    )
