"""`p2pchain point`: register metering points, look them up, say what holds for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options, sending_options
from p2pchain.cli.common import (
    account_of,
    current_slot,
    deliver,
    deployment_option,
    from_slot,
    point_salt,
    signature_bytes,
    slot_number,
    slot_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options, plain
from p2pchain.errors import BadInput
from p2pchain.points import NOBODY, CustomerClass, Fuel, Status, point_number

if TYPE_CHECKING:
    from p2pchain.accounts import Register
    from p2pchain.chain.abi import Call
    from p2pchain.points import Standing

_WORDS = {status.name.lower().replace("_", "-"): status for status in Status}
_CLASSES = {one.name.lower().replace("_", "-"): one for one in CustomerClass}
_FUELS = {Fuel.ELECTRICITY: "an electricity", Fuel.GAS: "a gas"}
_POINT = click.argument("number", metavar="POINT", type=click.IntRange(1, 2**32 - 1))
_FROM = click.option("--from", "begin", metavar="TIME", help="The first slot; else the next one.")
_CLASS = click.option(
    "--class",
    "kind",
    type=click.Choice(list(_CLASSES)),
    default="domestic",
    show_default=True,
    help="What kind of customer it is; rules of switching differ by it.",
)
_GAS = click.option("--gas", is_flag=True, help="A gas point: the number is an MPRN.")


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain point number 2000012345672",
        "p2pchain point show 1 --at 2026-06-01T12:00Z",
    ),
)
def point() -> None:
    """Metering points: where a customer's network ends, whatever meter hangs there.

    For each slot a point has one supplier, one network operator and, at most, one customer, one
    meter and one meter agent. Everything is said ahead: what has begun cannot be rewritten. Only a
    salted hash of the public number is on the chain.
    """


@point.command(
    epilog=examples("p2pchain point number 2000012345672", "p2pchain point number --gas 12345678")
)
@click.argument("text", metavar="NUMBER")
@_GAS
@output_options
def number(text: str, gas: bool, out: Output) -> None:
    """Check the public number of a point: an MPAN with its check digit, or an MPRN.

    Of the 21 digits of an MPAN only the last 13 count. Nothing is sent or looked up.
    """
    fuel = Fuel.GAS if gas else Fuel.ELECTRICITY
    out.fields({"number": point_number(fuel, text), "fuel": fuel.name.lower()})


@point.command(
    epilog=examples(
        "p2pchain -a operator point register 2000012345672 --area 1 --customer alice --supplier 1 "
        "--network grid"
    )
)
@click.argument("text", metavar="NUMBER")
@_GAS
@click.option("--exports", is_flag=True, help="The point of what is fed in; it has its own number.")
@click.option("--area", type=click.IntRange(1, 2**32 - 1), required=True)
@click.option("--customer", metavar="ACCOUNT", help="Whose it is; else the place stands empty.")
@click.option("--supplier", type=click.IntRange(1, 2**16 - 1), required=True)
@click.option("--network", metavar="ACCOUNT", required=True, help="Who runs the network.")
@click.option("--agent", metavar="ACCOUNT", help="Who installs and reads the meter.")
@_CLASS
@click.option("--status", type=click.Choice(list(_WORDS)), default="new", show_default=True)
@click.option("--from", "begin", metavar="TIME", help="Its first slot; else the running one.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def register(
    env: Env,
    text: str,
    gas: bool,
    exports: bool,
    area: int,
    customer: str | None,
    supplier: int,
    network: str,
    agent: str | None,
    kind: str,
    status: str,
    begin: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Register a metering point and print its number on the chain. Role: REGISTRAR.

    The salt that is printed proves later which public number stands behind it. It is made from the
    number and your key, as that of 'admin meter add' is: a meter that is registered with the same
    key and --point NUMBER can be set at this point.
    """
    from p2pchain.chain.bindings.points import PointRegistered
    from p2pchain.chain.deployment import commitment
    from p2pchain.operator import created
    from p2pchain.point_book import PointBook
    from p2pchain.points import Point, Standing

    fuel = Fuel.GAS if gas else Fuel.ELECTRICITY
    public = point_number(fuel, text)
    slot = current_slot(env) if begin is None else slot_number(env, begin)
    salt = point_salt(env, public, dry_run=dry_run)
    first = Standing(
        customer=_account(env, customer),
        from_slot=slot,
        supplier=supplier,
        status=_WORDS[status],
        customer_class=_CLASSES[kind],
        network_operator=account_of(env, network),
        meter_agent=_account(env, agent),
    )
    made = Point(commitment(public, salt), area, fuel, exports)
    deliver(
        env,
        out,
        PointBook(env.contracts).register_call(made, first),
        f"register {_FUELS[fuel]} point in area {area} from {slot_text(env, slot)} on",
        dry_run=dry_run,
        result=lambda receipt: {
            "point": created(env.contracts, receipt, PointRegistered).point,
            "salt": salt,
        },
        told={"salt": salt},
    )


