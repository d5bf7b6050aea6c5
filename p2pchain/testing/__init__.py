"""Fixtures for whoever builds on p2pchain: a chain, a market, two neighbours and their meters.

In the topmost conftest.py of a project:

    pytest_plugins = ["p2pchain.testing"]

and in a test:

    def test_bob_buys_from_alice(market, alice, bob, meter, clock):
        slot, window = clock.slot, clock.window
        clock.end_window()
        sold = meter(alice).read(slot, [(0, 900)] * 8)
        bought = meter(bob).read(slot, [(600, 0)] * 8)
        assert market.post(alice, [sold, bought]) == {}
        market.clear_and_settle(alice, window, 1)
        assert market.slot_status(slot).result.matched_wh == 600

Contracts are deployed once in a session; what a test does is undone when it ends. The objects are
those of the package: a `Chain`, a `Market`, an `Operator`, and each member is a `Sender`.

The plugin is named by its users and has no entry point: with one, every run of pytest beside an
installed p2pchain would have fixtures named `chain`, `market` and `alice`, and a test that lacks a
fixture of that name would get a blockchain instead of an error.

PYTEST_DONT_REWRITE: a conftest.py may import from here before pytest loads the plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

try:
    import pytest
except ModuleNotFoundError as error:
    if error.name != "pytest":
        raise
    raise ModuleNotFoundError(
        "p2pchain.testing needs pytest: pip install 'p2pchain[testing]'", name="pytest"
    ) from None

from p2pchain import __version__
from p2pchain.chain.connect import Chain
from p2pchain.chain.sender import Sender
from p2pchain.errors import P2PError
from p2pchain.market import Market
from p2pchain.operator import Operator
from p2pchain.testing.site import (
    ALICE_KEY,
    AREA,
    BOB_KEY,
    OPERATOR_KEY,
    SUPPLIER,
    SUPPLIER_KEY,
    TARIFF,
    Clock,
    Engine,
    Meter,
    Meters,
    Settings,
    Site,
    site,
)

__all__ = [
    "AREA",
    "SUPPLIER",
    "TARIFF",
    "Anchor",
    "Clock",
    "Meter",
    "Meters",
    "Neighbour",
    "Settings",
]

ENGINES: tuple[Engine, ...] = ("tester", "anvil")
_INI = "p2pchain_engine"

#: `with anchor(): ...` undoes what happens to the chain inside.
Anchor = Callable[[], AbstractContextManager[Chain]]


class Neighbour(Protocol):
    """Makes one more home."""

    def __call__(
        self, name: str, *, prepaid_nano: int | None = None, from_slot: int | None = None
    ) -> Sender:
        """Register a home's meter, enrol it, pay money in; return its owner.

        `from_slot` is the first slot in which it takes part, the next one unless told;
        `prepaid_nano` is the settings' unless told. Raises BadInput where there is one of that
        name, CheckFailed where the market refuses it.
        """
        ...


# pytest's side


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "chain of the p2pchain fixtures: tester (embedded, the default) or anvil"
    group = parser.getgroup("p2pchain")
    group.addoption("--p2pchain-engine", choices=ENGINES, dest=_INI, help=what)
    parser.addini(_INI, what, default="tester")


def pytest_configure(config: pytest.Config) -> None:
    _engine(config)  # a slip in a file is told before anything runs


def pytest_report_header(config: pytest.Config) -> str:
    return f"p2pchain: {__version__}, engine {_engine(config)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    __tracebackhide__ = True
    with _Hints():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    __tracebackhide__ = True
    with _Hints():
        yield


def _engine(config: pytest.Config) -> Engine:
    chosen = config.getoption(_INI) or config.getini(_INI)
    for engine in ENGINES:
        if chosen == engine:
            return engine
    raise pytest.UsageError(f"{_INI} = {chosen}: it is tester or anvil")


class _Hints:
    """Lets pytest show the hint of an error, as the command line does."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, P2PError) and error.hint:
            note = f"hint: {error.hint}"
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)


# once in a session


