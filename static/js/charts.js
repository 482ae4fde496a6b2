// Charts are drawn from the <table> inside each <figure data-chart>, coloured from CSS variables,
// so the numbers exist once and the page works without this file. Tooltips use richText (no inline styles).
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (text) => Number(text.replace(/[,%]/g, "").replace("−", "-").replace(/[^\d.-]/g, ""));
  const read = (figure) => [...figure.querySelectorAll("tbody tr")]
    .map((row) => [...row.children].map((cell) => cell.textContent.trim()));

  const common = () => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: css("--p-ink-2"), fontSize: 12 },
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow", shadowStyle: { opacity: .08 } },
      backgroundColor: css("--p-surface"), borderColor: css("--p-line-strong"), textStyle: { color: css("--p-ink"), fontSize: 12 } },
  });
  const axis = (extra) => ({ axisLine: { lineStyle: { color: css("--p-line-strong") } }, axisTick: { show: false },
    axisLabel: { color: css("--p-ink-2"), fontSize: 12 }, splitLine: { lineStyle: { color: css("--p-chart-grid") } }, ...extra });

  const kinds = {
    histogram(rows, figure) {
      const from = Number(figure.dataset.from), to = Number(figure.dataset.to);
      return { ...common(), grid: { left: 8, right: 8, top: 4, bottom: 22 },
        xAxis: [axis({ type: "category", data: rows.map((r) => r[0]), axisLabel: { show: false } }), { show: false, type: "category", data: rows.map((r) => r[0]) }],
        yAxis: { show: false },
        dataZoom: [{ type: "slider", xAxisIndex: 1, startValue: from, endValue: to, height: 14, bottom: 2, showDetail: false, brushSelect: false, filterMode: "none", zoomLock: false,
          borderColor: "transparent", backgroundColor: css("--p-chart-grid"), fillerColor: css("--p-accent-soft"), showDataShadow: false,
          handleStyle: { color: css("--p-accent"), borderColor: css("--p-accent") }, moveHandleSize: 0 }],
        series: [{ type: "bar", barCategoryGap: "14%", data: rows.map((r, k) => ({ value: number(r[1]), itemStyle: { color: k >= from && k <= to ? css("--p-chart-1") : css("--p-chart-mute") } })) }] };
    },
    // Two stacked panels on one time axis instead of two y axes in one panel.
    trend(rows) {
      const names = rows.map((r) => r[0]);
      const part = (r) => /上半年|季度/.test(r[0]);
      return { ...common(), grid: [{ left: 8, right: 8, top: 26, height: 34 }, { left: 8, right: 8, top: 92, bottom: 24 }],
        title: [{ text: "净利率", left: 0, top: 0 }, { text: "营业收入，万元", left: 0, top: 68 }].map((x) => ({ ...x, textStyle: { fontSize: 12, fontWeight: 400, color: css("--p-ink-2") } })),
        xAxis: [axis({ type: "category", data: names, show: false, gridIndex: 0 }), axis({ type: "category", data: names, gridIndex: 1, axisLabel: { color: css("--p-ink-2"), interval: 0 } })],
        yAxis: [{ type: "value", gridIndex: 0, show: false, scale: true }, { type: "value", gridIndex: 1, show: false }],
        series: [
          { name: "净利率", type: "line", xAxisIndex: 0, yAxisIndex: 0, data: rows.map((r) => number(r[2])), symbolSize: 6, color: css("--p-chart-2"), lineStyle: { width: 2 }, label: { show: true, position: "top", color: css("--p-ink"), fontSize: 12, formatter: "{c}%" } },
          { name: "营业收入", type: "bar", xAxisIndex: 1, yAxisIndex: 1, barWidth: "50%", barMaxWidth: 44, color: css("--p-chart-1"), data: rows.map((r) => ({ value: number(r[1]), itemStyle: part(r) ? { color: css("--p-chart-4") } : {} })), label: { show: true, position: "top", color: css("--p-ink"), fontSize: 12, formatter: (p) => p.value.toLocaleString("zh-CN") } }] };
    },
    days(rows) {
      return { ...common(), grid: { left: 26, right: 4, top: 6, bottom: 20 },
        xAxis: axis({ type: "category", data: rows.map((r) => r[0]), axisLabel: { color: css("--p-ink-2"), fontSize: 11, interval: "auto" } }), yAxis: axis({ type: "value", splitNumber: 2, axisLine: { show: false } }),
        series: [{ name: "允许", type: "bar", stack: "a", color: css("--p-chart-1"), barWidth: "55%", data: rows.map((r) => number(r[1])) }, { name: "拒绝", type: "bar", stack: "a", color: css("--p-bad"), data: rows.map((r) => number(r[2])) }] };
    },
    cost(rows) {
      const names = ["利息", "担保费", "评估等", "贴息"], colors = ["--p-chart-1", "--p-chart-2", "--p-chart-4", "--p-chart-3"];
      const back = [...rows].reverse();
      return { ...common(), grid: { left: 92, right: 16, top: 30, bottom: 22 }, legend: { top: 0, left: 0, itemGap: 8, itemWidth: 12, itemHeight: 8, textStyle: { color: css("--p-ink-2") } },
        yAxis: axis({ type: "category", data: back.map((r) => r[0]), axisLine: { show: false } }), xAxis: axis({ type: "value", min: -1, max: 6, interval: 1, axisLabel: { color: css("--p-ink-2"), formatter: (v) => (v % 2 === 0 ? `${v}%` : "") } }),
        series: [...names.map((name, k) => ({ name, type: "bar", stack: "a", barWidth: 16, color: css(colors[k]), data: back.map((r) => number(r[k + 1])) })),
          { name: "总成本", type: "scatter", symbol: "diamond", symbolSize: 9, color: css("--p-ink"), data: back.map((r) => number(r[5])), tooltip: { show: false } }] };
    },
  };

  const drawn = [];
  const draw = (figure) => {
    const box = figure.querySelector("[data-plot]");
    const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "svg" });
    chart.setOption(kinds[figure.dataset.chart](read(figure), figure), true);
    return chart;
  };
  const start = () => { for (const figure of document.querySelectorAll("[data-chart]")) drawn.push(draw(figure)); };
  document.addEventListener("themechange", () => document.querySelectorAll("[data-chart]").forEach(draw));
  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  // canvas/svg text needs the Chinese font before it measures
  (document.fonts?.ready ?? Promise.resolve()).then(start);
})();