@point.command(
    epilog=examples("p2pchain point show 1", "p2pchain point show 1 --at 2026-06-01T00:00Z --json")
)
@_POINT
@click.option("--at", "when", metavar="TIME", help="What held then; else now.")
@deployment_option
@zone_option
@output_options
@click.pass_obj
def show(env: Env, number: int, when: str | None, out: Output) -> None:
    """Show a point: who stands for it, its meter, its status, and all changes."""
    from p2pchain.point_book import PointBook

    book = PointBook(env.contracts)
    slot = current_slot(env) if when is None else slot_number(env, when)
    what = book.point(number)
    standing, until = book.standing_at(number, slot)
    history = book.standings(number)
    fixed: dict[str, Any] = {
        "point": number,
        "area": what.area,
        "fuel": what.fuel.name.lower(),
        "direction": "export" if what.exports else "import",
        "commitment": what.commitment,
        "related": book.related(number),
        "slot": slot,
    }
    if out.as_json:
        out.json(
            {
                **fixed,
                **_told(standing),
                "until_slot": until,
                "history": [_told(one) for one in history],
            }
        )
        return
    related = ", ".join(map(str, fixed["related"])) or "-"
    shown = {
        "point": f"{number}, {fixed['fuel']}, {fixed['direction']}, area {what.area}",
        "goes with": related,
        "at": slot_text(env, slot),
        **{
            key.replace("_", " "): plain(value)
            for key, value in _told(standing).items()
            if key != "from_slot"
        },
    }
    out.fields(fixed, shown)
    click.echo("\nchanges")
    out.rows(
        "history",
        [{**_told(one), "from": slot_text(env, one.from_slot)} for one in history],
        {
            "from": "from",
            "customer": "customer",
            "supplier": "supplier",
            "status": "status",
            "meter": "meter",
        },
    )


@point.command(epilog=examples("p2pchain point accounts 1", "p2pchain point accounts 1 --json"))
@_POINT
@deployment_option
@zone_option
@output_options
@click.pass_obj
def accounts(env: Env, number: int, out: Output) -> None:
    """List the accounts of a point: which supplier, from which register to which.

    One register closes an account and opens the next, so both suppliers settle on the same figure.
    Energy is their difference, over exchanges of the meter; corrections are not in it.
    """
    from p2pchain.accounts import accounts as accounts_of
    from p2pchain.point_book import PointBook
    from p2pchain.switch_book import SwitchBook

    rows = [
        {
            "supplier": one.supplier,
            "from_slot": one.from_slot,
            "until_slot": one.until_slot,
            "meter": one.meter or None,
            "opening": _register(one.opening),
            "closing": _register(one.closing),
            "energy_wh": list(one.energy_wh) if one.energy_wh else None,
        }
        for one in accounts_of(SwitchBook(env.contracts), PointBook(env.contracts), number)
    ]
    out.rows(
        "accounts",
        rows,
        {
            "supplier": "supplier",
            "from_slot": ("from", lambda slot: slot_text(env, slot)),
            "until_slot": ("until", lambda slot: slot_text(env, slot) if slot else "runs"),
            "opening": ("opened at", _register_text),
            "closing": ("closed at", _register_text),
            "energy_wh": ("import, export", _pair_text),
        },
    )


