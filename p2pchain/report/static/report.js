/* Draws the charts of a report page. Every figure is also in a table of the page: without this
   script nothing is lost. Lengths are drawn from integers, texts come ready made. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("chart-data").textContent);
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var charts = [];

  function tone(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }
  function escapeText(text) {
    return String(text).replace(/[&<>"']/g, function (c) { return "&#" + c.charCodeAt(0) + ";"; });
  }
  function narrow(box) { return box.clientWidth < 560; }
  function trimmed(number) {
    return String(Number(number.toFixed(3))).replace("-", "−");
  }
  function money(nano) { return trimmed(nano / 1e9); }
  function rows(title, pairs) {
    var body = pairs.map(function (pair) {
      return '<tr><td style="padding:0 1.2em 0 0;border:0;text-align:left">' + escapeText(pair[0]) +
        '</td><td style="padding:0;border:0;text-align:right">' + escapeText(pair[1]) + "</td></tr>";
    }).join("");
    return "<b>" + escapeText(title) + '</b><table style="width:auto;font-size:13px">' + body + "</table>";
  }
  function base() {
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: tone("soft"), fontSize: 13 },
      aria: { enabled: false },
      tooltip: {
        backgroundColor: tone("card"), borderColor: tone("line"), borderWidth: 1, padding: [8, 12],
        textStyle: { color: tone("ink"), fontSize: 13 }, confine: true, transitionDuration: 0,
        extraCssText: "box-shadow:0 4px 18px rgba(0,0,0,.12);border-radius:4px"
      }
    };
  }
  function valueAxis(extra) {
    return Object.assign({
      type: "value", axisLine: { show: false }, axisTick: { show: false },
      splitLine: { lineStyle: { color: tone("grid") } }, axisLabel: { color: tone("soft") }
    }, extra);
  }

  function hours(box) {
    var list = data.hours, slim = narrow(box);
    var timed = list.some(function (h) { return h.time !== ""; });
    var quarter = slim || list.length > 72 ? ["12:00"] : ["06:00", "12:00", "18:00"];
    var days = 0, starts = list.map(function (h, i) {
      var first = i === 0 || list[i - 1].day !== h.day;
      days += first ? 1 : 0;
      return first;
    });
    var every = Math.max(1, Math.ceil(days / (slim ? 4 : 10))), seen = -1;
    var labels = list.map(function (h, i) {
      if (starts[i]) { seen += 1; return seen % every === 0 ? "{day|" + h.day + "}" : ""; }
      return timed && every === 1 && days < 4 && quarter.indexOf(h.time) >= 0 ? h.time : "";
    });
    function xAxis(grid, shown) {
      return {
        type: "category", gridIndex: grid, data: list.map(function (h, i) { return i; }),
        axisLine: { lineStyle: { color: tone("line") } }, axisTick: { show: false },
        axisLabel: {
          show: shown, interval: 0, hideOverlap: true, color: tone("soft"), margin: 10,
          formatter: function (value) { return labels[value]; },
          rich: { day: { color: tone("ink"), fontWeight: 600, fontSize: 13 } }
        },
        axisPointer: { label: { show: false } }
      };
    }
    function line(name, key, color, type, width) {
      return {
        name: name, type: "line", step: "middle", xAxisIndex: 1, yAxisIndex: 1, symbol: "none",
        data: list.map(function (h) { return h[key] === null ? null : h[key] / 1e6; }),
        lineStyle: { color: color, width: width, type: type }, itemStyle: { color: color }
      };
    }
    function outline(name, key, color, area) {
      return {
        name: name, type: "line", step: "middle", symbol: "none", z: 1,
        data: list.map(function (h) { return h[key] / 1000; }),
        itemStyle: { color: color }, lineStyle: { color: color, width: 1.5 }, areaStyle: area ? { color: area, opacity: 0.45 } : undefined
      };
    }
    var market = line("Market", "price", tone("market"), "solid", 3);
    if (list.length <= 100) {
      Object.assign(market, { symbol: "circle", symbolSize: slim ? 4 : 6, showAllSymbol: true });
    }
    var left = slim ? 42 : 52;
    var stroke = "path://M0,0h18v2.5h-18z", dashes = "path://M0,0h5v2.5h-5zM7,0h5v2.5h-5zM14,0h4v2.5h-4z";
    function legend(top, names) {
      return {
        data: names.map(function (name) {
          return { name: name, icon: name === "Shared" ? "roundRect" : name === "Feed-in" ? dashes : stroke };
        }),
        top: top, right: 4, selectedMode: false, itemWidth: 18, itemHeight: 9,
        itemGap: slim ? 8 : 22, textStyle: { color: tone("soft"), fontSize: 13 }
      };
    }
    return Object.assign(base(), {
      legend: [legend(0, ["Shared", "Surplus", "Need"]), legend(270, [slim ? "Supplier" : "Supplier asks", "Market", "Feed-in"])],
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: tone("soft") } },
      tooltip: Object.assign(base().tooltip, {
        trigger: "axis", axisPointer: { type: "line" },
        formatter: function (params) {
          var h = list[params[0].dataIndex], c = " " + data.currency + "/kWh";
          return rows((h.day + " " + h.time).trim(), [
            ["Shared", h.tradedText + " kWh"],
            ["Surplus of the homes", h.surplusText + " kWh"],
            ["Need of the homes", h.needText + " kWh"],
            ["Supplier asks", h.retailText + c],
            ["Market price", h.priceText === null ? "no trade" : h.priceText + c],
            ["Feed-in", h.feedInText + c]
          ].concat(h.aheadText === null ? [] : [
            ["Contracted ahead", h.contractedText + " kWh"], ["at", h.aheadText + c]
          ]));
        }
      }),
      grid: [{ left: left, right: 8, top: 34, height: 206 }, { left: left, right: 8, top: 304, height: 136 }],
      xAxis: [xAxis(0, false), xAxis(1, true)],
      yAxis: [
        valueAxis({ name: "kWh per " + data.unit, nameTextStyle: { color: tone("soft"), align: "left", padding: [0, 0, 6, 4 - left] } }),
        valueAxis({
          gridIndex: 1, name: data.currency + " per kWh", splitNumber: 3,
          nameTextStyle: { color: tone("soft"), align: "left", padding: [0, 0, 6, 4 - left] },
          axisLabel: { color: tone("soft"), formatter: function (v) { return trimmed(v); } }
        })
      ],
      series: [
        outline("Surplus", "surplus", tone("sun"), tone("sun-soft")),
        outline("Need", "need", tone("supplier"), null),
        {
          name: "Shared", type: "bar", barCategoryGap: list.length > 100 ? "0%" : "14%", z: 3,
          data: list.map(function (h) { return h.traded / 1000; }), itemStyle: { color: tone("market") }
        },
        line(slim ? "Supplier" : "Supplier asks", "retail", tone("supplier"), "solid", 2),
        line("Feed-in", "feedIn", tone("sun"), [5, 4], 2),
        market
      ]
    });
  }

  function bills(box) {
    var list = data.homes.slice().reverse(), slim = narrow(box);
    var edge = Math.max.apply(null, list.map(function (h) { return Math.max(h.supplier, h.market, 0); }));
    var series = [
      {
        name: "Supplier alone", type: "bar", barWidth: 20, barGap: "-75%", silent: true, z: 1,
        data: list.map(function (h) { return h.supplier / 1e9; }), itemStyle: { color: tone("supplier-soft") }
      },
      {
        name: "With the market", type: "bar", barWidth: 10, z: 2,
        data: list.map(function (h) {
          return { value: h.market / 1e9, itemStyle: { color: h.worse ? tone("bad") : tone("market") } };
        })
      },
      {
        name: "Saving", type: "scatter", symbolSize: 0.1, silent: true, z: 3, itemStyle: { color: "transparent" },
        data: list.map(function (h, i) { return [Math.max(h.supplier, h.market, 0) / 1e9, i]; }),
        label: {
          show: true, position: "right", distance: 8, color: tone("ink"),
          formatter: function (p) {
            var h = list[p.dataIndex];
            return h.worse ? "{bad|pays " + h.savingText.slice(1) + " more}" : (slim ? "−" : "saves ") + h.savingText;
          },
          rich: { bad: { color: tone("bad"), fontWeight: 600 } }
        }
      }
    ];
    return Object.assign(base(), {
      tooltip: Object.assign(base().tooltip, {
        trigger: "axis", axisPointer: { type: "shadow", z: 0, shadowStyle: { color: tone("grid"), opacity: 0.7 } },
        formatter: function (params) {
          var h = list[params[0].dataIndex], c = " " + data.currency;
          var pairs = [["Supplier alone", h.supplierText + c], ["With the market", h.marketText + c], ["Saving", h.savingText + c]];
          return rows(h.id, pairs);
        }
      }),
      grid: { left: 8, right: slim ? 54 : 92, top: 8, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: valueAxis({
        max: edge > 0 ? undefined : 0, splitNumber: slim ? 3 : 6,
        axisLabel: { color: tone("soft"), formatter: function (v) { return trimmed(v); } }
      }),
      yAxis: {
        type: "category", data: list.map(function (h) { return h.id; }), axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { color: tone("ink"), fontWeight: 500, width: 110, overflow: "truncate", interval: 0 }
      },
      series: series
    });
  }

  /* Savings against the supplier alone, in three ways: a dot each, a line from least to most. */
  function ahead(box) {
    var list = data.homes.slice().reverse(), slim = narrow(box);
    function dots(name, key, symbol, size, color, z) {
      return {
        name: name, type: "scatter", symbol: symbol, symbolSize: size, z: z, itemStyle: { color: color },
        data: list.map(function (h, i) { return [(h.supplier - h[key]) / 1e9, i]; })
      };
    }
    return Object.assign(base(), {
      tooltip: Object.assign(base().tooltip, {
        trigger: "axis", axisPointer: { type: "shadow", axis: "y", z: 0, shadowStyle: { color: tone("grid"), opacity: 0.7 } },
        formatter: function (params) {
          var h = list[params[0].data[1]], c = " " + data.currency;
          return rows(h.id, [
            ["Supplier alone", h.supplierText + c], ["Forward auction only", h.forwardOnlyText + c],
            ["Metered market only", h.meteredOnlyText + c], ["Both", h.marketText + c], ["Saved by planning", h.planningText + c]
          ]);
        }
      }),
      grid: { left: 8, right: 24, top: 8, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: valueAxis({
        splitNumber: slim ? 3 : 6,
        axisLabel: { color: tone("soft"), formatter: function (v) { return trimmed(v) + (v === 0 ? "" : " " + data.currency); } }
      }),
      yAxis: {
        type: "category", data: list.map(function (h) { return h.id; }), axisTick: { show: false },
        axisLine: { onZero: true, lineStyle: { color: tone("soft") } },
        axisLabel: { color: tone("ink"), fontWeight: 500, width: 110, overflow: "truncate", interval: 0 }, z: 1
      },
      series: [
        {
          type: "custom", silent: true, z: 2, encode: { x: [0, 1], y: 2 },
          data: list.map(function (h, i) {
            var all = [h.forwardOnly, h.meteredOnly, h.market].map(function (nano) { return (h.supplier - nano) / 1e9; });
            return [Math.min.apply(null, all), Math.max.apply(null, all), i];
          }),
          renderItem: function (params, api) {
            var a = api.coord([api.value(0), api.value(2)]), b = api.coord([api.value(1), api.value(2)]);
            return { type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: tone("supplier-soft"), lineWidth: 3 } };
          }
        },
        dots("Forward auction only", "forwardOnly", "diamond", 12, tone("sun"), 3),
        dots("Metered market only", "meteredOnly", "circle", 10, tone("supplier"), 4),
        dots("Both", "market", "circle", 12, tone("market"), 5)
      ]
    });
  }

  function battery(box) {
    var hours = data.hours, slim = narrow(box), styles = [tone("sun"), tone("market"), tone("supplier")];
    return Object.assign(base(), {
      legend: {
        data: data.batteries.map(function (b) { return b.id; }), top: 0, right: 4, selectedMode: false, itemWidth: 18, itemHeight: 9,
        icon: "roundRect", textStyle: { color: tone("soft"), fontSize: 13 }
      },
      tooltip: Object.assign(base().tooltip, {
        trigger: "axis", axisPointer: { type: "line", lineStyle: { color: tone("soft") } },
        formatter: function (params) {
          var at = params[0].dataIndex, h = hours[at];
          return rows((h.day + " " + h.time).trim(), data.batteries.map(function (b) { return [b.id, b.stateText[at] + " kWh"]; }));
        }
      }),
      grid: { left: slim ? 42 : 52, right: 8, top: 34, bottom: 30 },
      xAxis: {
        type: "category", data: hours.map(function (h, i) { return i; }), axisTick: { show: false },
        axisLine: { lineStyle: { color: tone("line") } },
        axisLabel: {
          interval: 0, hideOverlap: true, color: tone("soft"), margin: 10,
          formatter: function (value) {
            var i = Number(value), h = hours[i];
            if (i === 0 || hours[i - 1].day !== h.day) { return "{day|" + h.day + "}"; }
            return hours.length <= 72 && h.time === "12:00" ? h.time : "";
          },
          rich: { day: { color: tone("ink"), fontWeight: 600, fontSize: 13 } }
        }
      },
      yAxis: valueAxis({ name: "kWh", min: 0, nameTextStyle: { color: tone("soft"), align: "right", padding: [0, 8, 6, 0] } }),
      series: data.batteries.map(function (b, n) {
        var color = styles[n % styles.length];
        return {
          name: b.id, type: "bar", barGap: "0%", barCategoryGap: hours.length > 100 ? "0%" : "16%",
          data: b.state.map(function (wh) { return wh / 1000; }), itemStyle: { color: color }
        };
      })
    });
  }

  function flows(box) {
    var slim = narrow(box), labels = {}, kinds = {};
    var colors = { sell: tone("sun"), buy: tone("market"), pool: tone("market"), supplier: tone("supplier") };
    data.flows.nodes.forEach(function (n) { labels[n.name] = n.label; kinds[n.name] = n.kind; });
    function title(name) {
      if (name === "pool") { return "the pool"; }
      if (kinds[name] === "supplier") { return "the supplier"; }
      return labels[name];
    }
    return Object.assign(base(), {
      tooltip: Object.assign(base().tooltip, {
        trigger: "item",
        formatter: function (p) {
          if (p.dataType === "edge") {
            return escapeText(title(p.data.source)) + " → " + escapeText(title(p.data.target)) + "  <b>" + escapeText(p.data.text) + " kWh</b>";
          }
          return escapeText(title(p.name));
        }
      }),
      series: [{
        type: "sankey", left: slim ? 66 : 84, right: slim ? 66 : 84, top: 8, bottom: 8,
        nodeWidth: 8, nodeGap: slim ? 9 : 10, layoutIterations: 48, draggable: false, emphasis: { focus: "adjacency" },
        data: data.flows.nodes.map(function (n) {
          var left = n.kind === "sell" || n.name === "supplier-in";
          return {
            name: n.name, depth: n.kind === "pool" ? 1 : left ? 0 : 2, itemStyle: { color: colors[n.kind], borderWidth: 0 },
            label: {
              position: n.kind === "pool" ? "top" : left ? "left" : "right", color: tone("ink"), fontSize: 13,
              fontWeight: n.kind === "pool" ? 600 : 400, width: slim ? 60 : 76, overflow: "truncate",
              formatter: function () { return n.label; }
            }
          };
        }),
        links: data.flows.links.map(function (l) {
          var shared = l.source === "pool" || l.target === "pool";
          return {
            source: l.source, target: l.target, value: l.value / 1000, text: l.text,
            lineStyle: { color: shared ? tone("market") : tone("supplier"), opacity: shared ? 0.42 : 0.16, curveness: 0.5 }
          };
        })
      }]
    });
  }

  function gain(box) {
    var list = data.steps, slim = narrow(box), shown = list.slice().reverse();
    var colors = { gross: tone("supplier"), taken: tone("sun"), net: tone("market") };
    return Object.assign(base(), {
      tooltip: { show: false },
      grid: { left: 8, right: slim ? 64 : 96, top: 8, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: valueAxis({ splitNumber: slim ? 3 : 6, axisLabel: { color: tone("soft"), formatter: function (v) { return trimmed(v); } } }),
      yAxis: {
        type: "category", data: shown.map(function (s) { return s.name; }), axisTick: { show: false }, axisLine: { show: false },
        axisLabel: { color: tone("ink"), interval: 0, width: slim ? 96 : 160, overflow: "break", lineHeight: 16 }
      },
      series: [{
        type: "custom", clip: false, data: shown.map(function (s, i) { return [i, s.from / 1e9, s.to / 1e9]; }),
        encode: { x: [1, 2], y: 0 },
        renderItem: function (params, api) {
          var step = shown[params.dataIndex];
          var a = api.coord([api.value(1), api.value(0)]), b = api.coord([api.value(2), api.value(0)]);
          var x = Math.min(a[0], b[0]), w = step.nano === 0 ? 0 : Math.max(2, Math.abs(a[0] - b[0]));
          return {
            type: "group",
            children: [
              { type: "rect", shape: { x: x, y: a[1] - 13, width: w, height: 26 }, style: { fill: colors[step.kind] } },
              { type: "text", style: {
                text: step.text, x: Math.max(a[0], b[0]) + 8, y: a[1], textVerticalAlign: "middle",
                fill: tone("ink"), fontSize: 14, fontWeight: step.kind === "net" ? 600 : 400,
                fontFamily: getComputedStyle(document.body).fontFamily
              } }
            ]
          };
        }
      }]
    });
  }

  var kinds = { hours: hours, bills: bills, ahead: ahead, battery: battery, flows: flows, gain: gain };
  function draw(entry) {
    var option = kinds[entry.kind](entry.box);
    option.series.forEach(function (series) {
      if (series.type !== "sankey") { series.emphasis = { disabled: true }; }
    });
    entry.chart.setOption(option, true);
  }
  Array.prototype.forEach.call(document.querySelectorAll(".chart"), function (box) {
    var kind = box.getAttribute("data-chart");
    var entry = { box: box, kind: kind, chart: window.echarts.init(box, null, { renderer: "svg" }) };
    charts.push(entry);
    draw(entry);
    if (window.ResizeObserver) {
      new ResizeObserver(function () { entry.chart.resize(); draw(entry); }).observe(box);
    }
  });
  dark.addEventListener("change", function () { charts.forEach(draw); });
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (d) { d.open = true; });
  });
  document.documentElement.classList.remove("no-script");
})();