class _Sites:
    """What was set up in this session, by settings: tests of other settings have another chain."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stack = ExitStack()
        self._made: dict[Settings, Site | P2PError] = {}

    def get(self, settings: Settings) -> Site:
        """Return the chain of these settings, set up where it is not there yet."""
        if settings not in self._made:
            try:
                self._made[settings] = self._stack.enter_context(site(self._engine, settings))
            except P2PError as error:
                self._made[settings] = error
        found = self._made[settings]
        if isinstance(found, P2PError):  # of the settings, or of what is installed
            hint = f"\nhint: {found.hint}" if found.hint else ""
            pytest.fail(f"error: no market could be set up: {found}{hint}", pytrace=False)
        return found

    def close(self) -> None:
        """Stop the chains."""
        self._stack.close()


@pytest.fixture(scope="session")
def _p2pchain_sites(pytestconfig: pytest.Config) -> Iterator[_Sites]:
    """The chains of this session."""
    sites = _Sites(_engine(pytestconfig))
    yield sites
    sites.close()


@pytest.fixture(scope="session")
def p2pchain_settings() -> Settings:
    """What the market is like: define a fixture of this name to change it."""
    return Settings()


@pytest.fixture
def _p2pchain_site(_p2pchain_sites: _Sites, p2pchain_settings: Settings) -> Site:
    """What stands on the chain before a test."""
    return _p2pchain_sites.get(p2pchain_settings)


# for each test


@pytest.fixture
def chain(_p2pchain_site: Site) -> Iterator[Chain]:
    """The chain, which goes back after the test."""
    with _p2pchain_site.chain.anchor() as chain:
        yield chain


@pytest.fixture
def anchor(chain: Chain) -> Anchor:
    """`with anchor():` undoes what happens to the chain inside it."""
    return chain.anchor


@pytest.fixture
def clock(chain: Chain, _p2pchain_site: Site) -> Clock:
    """The time of the chain, to let slots and windows pass."""
    return Clock(chain, _p2pchain_site.settings.market.slot_seconds)


@pytest.fixture
def market(chain: Chain, _p2pchain_site: Site) -> Market:
    """The market, with alice and bob as members from the running slot on."""
    return _p2pchain_site.market()


@pytest.fixture
def meter(market: Market, _p2pchain_site: Site) -> Meters:
    """The meters: `meter(alice).read(slot, [(import_wh, export_wh), ...])` is signed."""
    return _p2pchain_site.meters(market)


@pytest.fixture
def alice(chain: Chain, _p2pchain_site: Site) -> Iterator[Sender]:
    """A member with a solar panel: sends with the key of the home's owner."""
    with _p2pchain_site.sender(ALICE_KEY) as sender:
        yield sender


@pytest.fixture
def bob(chain: Chain, _p2pchain_site: Site) -> Iterator[Sender]:
    """A member who only consumes: sends with the key of the home's owner."""
    with _p2pchain_site.sender(BOB_KEY) as sender:
        yield sender


@pytest.fixture
def supplier(chain: Chain, _p2pchain_site: Site) -> Iterator[Sender]:
    """The supplier of both homes: sends with its key."""
    with _p2pchain_site.sender(SUPPLIER_KEY) as sender:
        yield sender


@pytest.fixture
def operator(market: Market, _p2pchain_site: Site) -> Iterator[Operator]:
    """Whoever runs the market, with all roles."""
    with _p2pchain_site.sender(OPERATOR_KEY) as sender:
        yield Operator(market.contracts, sender)


@pytest.fixture
def neighbour(
    market: Market, meter: Meters, operator: Operator, clock: Clock, _p2pchain_site: Site
) -> Iterator[Neighbour]:
    """`neighbour("carol")` is one more member, with a meter of its own: `meter(carol)`."""
    senders: list[Sender] = []

    def make(name: str, *, prepaid_nano: int | None = None, from_slot: int | None = None) -> Sender:
        owner, home = _p2pchain_site.neighbour(
            operator,
            market,
            name,
            _p2pchain_site.settings.prepaid_nano if prepaid_nano is None else prepaid_nano,
            clock.slot + 1 if from_slot is None else from_slot,
        )
        meter.add(home)
        senders.append(_p2pchain_site.sender(owner))
        return senders[-1]

    yield make
    for sender in senders:
        sender.close()
