// Draws a table's numbers. The table beside a chart is its data, so the page says the same without this script:
//   <figure class="dd-chart" data-chart="stack" data-chart-of="by-day" data-chart-label="Recipients a day"></figure>
//   <table id="by-day">… <th data-series="ok">Accepted</th> …
// data-chart: stack (bars on one another), bars (the same, lying, one a row) or lines. A column is drawn when its head names a tone
// of the tokens: ok accent notice problem neutral. Rows are drawn from the last to the first (a table shows the newest
// first), unless data-chart-order="rows"; data-chart-most draws so many of them. A bar leads where the link in its cell leads.
(() => {
  "use strict";

  const charts = [];
  const colours = {};

  // Colours are light-dark() tokens; only the browser knows which of the two holds now.
  const resolved = (tone) => {
    const probe = document.createElement("span");
    probe.className = "dd-chart-key";
    probe.dataset.series = tone;
    document.body.append(probe);
    const colour = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return colour;
  };
  const wordsAndLines = () => {
    const probe = document.createElement("span");
    probe.className = "dd-chart-words";
    document.body.append(probe);
    const style = getComputedStyle(probe);
    const found = { words: style.color, lines: style.borderTopColor, ground: style.backgroundColor };
    probe.remove();
    return found;
  };

  // "1,204" is a number, "–" and "too few" are none.
  const number = (cell) => {
    const text = (cell.dataset.value ?? cell.textContent).replace(/[\s,]/g, "");
    return /^-?\d+(\.\d+)?%?$/.test(text) ? parseFloat(text) : null;
  };

  const read = (figure) => {
    const table = document.getElementById(figure.dataset.chartOf);
    if (!table || !table.tHead) return null;
    const heads = [...table.tHead.rows[0].cells];
    let rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.cells.length === heads.length);
    if (figure.dataset.chartOrder !== "rows") rows = rows.reverse();
    if (figure.dataset.chartMost) rows = rows.slice(0, Number(figure.dataset.chartMost));
    const series = heads.flatMap((head, column) =>
      head.dataset.series
        ? [{ label: head.textContent.trim(), tone: head.dataset.series, cells: rows.map((row) => row.cells[column]) }]
        : []
    );
    return { labels: rows.map((row) => row.cells[0].textContent.trim()), series };
  };

  const paint = ({ chart, series }) => {
    const { words, lines, ground } = wordsAndLines();
    for (const { tone } of series) colours[tone] = resolved(tone);
    for (const scale of Object.values(chart.options.scales)) {
      scale.ticks.color = words;
      scale.grid.color = lines;
    }
    const tip = chart.options.plugins.tooltip;
    tip.backgroundColor = words;
    tip.titleColor = tip.bodyColor = ground;
    chart.update("none");
  };

  const keys = (series) => {
    const line = document.createElement("figcaption");
    line.className = "dd-chart-keys dd-meta";
    for (const item of series) {
      const word = document.createElement("span");
      const key = document.createElement("span");
      key.className = "dd-chart-key";
      key.dataset.series = item.tone;
      word.append(key, item.label);
      line.append(word);
    }
    return line;
  };

  // Beside lying bars there is little room for words on a phone; the table has them whole.
  function shortened(value) {
    const label = this.getLabelForValue(value);
    return this.chart.width < 500 && label.length > 22 ? `${label.slice(0, 21)}…` : label;
  }

  // What is counted has no half; a share may have one.
  const areWhole = (series) => series.every((item) => item.cells.every((cell) => Number.isInteger(number(cell) ?? 0)));

  const options = (kind, series) => ({
    animation: false,
    maintainAspectRatio: false,
    indexAxis: kind === "bars" ? "y" : "x",
    interaction: { mode: "index", axis: kind === "bars" ? "y" : "x", intersect: false },
    plugins: { legend: { display: false }, tooltip: {} },
    scales: {
      x: {
        stacked: kind !== "lines",
        beginAtZero: true,
        grid: { display: kind === "bars" },
        ticks: { maxRotation: 0, ...(areWhole(series) ? { precision: 0 } : {}) },
      },
      y: {
        stacked: kind !== "lines",
        beginAtZero: true,
        grid: { display: kind !== "bars" },
        ticks: kind === "bars" ? { callback: shortened } : { precision: 0 },
      },
    },
    onClick: (event, _, chart) => {
      const [hit] = chart.getElementsAtEventForMode(event, "nearest", { intersect: kind !== "lines" }, true);
      const link = hit && series[hit.datasetIndex].cells[hit.index].querySelector("a");
      if (link) link.click();
    },
  });

  const draw = (figure) => {
    const told = read(figure);
    // Where nothing was counted there is nothing to draw.
    if (!told?.series.some((item) => item.cells.some(number)) || figure.dataset.drawn) return;
    const kind = figure.dataset.chart;
    const box = document.createElement("div");
    box.className = "dd-chart-box";
    if (kind === "bars") box.style.height = `${told.labels.length * 1.75 + 2}rem`;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${figure.dataset.chartLabel}. The table holds the same numbers.`);
    box.append(canvas);
    figure.replaceChildren(box, keys(told.series));
    // Before the drawing: what is not shown has no size.
    figure.dataset.drawn = "yes";
    const chart = new Chart(canvas, {
      type: kind === "lines" ? "line" : "bar",
      data: {
        labels: told.labels,
        datasets: told.series.map((item) => ({
          label: item.label,
          data: item.cells.map(number),
          // Asked for at each drawing, so that another theme is another colour.
          backgroundColor: () => colours[item.tone],
          borderColor: () => colours[item.tone],
          borderWidth: kind === "lines" ? 2 : 0,
          pointRadius: told.labels.length > 40 ? 0 : 2,
          maxBarThickness: kind === "bars" ? 14 : 40,
        })),
      },
      options: options(kind, told.series),
    });
    charts.push({ chart, series: told.series });
    paint(charts.at(-1));
  };

  const drawAll = (root) => {
    for (const figure of root.querySelectorAll("figure[data-chart]")) draw(figure);
  };
  const paintAll = () => charts.filter((item) => item.chart.canvas?.isConnected).forEach(paint);

  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawAll(document);
  document.addEventListener("htmx:afterSwap", () => drawAll(document));
  new MutationObserver(paintAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
})();
