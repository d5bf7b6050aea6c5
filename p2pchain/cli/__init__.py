"""The command line: `p2pchain`.

Commands are loaded when they are used, so that `--help` is quick and needs no blockchain library.
The table below names them all; a command whose module is not installed is left out.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from p2pchain import __version__
from p2pchain.cli.base import Env, HelpfulGroup
from p2pchain.errors import INTERRUPTED, BadInput, P2PError

#: name -> (module, attribute, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "admin": ("p2pchain.cli.admin", "admin", "Deploy a market and run its registers."),
    "ask": ("p2pchain.cli.prosumer.orders", "ask", "Offer energy of a slot to come."),
    "auctions": ("p2pchain.cli.prosumer.book", "auctions", "List the market's forward auctions."),
    "balance": (
        "p2pchain.cli.prosumer.money",
        "balance",
        "Show an account's money, free and locked.",
    ),
    "bid": ("p2pchain.cli.prosumer.orders", "bid", "Order energy for a slot to come."),
    "book": ("p2pchain.cli.prosumer.book", "book", "Draw the orders of a slot and their crossing."),
    "cancel": ("p2pchain.cli.prosumer.orders", "cancel", "Take back an order."),
    "clear": ("p2pchain.cli.operate", "clear", "Clear slots whose time has come."),
    "demo": ("p2pchain.cli.demo", "demo", "Watch thirteen measured homes share their sun."),
    "consent": (
        "p2pchain.cli.consents",
        "consent",
        "Say who may read your data, for what, how long.",
    ),
    "deposit": ("p2pchain.cli.prosumer.money", "deposit", "Pay money into the market."),
    "dev": ("p2pchain.cli.dev", "dev", "For developers: compile the contracts."),
    "enrol": ("p2pchain.cli.prosumer.limits", "enrol", "Take part in a market with your meter."),
    "grid": ("p2pchain.cli.grid", "grid", "Check what a slot did to the network's voltages."),
    "keys": ("p2pchain.cli.keys", "keys", "Make, import and list signing keys."),
    "level": (
        "p2pchain.cli.levels",
        "level",
        "Clear and share the levels above markets.",
    ),
    "limits": ("p2pchain.cli.prosumer.limits", "limits", "Show or set a meter's standing limits."),
    "meter": ("p2pchain.cli.meter", "meter", "Sign and post what a meter measured."),
    "node": ("p2pchain.cli.node", "node", "Run a local chain for several terminals."),
    "orders": (
        "p2pchain.cli.prosumer.orders",
        "orders",
        "List what your meters have ordered ahead.",
    ),
    "point": (
        "p2pchain.cli.points",
        "point",
        "Metering points: register, look up, change.",
    ),
    "relay": (
        "p2pchain.cli.prosumer.relay",
        "relay",
        "Carry signed orders of others to the chain.",
    ),
    "savings": ("p2pchain.cli.prosumer.look", "savings", "Show what the market saved a meter."),
    "schedule": (
        "p2pchain.cli.prosumer.schedules",
        "schedule",
        "Order for all slots of a day at once.",
    ),
    "settle": ("p2pchain.cli.operate", "settle", "Settle slots that are cleared."),
    "slot": ("p2pchain.cli.prosumer.look", "slot", "Show where a slot stands and what is missing."),
    "supplier": ("p2pchain.cli.suppliers", "supplier", "Suppliers, and what they guarantee."),
    "switch": ("p2pchain.cli.switching", "switch", "Change supplier, and see where that stands."),
    "tally": ("p2pchain.cli.operate_runs", "tally", "Compare a day with the boundary meter."),
    "tariff": ("p2pchain.cli.tariffs", "tariff", "Prices of suppliers, published ahead."),
    "trades": ("p2pchain.cli.prosumer.look", "trades", "List what a meter bought and sold."),
    "withdraw": ("p2pchain.cli.prosumer.money", "withdraw", "Take free money out of the market."),
}

_USAGE = "the command's --help shows an example"


class LazyGroup(HelpfulGroup):
    """A group that imports a command when it is called, and not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in sorted(COMMANDS) if _installed(COMMANDS[name][0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, attribute, _ = COMMANDS[cmd_name]
        if not _installed(module_name):
            return None
        command = getattr(importlib.import_module(module_name), attribute, None)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in self.list_commands(ctx)])


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:\n\n\b\n  p2pchain demo\n  p2pchain -n valley -a alice balance",
)
@click.option(
    "-n",
    "--network",
    metavar="NAME|URL",
    help="The chain: tester, anvil, a profile of p2pchain.toml, or a URL. Else $P2PCHAIN_NETWORK, "
    "the file's default, anvil.",
)
@click.option("-a", "--account", metavar="NAME", help="The key to sign with; see 'p2pchain keys'.")
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False),
    help="Read the key's passphrase from the first line of this file. Else "
    "$P2PCHAIN_PASSPHRASE_FILE, $P2PCHAIN_PASSPHRASE, or a prompt.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before sending.")
@click.option("--traceback", "show_traceback", is_flag=True, help="Show where an error arose.")
@click.version_option(__version__, prog_name="p2pchain")
@click.pass_obj
def cli(
    env: Env,
    network: str | None,
    account: str | None,
    passphrase_file: str | None,
    yes: bool,
    show_traceback: bool,
) -> None:
    """Trade energy with your neighbours, on what the meters measured."""
    env.configure(network=network, account=account, passphrase_file=passphrase_file, yes=yes)
    env.show_traceback = show_traceback


def run(arguments: Sequence[str], env: Env | None = None) -> int:
    """Run one command and return its exit code (0, 1, 2, 3, 4 or 130). Errors go to stderr."""
    env = env or Env()
    env.show_traceback = "--traceback" in arguments
    try:
        result = cli.main(list(arguments), prog_name="p2pchain", standalone_mode=False, obj=env)
        return result if isinstance(result, int) else 0
    except P2PError as error:
        hint = error.hint or (_USAGE if isinstance(error, BadInput) else None)
        return _report(env, error.message, hint, error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        from p2pchain.keys import without_keys

        path = error.ctx.command_path if error.ctx else "p2pchain"
        # What was typed may have been a key; neither message nor traceback repeats it.
        hint = f"'{path} --help' shows the usage"
        return _report(env, error.format_message(), hint, 2, said=without_keys)
    except click.ClickException as error:
        return _report(env, error.format_message(), None, 2)
    except (KeyboardInterrupt, click.Abort, EOFError):
        hint = "what was stored for sending is finished when the command is run again"
        return _report(env, "interrupted", hint, INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has had enough
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        hint = "this is a fault of the program: --traceback shows where"
        return _report(env, f"{type(error).__name__}: {error}", hint, 1)
    finally:
        env.close()


def _report(
    env: Env, message: str, hint: str | None, code: int, said: Callable[[str], str] = str
) -> int:
    if env.show_traceback and sys.exc_info()[0] is not None:
        click.echo(said(traceback.format_exc()), err=True, nl=False)
    click.echo(f"error: {said(message)}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return code


def main() -> Any:
    """Entry point of the `p2pchain` program."""
    if hasattr(signal, "SIGTERM"):  # end in order: stop what was started, leave the journal whole
        signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(sys.argv[1:]))


def _interrupt(*_: object) -> None:
    """As ctrl-C; that signal itself would be ignored where a shell has started us behind itself."""
    raise KeyboardInterrupt