def _register(found: Register | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "import_wh": found.import_wh,
        "export_wh": found.export_wh,
        "source": found.source.name.lower(),
    }


def _register_text(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{_pair_text((found['import_wh'], found['export_wh']))} ({found['source']})"


def _pair_text(pair: Sequence[int] | None) -> str:
    return "-" if pair is None else f"{pair[0]:,} / {pair[1]:,} Wh"


@point.command(epilog=examples("p2pchain -a operator point relate 1 2"))
@_POINT
@click.argument("other", type=click.IntRange(1, 2**32 - 1))
@deployment_option
@output_options
@role_options
@click.pass_obj
def relate(env: Env, number: int, other: int, out: Output, dry_run: bool) -> None:
    """Say that POINT and OTHER go together: import and export, electricity and gas. Role:
    REGISTRAR."""
    from p2pchain.point_book import PointBook

    call = PointBook(env.contracts).relate_call(number, other)
    deliver(env, out, call, f"points {number} and {other} go together", dry_run=dry_run)


@point.command(epilog=examples("p2pchain -a operator point network 1 grid"))
@_POINT
@click.argument("account", metavar="ACCOUNT")
@_FROM
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def network(
    env: Env, number: int, account: str, begin: str | None, out: Output, dry_run: bool
) -> None:
    """Set the network operator of record from a slot on. Role: REGISTRAR."""
    from p2pchain.point_book import PointBook

    slot, operator = from_slot(env, begin), account_of(env, account)
    call = PointBook(env.contracts).network_operator_call(number, slot, operator)
    _change(env, out, call, number, f"network operator {operator}", slot, dry_run)


@point.command(epilog=examples("p2pchain -a grid point status 1 energised"))
@_POINT
@click.argument("word", metavar="STATUS", type=click.Choice(list(_WORDS)))
@_FROM
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def status(env: Env, number: int, word: str, begin: str | None, out: Output, dry_run: bool) -> None:
    """Set the status, as the network operator of record.

    STATUS is new, energised, de-energised or disconnected; what is disconnected stays so.
    """
    from p2pchain.point_book import PointBook

    slot = from_slot(env, begin)
    call = PointBook(env.contracts).status_call(number, slot, _WORDS[word])
    _change(env, out, call, number, word, slot, dry_run)


@point.command(epilog=examples("p2pchain -a supplier point agent 1 metering-co"))
@_POINT
@click.argument("account", metavar="ACCOUNT|none")
@_FROM
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def agent(
    env: Env, number: int, account: str, begin: str | None, out: Output, dry_run: bool
) -> None:
    """Appoint who installs and reads the meter, as the supplier of record."""
    from p2pchain.point_book import PointBook

    slot = from_slot(env, begin)
    appointed = NOBODY if account == "none" else account_of(env, account)
    call = PointBook(env.contracts).meter_agent_call(number, slot, appointed)
    what = "no meter agent" if account == "none" else f"meter agent {appointed}"
    _change(env, out, call, number, what, slot, dry_run)


@point.command(epilog=examples("p2pchain -a metering-co point meter 1 7"))
@_POINT
@click.argument("which", metavar="METER|none")
@_FROM
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def meter(env: Env, number: int, which: str, begin: str | None, out: Output, dry_run: bool) -> None:
    """Say which meter measures a point, as its meter agent.

    The meter must have been registered for the same public number and salt.
    """
    from p2pchain.point_book import PointBook

    if which != "none" and not which.isdecimal():
        raise BadInput(f"'{which}' is no meter", hint="a meter's number, or none")
    slot = from_slot(env, begin)
    call = PointBook(env.contracts).meter_call(number, slot, 0 if which == "none" else int(which))
    _change(
        env, out, call, number, "no meter" if which == "none" else f"meter {which}", slot, dry_run
    )


@point.command(
    "move-in",
    epilog=examples(
        "p2pchain -a bob point move-in 1 --from 2026-12-01T00:00Z --sign-only",
        "p2pchain -a supplier point move-in 1 --from 2026-12-01T00:00Z --customer bob "
        "--signature 0x12...",
    ),
)
@_POINT
@click.option(
    "--from", "begin", metavar="TIME", required=True, help="The first slot of the tenant."
)
@_CLASS
@click.option("--sign-only", is_flag=True, help="As who moves in: print the signature.")
@click.option("--customer", metavar="ACCOUNT", help="As the supplier: who moves in.")
@click.option("--signature", metavar="HEX", help="As the supplier: what --sign-only has printed.")
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def move_in(
    env: Env,
    number: int,
    begin: str,
    kind: str,
    sign_only: bool,
    customer: str | None,
    signature: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Change the customer of a point: who moves in signs, the supplier of record hands it in.

    The register at the beginning of the slot closes the account of who was there before and opens
    the new one. What was measured before is hidden from who moves in.
    """
    from p2pchain.point_book import PointBook
    from p2pchain.points import Tenancy

    book, slot = PointBook(env.contracts), slot_number(env, begin)
    if sign_only:
        tenancy = Tenancy(number, slot, env.address, _CLASSES[kind])
        signed = book.sign_tenancy(env.signer, tenancy)
        out.fields({"point": number, "customer": env.address, "signature": signed.signature})
        return
    if customer is None or signature is None:
        raise BadInput(
            "--customer and --signature are missing",
            hint="who moves in makes the signature with --sign-only",
        )
    account = account_of(env, customer)
    tenancy = Tenancy(number, slot, account, _CLASSES[kind], signature_bytes(signature))
    _change(env, out, book.move_in_call(tenancy), number, f"customer {account}", slot, dry_run)


@point.command(
    "move-out", epilog=examples("p2pchain -a alice point move-out 1 --from 2026-12-01T00:00Z")
)
@_POINT
@_FROM
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def move_out(env: Env, number: int, begin: str | None, out: Output, dry_run: bool) -> None:
    """Say that you move out, and nobody in yet: as the customer."""
    from p2pchain.point_book import PointBook

    slot = from_slot(env, begin)
    call = PointBook(env.contracts).move_out_call(number, slot)
    _change(env, out, call, number, "no customer", slot, dry_run)


@point.command(
    "end-tenancy", epilog=examples("p2pchain -a anybody point end-tenancy 1 2026-12-01T00:00Z")
)
@_POINT
@click.argument("when", metavar="TIME")
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def end_tenancy(env: Env, number: int, when: str, out: Output, dry_run: bool) -> None:
    """Open the handover of a change of customer, once it has happened: anybody may.

    TIME is the first slot of the new customer, or of the empty place. The register of that slot
    closes one account and opens the other: 'switch read' takes it.
    """
    from p2pchain.chain.bindings.switching import TenancyEnded
    from p2pchain.operator import created
    from p2pchain.switch_book import SwitchBook

    slot, book = slot_number(env, when), SwitchBook(env.contracts)
    deliver(
        env,
        out,
        book.end_tenancy_call(number, slot),
        f"point {number}: the tenancy has ended at {slot_text(env, slot)}",
        dry_run=dry_run,
        result=lambda r: {"handover": created(env.contracts, r, TenancyEnded).handover},
    )


def _change(
    env: Env, out: Output, call: Call, number: int, what: str, slot: int, dry_run: bool
) -> None:
    deliver(
        env, out, call, f"point {number}: {what} from {slot_text(env, slot)} on", dry_run=dry_run
    )


def _account(env: Env, text: str | None) -> str:
    return NOBODY if text is None else account_of(env, text)


def _told(one: Standing) -> dict[str, Any]:
    """What holds, with nothing where there is nobody."""
    return {
        "from_slot": one.from_slot,
        "customer": None if one.customer == NOBODY else one.customer,
        "customer_class": one.customer_class.name.lower().replace("_", "-"),
        "supplier": one.supplier,
        "network_operator": one.network_operator,
        "meter_agent": None if one.meter_agent == NOBODY else one.meter_agent,
        "meter": one.meter or None,
        "status": one.status.name.lower().replace("_", "-"),
    }
