"""The three microgrids: what is shipped, how it is aligned, and the tool that made it."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from p2pchain import data
from p2pchain.data.homes import HOUR
from p2pchain.errors import BadInput
from p2pchain.units import parse_zone, slot_start
from tools import microgrids as tool

SWISS = files("p2pchain") / "data" / "swiss"
README = (SWISS / "README.md").read_text(encoding="utf-8")
PARIS_NIGHT = (0, 1, 2, 3, 4, 5, 6, 19, 20, 21, 22, 23)


@pytest.fixture(scope="module")
def all_days() -> tuple[data.Microgrid, ...]:
    return data.load_microgrids("2016-11-07", 21)


def flows(microgrid: data.Microgrid) -> list[tuple[int, int]]:
    """Wh that the homes export and import, slot by slot."""
    homes = microgrid.community.homes
    exported = map(sum, zip(*(home.export_wh for home in homes), strict=True))
    imported = map(sum, zip(*(home.import_wh for home in homes), strict=True))
    return list(zip(exported, imported, strict=True))


# --- what is shipped ----------------------------------------------------------------------------


def test_three_groups_of_different_homes(all_days: tuple[data.Microgrid, ...]) -> None:
    assert [(m.name, len(m.community.homes)) for m in all_days] == [
        ("fontana", 13),
        ("paired", 16),
        ("consumers", 12),
    ]
    names = [home.id for m in all_days for home in m.community.homes]
    assert len(set(names)) == 41
    fontana, paired, consumers = (m.community for m in all_days)
    assert fontana == data.load_fontana("2016-11-07", 21)
    assert [any(home.pv_wh) for home in paired.homes] == [True, False] * 8
    assert not any(any(home.pv_wh) for home in consumers.homes)


def test_energy_is_that_of_the_sources(all_days: tuple[data.Microgrid, ...]) -> None:
    """Wh of the source's own rows, summed there in one go, without the extract's hours."""
    load = [sum(sum(h.load_wh) for h in m.community.homes) for m in all_days]
    solar = [sum(sum(h.pv_wh) for h in m.community.homes) for m in all_days]
    assert load[1:] == [9_368_283, 7_057_090]
    # Each of 8 roofs is rounded once a day, so 21 days of them are off by 84 Wh at most.
    assert abs(solar[1] - 1_502_992.353) <= 84
    # Fontana's hours are rounded one by one.
    assert abs(load[0] - 6_308_951.1) <= 504 * 13 / 2
    assert abs(solar[0] - 3_613_755.7) <= 504 * 13 / 2


def test_no_home_is_faulty(all_days: tuple[data.Microgrid, ...]) -> None:
    for microgrid in all_days[1:]:
        for home in microgrid.community.homes:
            assert min(home.load_wh) >= 0
            assert 5_000 <= sum(home.load_wh) / 21 <= 40_000
            assert max(home.load_wh) <= 10_000
            assert home.load_wh.count(0) <= 504 * 0.02
            days = [home.load_wh[at : at + 24] for at in range(0, 504, 24)]
            assert len(set(days)) == 21, "no day is a copy of another"
            assert min(map(sum, days)) >= 3_000


def test_roofs_are_one_roof_times_the_scale_that_the_readme_gives(
    all_days: tuple[data.Microgrid, ...],
) -> None:
    scales = {home: Decimal(x) for home, x in re.findall(r"(C\d{7}) (\d\.\d\d)", README)}
    roofs = [home for home in all_days[1].community.homes if any(home.pv_wh)]
    assert sorted(scales) == sorted(home.id for home in roofs)
    lowest, highest = min(scales.values()), max(scales.values())
    assert any(f"times {lowest} to {highest}" in note for note in all_days[1].notes)
    for place in range(504):
        # A carried hour is within 1 Wh of its exact value, whose base is the same for all.
        low = max((home.pv_wh[place] - 1) / scales[home.id] for home in roofs)
        high = min((home.pv_wh[place] + 1) / scales[home.id] for home in roofs)
        assert low <= high
    assert not any(
        home.pv_wh[day + hour]
        for home in roofs
        for day in range(0, 504, 24)
        for hour in PARIS_NIGHT
    )
    days = [sum(roofs[0].pv_wh[day : day + 24]) for day in range(0, 504, 24)]
    assert min(days) > 1_000, "no day without sun data"


def test_licences_and_names_are_with_the_data(all_days: tuple[data.Microgrid, ...]) -> None:
    licence = (SWISS / "LICENSE-CC-BY-SA-4.0.txt").read_text(encoding="utf-8")
    assert licence.startswith("Attribution-ShareAlike 4.0 International")
    assert "Section 3 -- License Conditions." in licence
    mit = (SWISS / "LICENSE-EMHASS.txt").read_text(encoding="utf-8")
    assert "MIT License" in mit
    assert "David HERNANDEZ TORRES" in mit
    notice = (Path(__file__).resolve().parents[2] / "NOTICE").read_text(encoding="utf-8")
    for text in (README, notice, *(m.community.attribution for m in all_days[1:])):
        assert "Weigert" in text
        assert "CC BY-SA 4.0" in text
    assert "EMHASS" in all_days[1].community.attribution
    assert "EMHASS" not in all_days[2].community.attribution


def test_files_are_small_and_without_a_time_stamp() -> None:
    packed = [SWISS / name for name in ("paired16_60min.csv.gz", "consumers12_60min.csv.gz")]
    assert sum(len(path.read_bytes()) for path in packed) < 400_000
    assert all(path.read_bytes()[4:8] == b"\0\0\0\0" for path in packed)


# --- how it is aligned --------------------------------------------------------------------------


def test_each_hour_is_there_once_and_no_clock_changes(
    all_days: tuple[data.Microgrid, ...],
) -> None:
    slots = all_days[0].community.slots
    assert all(m.community.slots == slots for m in all_days)
    assert list(slots) == list(range(slots[0], slots[0] + 504))
    zone = parse_zone(data.FONTANA_ZONE)
    local = [slot_start(slot, HOUR).astimezone(zone) for slot in slots]
    assert local[0].replace(tzinfo=None) == datetime(2016, 11, 7)
    assert {moment.utcoffset() for moment in local} == {timedelta(hours=-8)}
    counted = data.slots_per_local_day(slots, HOUR, data.FONTANA_ZONE)
    assert set(counted.values()) == {24}
    # The same weeks and weekdays, which the README names for each place, and no change there.
    for year, place in ((2016, "America/Los_Angeles"), (2024, "Europe/Paris")):
        first, last = date.fromisocalendar(year, 45, 1), date.fromisocalendar(year, 47, 7)
        assert f"Mon {first}" in README
        assert f"Sun {last}" in README
        ends = (first, last + timedelta(days=1))
        noons = [datetime(day.year, day.month, day.day, tzinfo=parse_zone(place)) for day in ends]
        assert noons[0].utcoffset() == noons[1].utcoffset()


def test_one_price_sheet_for_all(all_days: tuple[data.Microgrid, ...]) -> None:
    first = all_days[0].community
    for microgrid in all_days:
        community = microgrid.community
        assert community.currency == "USD"
        assert community.retail_nano == first.retail_nano
        assert community.feed_in_nano == data.FONTANA_FEED_IN_NANO
        assert community.retail_days() == first.retail_days()
    assert first.retail_nano == ((210_000,) * 16 + (500_000,) * 5 + (210_000,) * 3) * 21


def test_any_days_are_a_part_of_all(all_days: tuple[data.Microgrid, ...]) -> None:
    two = data.load_microgrids(date(2016, 11, 26), 2)
    for part, whole in zip(two, all_days, strict=True):
        assert part.community.slots == whole.community.slots[-48:]
        assert [h.load_wh for h in part.community.homes] == [
            h.load_wh[-48:] for h in whole.community.homes
        ]
        assert part.notes == whole.notes
    few = data.load_microgrids("2016-11-26", 2, homes=4)
    for part, whole in zip(few, two, strict=True):
        assert part.community.homes == whole.community.homes[:4]


def test_notes_are_sentences_that_name_their_group(all_days: tuple[data.Microgrid, ...]) -> None:
    for microgrid in all_days:
        assert microgrid.notes
        assert all(note.startswith(f"{microgrid.name}: ") for note in microgrid.notes)
    notes = [note for m in all_days for note in m.notes] + list(data.MICROGRID_NOTES)
    assert all(note.endswith(".") for note in notes)
    assert len(set(notes)) == len(notes)


@pytest.mark.parametrize(
    ("args", "said", "hint"),
    [
        (("2016-11-06", 1, None), "outside the data", "2016-11-07 to 2016-11-27"),
        (("2016-11-27", 2, None), "outside the data", "2016-11-07 to 2016-11-27"),
        (("2017-06-12", 1, None), "outside the data", "2016-11-07 to 2016-11-27"),
        (("2016-11-26", 0, None), "outside the data", "2016-11-07 to 2016-11-27"),
        (("2016-11-26", 10**12, None), "outside the data", "2016-11-07 to 2016-11-27"),
        (("2016-11-26", 1, 0), "1 to 12", "leave the number out"),
        (("2016-11-26", 1, 13), "1 to 12", "leave the number out"),
        (("26.11.2016", 1, None), "not a date", ""),
    ],
)
def test_what_cannot_be_loaded(args: tuple[str, int, int | None], said: str, hint: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        data.load_microgrids(*args)
    assert hint in (caught.value.hint or "")


# --- the figures --------------------------------------------------------------------------------


def rows(start: str) -> Iterator[list[str]]:
    """Cells of the README's lines that begin like this."""
    for line in README.splitlines():
        if re.match(start, line):
            yield [cell.strip().replace(",", "") for cell in line.strip("|").split("|")]


