"""The offline page: complete, escaped, readable, and the vendored files as published."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from p2pchain.report import DemoReport, demo_page

MakeReport = Callable[..., DemoReport]
STATIC = files("p2pchain.report").joinpath("static")
VOID = {"meta", "br", "link", "img", "input", "hr"}


class _Page(HTMLParser):
    """What a browser would see: elements, scripts, text, and whether tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            attrs, before = self.scripts[-1]
            self.scripts[-1] = (attrs, before + data)
        elif self._open and self._open[-1] != "style":
            self.text += " " + " ".join(data.split())


def test_the_page_is_complete_in_itself(report: DemoReport) -> None:
    page = _Page(demo_page.render(report))
    names = [tag for tag, _ in page.tags]
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(names)
    for _, attrs in page.tags:
        assert not {"src", "srcset", "action"} & set(attrs)
        assert (attrs.get("href") or "#").startswith("#")
    css = STATIC.joinpath("report.css").read_text(encoding="utf-8")
    assert "url(" not in css
    assert "@import" not in css


def test_only_the_two_known_scripts_may_run(report: DemoReport) -> None:
    page = _Page(demo_page.render(report))
    policy = next(
        attrs["content"] or ""
        for tag, attrs in page.tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    code = [text for attrs, text in page.scripts if "type" not in attrs]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in code]
    assert digests == allowed
    assert len(code) == 2
    assert "unsafe" not in policy.split("script-src")[1]


def test_everything_from_outside_is_escaped(make_report: MakeReport) -> None:
    evil = "</script><script>alert(1)</script><b x='\"&"
    first, second = make_report().homes
    line = replace(make_report().charges[0], name=evil, source=evil, note=evil)
    bad = make_report(
        title=evil, attribution=evil, timezone=evil, chain=evil, price_rule=evil, charges=(line,),
        homes=(replace(first, id=evil), second),
        checks={**make_report().checks, evil: True},
    )  # fmt: skip
    page = _Page(demo_page.render(bad))
    assert [tag for tag, _ in page.tags].count("script") == 3
    assert "b" not in {tag for tag, attrs in page.tags if "x" in attrs}
    data = json.loads(next(text for attrs, text in page.scripts if "type" in attrs))
    assert data["homes"][0]["id"] == evil
    assert "alert(1)" in page.text


@pytest.mark.parametrize("way", ["metered", "forward", "battery"])
def test_the_tables_hold_every_figure_of_the_charts(
    report: DemoReport, make_planned: MakeReport, way: str
) -> None:
    report = report if way == "metered" else make_planned(battery=way == "battery")
    page = _Page(demo_page.render(report))
    data = json.loads(next(text for attrs, text in page.scripts if "type" in attrs))
    figures = [
        text
        for part in (*data["hours"], *data["homes"], *data["steps"])
        for key, text in part.items()
        if key.lower().endswith("text") and text is not None
    ]
    figures += [text for battery in data["batteries"] for text in battery["stateText"]]
    figures += [link["text"] for link in data["flows"]["links"]]
    assert len(figures) > 100
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", page.text), figure
    charts = [attrs for tag, attrs in page.tags if "data-chart" in attrs]
    more = {"metered": [], "forward": ["ahead"], "battery": ["ahead", "battery"]}[way]
    assert [chart["data-chart"] for chart in charts] == ["hours", "bills", *more, "gain", "flows"]
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)


def test_flows_conserve_energy(report: DemoReport) -> None:
    flows = demo_page._flows(report)
    into = sum(link["value"] for link in flows["links"] if link["target"] == "pool")
    out = sum(link["value"] for link in flows["links"] if link["source"] == "pool")
    assert into == out == report.traded_wh
    total = sum(link["value"] for link in flows["links"])
    assert total == sum(home.import_wh + home.export_wh for home in report.homes)
    names = {node["name"] for node in flows["nodes"]}
    assert {link[end] for link in flows["links"] for end in ("source", "target")} <= names


def test_planning_ahead_and_batteries_are_told(make_planned: MakeReport) -> None:
    page = _Page(demo_page.render(make_planned(battery=True)))
    assert "H02 (no orders)" in page.text
    assert "the imbalance price" in page.text
    assert "12 and 13 June 2017 of these data had been looked at" in page.text
    assert "(here 1 of 2 homes)" in page.text


