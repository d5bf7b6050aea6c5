"""The shipped year, its clock, and users' own files."""

from __future__ import annotations

import gzip
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from p2pchain import data
from p2pchain.errors import BadInput
from p2pchain.rules import RULES, rule_set


def test_two_days_in_june() -> None:
    community = data.load_fontana()
    assert len(community.homes) == 13
    assert not {"H07", "H12", "H14", "H15"} & {home.id for home in community.homes}
    assert community.slots[0] * 3600 == 1497250800  # 2017-06-12T07:00Z, midnight at Fontana
    assert len(community.slots) == 48
    assert set(community.retail_nano) == {220_000, 540_000}
    assert community.retail_nano[16] == 540_000
    for home in community.homes:
        for place in range(48):
            imported, exported = home.import_wh[place], home.export_wh[place]
            assert min(imported, exported) == 0
            assert imported - exported == home.load_wh[place] - home.pv_wh[place]


def test_the_whole_year_adds_up() -> None:
    community = data.load_fontana("2016-08-01", 365)
    assert len(community.slots) == len(set(community.slots)) == 8_759
    assert list(community.slots) == sorted(community.slots)
    load = sum(sum(home.load_wh) for home in community.homes)
    pv = sum(sum(home.pv_wh) for home in community.homes)
    assert min(sum(h.load_wh) for h in community.homes) / 365_000 >= 19.6
    assert max(sum(h.load_wh) for h in community.homes) / 365_000 <= 40.4
    assert max(max(home.load_wh) for home in community.homes) <= 8_850
    assert max(max(home.pv_wh) for home in community.homes) <= 4_780
    assert (load // 10**6, pv // 10**6) == (135, 86)


@pytest.mark.parametrize(
    ("day", "kwh"),
    [("2017-01-09", (6_048, 1_426, 548, 102)), ("2017-06-12", (6_898, 4_990, 1_876, 486))],
)
def test_two_fortnights_have_the_sums_of_the_source(day: str, kwh: tuple[int, ...]) -> None:
    """Load, solar, surplus and what could be matched, counted from the source with its decimals."""
    homes = data.load_fontana(day, 14).homes
    imports = [sum(home.import_wh[place] for home in homes) for place in range(336)]
    exports = [sum(home.export_wh[place] for home in homes) for place in range(336)]
    sums = (
        sum(sum(home.load_wh) for home in homes),
        sum(sum(home.pv_wh) for home in homes),
        sum(exports),
        sum(map(min, imports, exports)),
    )
    assert tuple(round(wh / 1000) for wh in sums) == kwh


@pytest.mark.parametrize(("day", "hours"), [("2016-11-06", 24), ("2017-03-12", 23)])
def test_days_on_which_the_clock_changes(day: str, hours: int) -> None:
    community = data.load_fontana(day, 1, homes=1)
    counted = data.slots_per_local_day(community.slots, 3600, community.zone)
    assert counted == {date.fromisoformat(day): hours}
    steps = {b - a for a, b in zip(community.slots, community.slots[1:], strict=False)}
    # Of the two hours that are both called 01:00 in November the second is missing.
    assert steps == ({1, 2} if hours == 24 else {1})


def test_batches_are_consecutive_and_stay_within_a_utc_day() -> None:
    community = data.load_fontana("2016-11-05", 3, homes=1)
    places = []
    for batch in community.profiles.batches():
        slots = [community.slots[place] for place in batch]
        assert slots == list(range(slots[0], slots[0] + len(slots)))
        assert slots[0] // 24 == slots[-1] // 24
        places += list(batch)
    assert places == list(range(len(community.slots)))


def test_tariff_versions_give_every_slot_its_price() -> None:
    for day, days in (("2017-06-09", 6), ("2016-11-04", 5), ("2017-03-11", 3)):
        community = data.load_fontana(day, days, homes=1)
        versions = community.retail_days()
        for slot, price in zip(community.slots, community.retail_nano, strict=True):
            rows = [rows for from_slot, rows in versions if from_slot <= slot][-1]
            assert rows[slot % 24] == price


def test_what_is_shipped_is_deterministic_and_attributed() -> None:
    folder = files("p2pchain") / "data"
    for name in ("fontana13_60min.csv.gz", "sce_tou_60min.csv.gz"):
        raw = (folder / name).read_bytes()
        assert raw[4:8] == b"\0\0\0\0", "the time in the gzip header is zero"
        assert len(gzip.decompress(raw).splitlines()) == 8_761
    text = (folder / "README.md").read_text()
    assert "CityLearn Challenge 2022" in text
    assert "MIT" in text
    assert "Jose Ramon Vazquez-Canteli" in (folder / "LICENSE-CityLearn.txt").read_text()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("2016-07-31", 1, None), "outside the data"),
        (("2017-07-31", 2, None), "outside the data"),
        (("2017-06-12", 0, None), "at least one"),
        (("12.6.2017", 1, None), "not a date"),
        (("2017-06-12", 1, 14), "1 to 13"),
        (("2017-06-12", 1, ["H07"]), "unknown home 'H07'"),
        (("2017-06-12", 1, ["H01", "H01"]), "each home once"),
    ],
)
def test_what_cannot_be_loaded(args: tuple[str, int, int | list[str] | None], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        data.load_fontana(*args)


def test_homes_may_be_chosen() -> None:
    assert [h.id for h in data.load_fontana(homes=2).homes] == ["H01", "H02"]
    chosen = data.load_fontana(homes=["H17", "H03"])
    assert [home.id for home in chosen.homes] == ["H17", "H03"]
    full = {home.id: home for home in data.load_fontana().homes}
    assert all(full[home.id] == home for home in chosen.homes)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "homes.csv"
    path.write_bytes(text.encode())
    return path


def test_own_file(tmp_path: Path) -> None:
    text = (
        "\ufeffstart,a_load_kwh,a_pv_kwh,b_import_wh,b_export_wh,c_d_load_wh\r\n"
        "2026-01-01T00:00Z,1.2345,0.2,5,0,7\r\n"
        "\r\n"
        "2026-01-01T02:00+01:00,0.0005,0.0015,0,6,8\r\n"
        "2026-01-01T05:00,1,1,1,1,1\r\n"
    )
    profiles = data.load_csv(write(tmp_path, text), zone="Europe/Berlin")
    assert [slot - profiles.slots[0] for slot in profiles.slots] == [0, 1, 4]
    a, b, c = profiles.homes
    assert (a.id, a.load_wh, a.pv_wh) == ("a", (1234, 0, 1000), (200, 2, 1000))
    assert (b.id, b.import_wh, b.export_wh) == ("b", (5, 0, 0), (0, 6, 0))
    assert (c.id, c.load_wh, c.pv_wh) == ("c_d", (7, 8, 1), (0, 0, 0))
    assert profiles.batches() == [range(2), range(2, 3)]


HEAD = "start,a_load_wh,a_pv_wh\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: not a header"),
        ("time,a_load_wh\n", "line 1: not a header"),
        ("start,a_watts\n", "line 1: column 'a_watts' is not known"),
        ("start,a_pv_wh\n", "line 1: 'a' has pv"),
        ("start,a_load_wh,a_load_kwh\n", "two columns for its load"),
        ("start,a_load_wh,a_export_wh\n", "line 1: 'a' has load, export"),
        (HEAD, "no rows"),
        (HEAD + "2026-01-01T00:00Z,1\n", "line 2: 2 cells, the header has 3"),
        (HEAD + "2026-01-01T00:00Z,1,2\n2026-01-01T00:00Z,1,2\n", "line 3: .* not later"),
        (HEAD + "2026-01-01T00:00Z,,2\n", "line 2: a_load_wh is empty"),
        (HEAD + "2026-01-01T00:00Z,x,2\n", "line 2: a_load_wh is 'x', not a number"),
        (HEAD + "2026-01-01T00:00Z,nan,2\n", "line 2: a_load_wh is nan"),
        (HEAD + "2026-01-01T00:00Z,-1,2\n", "line 2: a_load_wh is -1"),
        (HEAD + "2026-01-01T00:00Z,1.5,2\n", "line 2: .* whole numbers"),
        (HEAD + "2026-01-01T00:00Z,1e99999,2\n", "line 2: .* more than a meter"),
        (HEAD + "2026-01-01T00:10Z,1,2\n", "line 2: .* not the beginning of a slot"),
        (HEAD + "2026-10-25T02:00,1,2\n", "line 2: .* happens twice"),
        (HEAD + "yesterday,1,2\n", "line 2: 'yesterday' is not a time"),
        (HEAD + '"2026-01-01T00:00Z,1,2\n', "line 2: unexpected end of data"),
    ],
)
def test_malformed_files_are_named_by_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        data.load_csv(write(tmp_path, text), zone="Europe/Berlin")
    assert str(tmp_path) in caught.value.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        data.load_csv(tmp_path / "none.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="cannot read"):
        data.load_csv(path)
    with pytest.raises(BadInput, match="cannot read"):
        data.load_csv(tmp_path)


@pytest.mark.parametrize("name", ["none", "GB", "EU", "gb"])
def test_parts_of_a_retail_price_add_up_exactly(name: str) -> None:
    rules = rule_set(name)
    for retail in (1, 7, 220_000, 540_000, 248_603, -15_001, 0):
        row = rules.split(retail, 50_000)
        assert row.energy + row.network + row.levies + row.tax == retail
        assert row.feed_in == 50_000
    assert rule_set("none").split(220_000).energy == 220_000
    assert rule_set("EU").split(220_000).energy == 110_000
    assert sum(share.share_ppm for share in rules.shares) < 1_000_000
    assert all(share.source for share in rules.shares)


def test_unknown_rules() -> None:
    with pytest.raises(BadInput, match="unknown rule set 'US'"):
        rule_set("US")
    assert list(RULES) == ["none", "GB", "EU"]