def test_the_readme_has_the_sums(all_days: tuple[data.Microgrid, ...]) -> None:
    written = list(rows(r"\| `\w+` \| [\d,]+ \| [\d,]+ \|"))
    assert len(written) == 3
    for row, microgrid in zip(written, all_days, strict=True):
        homes = microgrid.community.homes
        slots = flows(microgrid)
        figures = (
            sum(sum(home.load_wh) for home in homes),
            sum(sum(home.pv_wh) for home in homes),
            sum(imported for _, imported in slots),
            sum(exported for exported, _ in slots),
            sum(map(min, slots)),
        )
        assert row == [f"`{microgrid.name}`", *(str(round(wh / 1000)) for wh in figures)]


def test_on_the_day_that_is_taken_energy_crosses_in_both_directions() -> None:
    microgrids = data.load_microgrids()
    assert slot_start(microgrids[0].community.slots[8], HOUR).hour == 16
    hours = list(zip(*map(flows, microgrids), strict=True))
    written = {int(row[0]): [int(cell) for cell in row[1:]] for row in rows(r"\| \d\d \|")}
    for hour, ((f_out, f_in), (p_out, p_in), (c_out, c_in)) in enumerate(hours):
        assert c_out == 0
        assert (hour in written) == (f_out + p_out > 0)
        if hour in written:
            assert written[hour] == [f_out, f_in, p_out, p_in, c_in]
    (day,) = rows(r"\| day \|")
    totals = [sum(hour[m][side] for hour in hours) for m in range(3) for side in range(2)]
    assert [int(cell) for cell in day[1:]] == [wh for wh in totals if wh]

    surplus = [(f[0] - f[1], p[0] - p[1], c[0] - c[1]) for f, p, c in hours]
    to_paired = sum(min(f, -p) for f, p, _ in surplus if f > 0 > p)
    to_fontana = sum(min(p, -f) for f, p, _ in surplus if p > 0 > f)
    to_consumers = sum(min(f + p, -c) for f, p, c in surplus if f + p > 0)
    assert (to_paired, to_fontana, to_consumers) == (26_326, 4_688, 24_481)
    assert sum(min(p) for _, p, _ in hours) == 37_015