def test_who_the_supplier_stands_in_for_flows_the_other_way(make_planned: MakeReport) -> None:
    base = make_planned()
    first, second = base.homes
    homes = (
        replace(first, bought_peer_wh=3_700, sold_peer_wh=-100),
        replace(second, bought_peer_wh=-200, sold_peer_wh=3_600),
    )
    flows = demo_page._flows(replace(base, homes=homes))
    into = sum(link["value"] for link in flows["links"] if link["target"] == "pool")
    out = sum(link["value"] for link in flows["links"] if link["source"] == "pool")
    assert into == out == 3_800
    assert all(link["value"] > 0 for link in flows["links"])


def test_the_steps_lead_from_gross_to_net(make_report: MakeReport) -> None:
    for charges in (make_report().charges, (replace(make_report().charges[0], amount_nano=None),)):
        steps = demo_page._steps(make_report(charges=charges))
        assert steps[0]["nano"] + sum(step["nano"] for step in steps[1:-1]) == steps[-1]["nano"]
        assert [step["to"] for step in steps[:-2]] == [step["from"] for step in steps[1:-1]]
        assert len(steps) == 3 + len(charges)
        assert steps[-1]["nano"] == 250_000_000


def test_failure_and_loss_are_said_in_words(make_report: MakeReport) -> None:
    first, second = make_report().homes
    worse = replace(first, bill_market_nano=first.bill_supplier_nano + 10**9)
    checks = {"money": True, "energy": True, "replay": True, "nobody_worse": False}
    page = _Page(demo_page.render(make_report(homes=(worse, second), checks=checks)))
    assert "✗ failed" in page.text
    assert "3 of 4" in page.text
    assert "(pays more)" in page.text


def test_a_year_stays_a_page_of_days(make_report: MakeReport) -> None:
    page = _Page(demo_page.render(make_report(days=200)))
    data = json.loads(next(text for attrs, text in page.scripts if "type" in attrs))
    assert data["unit"] == "day"
    assert len(data["hours"]) == 200


def test_the_page_names_its_language_and_headings(report: DemoReport) -> None:
    page = _Page(demo_page.render(report))
    assert dict(page.tags)["html"]["lang"] == "en"
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    assert "attribution, not a track" in page.text
    assert "Regulator, table 3" in page.text
    assert "Data: made for a test" in page.text


def test_write_is_whole_or_not_at_all(
    report: DemoReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.html"
    assert demo_page.write(report, target) == target
    before = target.read_bytes()
    assert before.startswith(b"<!doctype html>")

    def broken(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="no space left"):
        demo_page.write(report, target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(OSError, match="missing"):
        demo_page.write(report, tmp_path / "missing" / "report.html")


def _palettes() -> list[dict[str, str]]:
    css = STATIC.joinpath("report.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", css, re.S)
    assert len(roots) == 2
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", root)) for root in roots]


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_meets_wcag_aa(scheme: int) -> None:
    palette = _palettes()[scheme]
    for text in ("ink", "soft", "market", "bad", "good", "sun", "supplier"):
        for ground in ("paper", "card"):
            assert _contrast(palette[text], palette[ground]) >= 4.5, (text, ground)


def test_vendored_files_are_as_published() -> None:
    vendor = json.loads(STATIC.joinpath("vendor.json").read_text(encoding="utf-8"))
    listed = {entry["file"]: entry for entry in vendor["files"]}
    ours = {"vendor.json", "report.css", "report.js"}
    assert {path.name for path in STATIC.iterdir()} - ours == set(listed)
    for name, entry in listed.items():
        digest = hashlib.sha256(STATIC.joinpath(name).read_bytes()).hexdigest()
        assert digest == entry["sha256"], name
        assert entry["version"] in name
        assert entry["licence"]
        assert entry["source"].endswith(f"/{entry['package']}-{entry['version']}.tgz")
    library = f"{demo_page.ECHARTS}.min.js"
    assert "Apache-2.0" in listed[library]["licence"]
    text = STATIC.joinpath(library).read_text(encoding="utf-8")
    assert "Licensed to the Apache Software Foundation" in text
    assert "</script" not in text.lower()
