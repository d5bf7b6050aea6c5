"""`p2pchain admin market`: create markets, and stop new messages in an emergency."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import (
    account_of,
    deliver,
    deployment_option,
    market_options,
    shown_price,
    slot_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.model import MarketParams

_FILE = click.Path(dir_okay=False, path_type=Path)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain admin market list"))
def market() -> None:
    """Markets: one set of rules for the meters of one area. They never change."""


@market.command(
    epilog=examples(
        "p2pchain -a operator admin market create --area 1 --name valley "
        "--organiser 'Valley Cooperative, office@valley.example' "
        "--licence 'exempt: shared within one building, sec. 42b EnWG'",
        "p2pchain -a operator admin market create --area 1 --name valley "
        "--organiser 'Valley Cooperative' --licence 'supply licence 4711' "
        "--licence-file licence.pdf --agreement agreement.md --rule sdr "
        "--buy-fee 0.002EUR/kWh --sell-fee 0.002EUR/kWh --fee-account coop",
    )
)
@click.option("--area", type=click.IntRange(1), required=True)
@click.option("--name", default="main", show_default=True, help="What it is called in the record.")
@click.option(
    "--rule",
    type=click.Choice(["reference", "sdr"]),
    default="reference",
    show_default=True,
    help="How the price is found: docs/matching.md.",
)
@click.option(
    "--k",
    default="0.5",
    show_default=True,
    help="Where between feed-in and retail the price lies under 'reference'.",
)
@click.option("--tick", metavar="PRICE", help="Size of a tick; there are 256. Else 0.005.")
@click.option("--floor", metavar="PRICE", help="Price of the lowest tick. Else 0.")
@click.option(
    "--post-within",
    default="24h",
    show_default=True,
    metavar="DURATION",
    help="After that a window is cleared without the readings that are missing.",
)
@click.option(
    "--void-after",
    default="7d",
    show_default=True,
    metavar="DURATION",
    help="After that a window that nobody cleared may be given up.",
)
@click.option(
    "--runs",
    type=click.IntRange(0, 8),
    default=3,
    show_default=True,
    help="How many more runs of settlement take what comes late, estimates and corrections.",
)
@click.option(
    "--run-time",
    default="7d",
    show_default=True,
    metavar="DURATION",
    help="How long each of them is; after the last one a slot is final.",
)
@click.option("--buy-fee", metavar="PRICE", help="The market's fee per kWh bought. Else none.")
@click.option("--sell-fee", metavar="PRICE", help="The market's fee per kWh sold. Else none.")
@click.option("--fee-account", metavar="ACCOUNT", help="Who receives the fees. Else the creator.")
@click.option(
    "--stated-price", metavar="PRICE", help="The price where retail does not lie above feed-in."
)
@click.option("--organiser", metavar="TEXT", required=True, help="Who runs it, and is reached how.")
@click.option(
    "--licence",
    metavar="TEXT",
    required=True,
    help="The licence under which it runs, or the exemption and its ground.",
)
@click.option("--licence-file", type=_FILE, help="That document; the chain keeps its hash.")
@click.option(
    "--agreement",
    "agreement_file",
    type=_FILE,
    help="The text that suppliers sign, else the model: 'admin market agreement' prints it.",
)
@click.option(
    "--only-supplier",
    type=click.IntRange(1, 2**16 - 1),
    help="Whose customers take part. Else those of every supplier that agrees.",
)
@deployment_option
@output_options
@role_options
@click.pass_obj
def create(
    env: Env,
    /,
    area: int,
    name: str,
    rule: str,
    k: str,
    post_within: str,
    void_after: str,
    runs: int,
    run_time: str,
    fee_account: str | None,
    organiser: str,
    licence: str,
    licence_file: Path | None,
    agreement_file: Path | None,
    only_supplier: int | None,
    out: Output,
    dry_run: bool,
    **prices: str | None,
) -> None:
    """Create a market for the meters of an area and note it in the record. Role: MARKET_OPERATOR.

    Its id is the hash of its rules, of its registration (organiser, licence) and of the agreement
    that suppliers sign ('supplier agree') before their customers take part. Creating the same
    market again only notes it.
    """
    from p2pchain.chain.bindings.markets import MarketCreated
    from p2pchain.eip712 import market_id
    from p2pchain.model import MODEL_AGREEMENT, MarketParams, PriceRule, Registration
    from p2pchain.operator import Operator, created, registered
    from p2pchain.units import parse_price

    record, currency = env.deployment, env.deployment.currency
    nano = {key: parse_price(text, currency) for key, text in prices.items() if text is not None}
    params = MarketParams(
        area=area,
        slot_seconds=record.slot_seconds,
        rule=PriceRule[rule.upper()],
        k_ppm=share_ppm(k),
        floor_nano=nano.get("floor", 0),
        tick_nano=nano.get("tick", 5_000),
        post_seconds=duration(post_within),
        void_seconds=duration(void_after),
        runs=runs,
        run_seconds=duration(run_time),
        buy_fee_nano=nano.get("buy_fee", 0),
        sell_fee_nano=nano.get("sell_fee", 0),
        fee_account=account_of(env, fee_account),
        has_stated_price="stated_price" in nano,
        stated_price_nano=nano.get("stated_price", 0),
        only_supplier=only_supplier or 0,
        agreement=_hash_of(agreement_file) if agreement_file else MODEL_AGREEMENT,
    )
    for text in (organiser, licence):
        if not text.strip() or not text.isprintable():
            raise BadInput("an organiser and a licence are named in words that can be printed")
    registration = Registration(
        organiser, licence, _hash_of(licence_file) if licence_file else bytes(32)
    )
    params = registered(params, registration)
    if params.tick_nano <= 0 or params.buy_fee_nano < 0 or params.sell_fee_nano < 0:
        raise BadInput("a tick is more than nothing, and a fee not less")
    if params.final_seconds > 28 * 86_400 or (runs and not params.run_seconds):
        raise BadInput(
            "all runs together take no time, or more than 28 days",
            hint="--post-within and --runs times --run-time: evidence is kept for 32 days",
        )
    found = market_id(params)
    known = record.markets.get(name)
    if known not in (None, "0x" + found.hex()):
        raise BadInput(
            f"the record has another market '{name}' already", hint="give it another --name"
        )
    if env.contracts.markets.market_params(found).tick_nano:
        if not dry_run:
            record.with_market(name, found).save(env.deployment_path)
        out.fields(
            {"market": found, "name": name, "transactions": []},
            {"market": "0x" + found.hex(), "name": name, "note": "it was there already"},
        )
        return
    receipt = deliver(
        env,
        out,
        Operator(env.contracts).create_market_call(params, registration),
        f"create the market '{name}' in area {area}",
        dry_run=dry_run,
        result=lambda r: {"market": created(env.contracts, r, MarketCreated).market, "name": name},
    )
    if receipt is not None:
        record.with_market(name, found).save(env.deployment_path)


@market.command(
    epilog=examples("p2pchain admin market agreement", "p2pchain admin market agreement > ours.md")
)
def agreement() -> None:
    """Print the model of an agreement that suppliers sign; change it, and name yours with
    'admin market create --agreement'."""
    from importlib import resources

    click.echo((resources.files("p2pchain.data") / "agreement.md").read_text(), nl=False)


@market.command(epilog=examples("p2pchain admin market show", "p2pchain admin market show --json"))
@market_options
@zone_option
@output_options
@click.pass_obj
def show(env: Env, out: Output) -> None:
    """Show under whose name and by which right a market runs, and which suppliers agree."""
    market, names = env.market, env.deployment
    found, said = market.registration(), market.agreements()
    data = {
        "market": market.id,
        "organiser": found.organiser,
        "licence": found.licence,
        "licence_hash": found.licence_hash,
        "agreement": market.params.agreement,
        "only_supplier": market.params.only_supplier or None,
        "suppliers": [
            {"supplier": one.supplier, "from_slot": one.from_slot, "agrees": one.agrees}
            for one in said
        ],
    }
    shown = {
        "market": names.name_of(market.id),
        "organiser": found.organiser,
        "licence": found.licence,
        "licence hash": _hash_text(found.licence_hash),
        "agreement": _hash_text(market.params.agreement),
    }
    if market.params.only_supplier:
        shown["scope"] = f"customers of supplier {market.params.only_supplier} alone"
    for one in said:
        verb = "agrees" if one.agrees else "leaves"
        line = f"{verb} from {slot_text(env, one.from_slot)}"
        label = f"supplier {one.supplier}"
        shown[label] = f"{shown[label]}; {line}" if label in shown else line
    if not said:
        shown["suppliers"] = "none agrees yet: 'p2pchain supplier agree'"
    out.fields(data, shown)


@market.command("list", epilog=examples("p2pchain admin market list --json"))
@deployment_option
@output_options
@click.pass_obj
def list_(env: Env, out: Output) -> None:
    """List the markets of the record, their rules and how many meters take part."""
    from p2pchain.market import Market

    rows = []
    for name, text in env.deployment.markets.items():
        one = Market(env.contracts, bytes.fromhex(text[2:]))
        rows.append({"name": name, "members": one.member_count, **_described(one.params)})
        rows[-1]["market"] = text
    out.rows(
        "markets",
        rows,
        {
            "name": "name",
            "area": "area",
            "members": "meters",
            "rule": "rule",
            "runs": "runs",
            "buy_fee_nano": ("buy fee", lambda nano: shown_price(env, nano)),
            "sell_fee_nano": ("sell fee", lambda nano: shown_price(env, nano)),
            "market": "id",
        },
        empty="no markets yet; 'p2pchain admin market create' creates one",
    )


@market.command(epilog=examples("p2pchain -a guardian admin market pause"))
@deployment_option
@output_options
@role_options
@click.pass_obj
def pause(env: Env, out: Output, dry_run: bool) -> None:
    """Stop new enrolments and new limits; nothing else stops. Role: GUARDIAN."""
    call = env.contracts.markets.set_paused(True)
    deliver(env, out, call, "stop new enrolments and limits", dry_run=dry_run)


@market.command(epilog=examples("p2pchain -a guardian admin market resume"))
@deployment_option
@output_options
@role_options
@click.pass_obj
def resume(env: Env, out: Output, dry_run: bool) -> None:
    """Take new enrolments and limits again. Role: GUARDIAN."""
    call = env.contracts.markets.set_paused(False)
    deliver(env, out, call, "take new enrolments and limits again", dry_run=dry_run)


def duration(text: str) -> int:
    """Return the seconds of `90min`, `24h` or `7d`. Raises BadInput."""
    found = re.fullmatch(r"(\d{1,6}) ?(s|min|h|d)", text.strip())
    if not found:
        raise BadInput(f"'{text}' is not a duration", hint="such as 90min, 24h or 7d")
    seconds = int(found.group(1)) * _SECONDS[found.group(2)]
    if seconds >= 2**32:
        raise BadInput(f"'{text}' is too long")
    return seconds


def share_ppm(text: str) -> int:
    """Return the millionths of `0.5`. Raises BadInput."""
    found = re.fullmatch(r"(?:(\d))?(?:\.(\d{1,6}))?", text.strip())
    if not text.strip() or not found:
        raise BadInput(f"'{text}' is not a share", hint="from 0 to 1, such as 0.5")
    ppm = int(found.group(1) or 0) * 1_000_000 + int((found.group(2) or "").ljust(6, "0"))
    if ppm > 1_000_000:
        raise BadInput(f"'{text}' is more than 1", hint="from 0 to 1, such as 0.5")
    return ppm


def _hash_of(path: Path) -> bytes:
    """Hash of a document, as the chain keeps it."""
    from eth_hash.auto import keccak

    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    if not content:
        raise BadInput(f"{path} is empty", hint="name the document itself")
    return bytes(keccak(content))


def _hash_text(value: bytes) -> str:
    return "0x" + value.hex() if any(value) else "none"


def _described(params: MarketParams) -> dict[str, object]:
    return {
        "area": params.area,
        "rule": params.rule.name.lower(),
        "k_ppm": params.k_ppm,
        "floor_nano": params.floor_nano,
        "tick_nano": params.tick_nano,
        "post_seconds": params.post_seconds,
        "void_seconds": params.void_seconds,
        "runs": params.runs,
        "run_seconds": params.run_seconds,
        "buy_fee_nano": params.buy_fee_nano,
        "sell_fee_nano": params.sell_fee_nano,
        "fee_account": params.fee_account,
    }