# --- the tool -----------------------------------------------------------------------------------


def test_quarter_hours_are_summed() -> None:
    assert tool.hours([1, 2, 3, 4, 10, 20, 30, 40]) == [10, 100]


def test_carried_hours_add_up_to_the_sum_rounded_once() -> None:
    assert tool.carried([Decimal("0.4")] * 5) == [0, 1, 0, 1, 0]
    assert tool.carried([Decimal(0), Decimal("1.5"), Decimal(0)]) == [0, 2, 0]
    draw = random.Random(3)
    for _ in range(500):
        exact = [Decimal(draw.randrange(2_000_000)) / 1000 for _ in range(24)]
        whole = tool.carried(exact)
        assert sum(whole) == round(sum(exact))
        assert all(abs(wh - value) <= 1 for wh, value in zip(whole, exact, strict=True))
        assert min(whole) >= 0


@pytest.mark.parametrize(
    ("quarters", "sound"),
    [
        ([100, 200] * 48, True),
        ([10, 20] * 48, False),  # 1.4 kWh a day
        ([400, 500] * 48, False),  # 43.2 kWh a day
        ([10, 20] * 48 + [200, 300] * 48, False),  # on average 12.7, but one day of 1.4
        ([0, 0, *[100, 200] * 47], False),  # zero in 2.1 % of the quarter hours
        ([0, *[100, 200] * 47, 100], True),
        ([300] * 16 + [100, 200] * 40, False),  # four hours of one value
        ([300] * 15 + [200] + [100, 200] * 40, True),
    ],
)
def test_what_is_a_sound_home(quarters: list[int], sound: bool) -> None:
    days = [quarters[at : at + 96] for at in range(0, len(quarters), 96)]
    assert tool.is_sound({(45, at): day for at, day in enumerate(days)}) == sound


def sources(folder: Path, gap: str = "") -> Path:
    """A folder as the tool takes it: 30 homes, 16 with a scale, and a roof of 2 kW by day."""
    homes = [f"C{number:07}" for number in range(30)]
    scales = "".join(f"{home},0.75\n" for home in homes[:16])
    (folder / "paired60_pairs.csv").write_text("home,pv_scale_of_home_fr\n" + scales)
    lines = ["start_utc,load_w,pv_w,pv_forecast_w"]
    for half in range(22 * 48):
        start = datetime(2024, 11, 3, 20) + timedelta(minutes=30 * half)
        power = ("2001" if start.minute else "2000") if 8 <= start.hour < 16 else ""
        power = "" if str(start) == gap else power
        lines.append(f"{start}+00:00,,{power},")
    (folder / "home_fr_30min.csv").write_text("\n".join(lines))
    lines = ["iso_week,weekday,quarter_hour," + ",".join(homes)]
    for week in (44, 45, 46, 47):
        for weekday in range(1, 8):
            for quarter in range(96):
                kwh = [f"0.{100 + (quarter * 7 + place) % 200}" for place in range(30)]
                lines.append(f"{week},{weekday},{quarter}," + ",".join(kwh))
    (folder / "swiss100_15min.csv").write_text("\n".join(lines))
    return folder


def test_the_tool_writes_what_the_loader_reads(tmp_path: Path) -> None:
    made = tool.extracts(sources(tmp_path))
    assert made == tool.extracts(tmp_path)
    path = tmp_path / "paired.csv"
    path.write_bytes(made["paired16_60min.csv.gz"])
    profiles = data.load_csv(path, zone=data.FONTANA_ZONE)
    assert profiles.slots == data.load_microgrids("2016-11-07", 21)[0].community.slots
    roof = profiles.homes[0]
    at = int(roof.id[1:])
    assert roof.load_wh[1] == sum(100 + (quarter * 7 + at) % 200 for quarter in range(4, 8))
    # 08:00 UTC is 09:00 in Paris; (2000 W + 2001 W) / 2 x 0.75 is 1500.375 Wh an hour.
    assert roof.pv_wh[8:18] == (0, 1500, 1501, 1500, 1501, 1500, 1500, 1501, 1500, 0)
    assert sum(roof.pv_wh) == 21 * 12_003


def test_what_the_shipped_files_hold_is_in_the_form_that_the_tool_writes() -> None:
    text = gzip.decompress((SWISS / "consumers12_60min.csv.gz").read_bytes()).decode()
    lines = text.splitlines()
    assert len(lines) == 505
    assert lines[0].split(",")[:2] == ["start_local", "C6058799_load_wh"]
    assert [line[:16] for line in (lines[1], lines[-1])] == ["2016-11-07T00:00", "2016-11-27T23:00"]


def test_the_tool_refuses_a_gap_in_the_sun(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="week 46, day 3: a gap in the sun"):
        tool.extracts(sources(tmp_path, gap="2024-11-13 12:00:00"))
