"use strict";
// Draws the figures of the page from the numbers in the script element `data`.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const unique = (list) => [...new Set(list)];

  // What the reader has chosen.
  const shown = data.policies.map(() => true);
  const held = data.fields.map((_, at) => (at === 0 ? null : data.points[0].values[at]));
  let chosen = 0;
  let quantity = "delay";
  let measure = null;

  // The points along the first swept field, the others held.
  const slice = () =>
    data.points.filter((point) =>
      point.values.every((value, at) => at === 0 || value === held[at]));
  const point = () => slice()[chosen];
  const isNumeric = () => slice().every((p) => typeof p.numbers[0] === "number");
  const place = (p) => (isNumeric() ? p.numbers[0] : p.values[0]);

  const layout = (x, y, more) => {
    const axis = (title, own) => ({
      title: { text: title }, gridcolor: colour("--line"), linecolor: colour("--faint"),
      zerolinecolor: colour("--line"), automargin: true, ...own,
    });
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("--ink"), family: "system-ui, sans-serif", size: 13 },
      margin: { l: 60, r: 15, t: 10, b: 50 }, showlegend: false, hovermode: "closest",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--faint"), activecolor: colour("--ink") },
      hoverlabel: { bgcolor: colour("--paper"), font: { color: colour("--ink") } },
      xaxis: axis(x.title, x.own), yaxis: axis(y.title, y.own), ...more,
    };
  };
  const config = { responsive: true, displaylogo: false, displayModeBar: "hover" };
  const draw = (id, traces, form) => {
    const figure = byId(id);
    if (!figure) return;
    figure.hidden = traces.length === 0;
    if (!figure.hidden) Plotly.react(figure.querySelector(".plot"), traces, form, config);
  };

  // Black is the colour of text, which is light on dark paper.
  const ink = (policy) => (policy.colour === "#000000" ? colour("--ink") : policy.colour);
  const look = (policy) => ({
    name: policy.label, line: { color: ink(policy), dash: policy.dash },
    marker: { color: ink(policy), symbol: policy.symbol, size: 8 },
  });
  const around = ([, half]) => half ?? 0;
  const text = (value) => (value == null ? "?" : Number(value.toPrecision(5)).toString());
  const withHalf = ([mean, half], unit) =>
    `${text(mean)}${half == null ? "" : " ± " + text(half)} ${unit}`;
  const visible = (make) =>
    data.policies.flatMap((policy, at) => (shown[at] ? make(policy, at) : []));

  // A value of a policy with the distances to the ends of its interval.
  const estimate = (numbers) => ({ value: numbers[0], up: around(numbers), down: around(numbers) });
  const quantile = ([value, low, high]) => ({
    value, up: high == null ? 0 : high - value, down: low == null ? 0 : value - low,
    open: high == null,
  });

  // Against the swept field, or a mark a policy where nothing is swept.
  const along = (id, title, unit, of, own) => {
    const points = slice();
    const swept = points.length > 1;
    const traces = visible((policy, at) => {
      const values = points.map((p) => of(p.policies[at])).map((v) => v ?? { value: null });
      if (values.every((v) => v.value == null)) return [];
      const hover = values.map((v) =>
        `${text(v.value)} ${unit} (−${text(v.down)}, +${v.open ? "?" : text(v.up)})`);
      return [{
        type: "scatter", mode: swept ? "lines+markers" : "markers", ...look(policy),
        x: swept ? points.map(place) : [policy.label],
        y: values.map((v) => v.value),
        error_y: {
          type: "data", symmetric: false, thickness: 1.2, width: 4,
          array: values.map((v) => v.up), arrayminus: values.map((v) => v.down),
        },
        text: hover, hovertemplate: "%{x}: %{text}<extra>%{fullData.name}</extra>",
      }];
    });
    const field = swept ? data.fields[0] : "";
    draw(id, traces, layout({ title: field, own: isNumeric() ? {} : { type: "category" } },
      { title: unit ? `${title} (${unit})` : title, own }));
  };

  const quantities = { delay: "Mean delay" };
  for (const name of Object.keys(data.points[0]?.policies[0]?.quantiles ?? {})) {
    quantities[name] = `${name.replace("p999", "p99.9")} of delay`;
  }
  const delay = () => {
    const of = (p) => (quantity === "delay" ? estimate(p.delay) : quantile(p.quantiles[quantity]));
    const values = slice().flatMap((p) => p.policies.map((q) => of(q).value))
      .filter((value) => value > 0);
    const wide = Math.max(...values) / Math.min(...values) > 50;
    along("delay", quantities[quantity], "ms", of,
      wide ? { type: "log" } : { rangemode: "tozero" });
  };

  const plane = () => {
    const points = slice();
    const traces = visible((policy, at) => {
      const all = points.map((p) => p.policies[at]);
      return [{
        type: "scatter", mode: "lines+markers", ...look(policy), hoverinfo: "text",
        x: all.map((p) => p.delay[0]), y: all.map((p) => p.accuracy[0]),
        error_x: { type: "data", array: all.map((p) => around(p.delay)), thickness: 1, width: 3 },
        error_y: { type: "data", array: all.map((p) => around(p.accuracy)), thickness: 1, width: 3 },
        marker: {
          color: points.map((_, i) => (i === chosen ? ink(policy) : colour("--paper"))),
          symbol: policy.symbol, size: points.map((_, i) => (i === chosen ? 12 : 7)),
          line: { color: ink(policy), width: 1.5 },
        },
        text: all.map((p, i) => `${p.name}${points.length > 1 ? ", " + data.fields[0] + " = " +
          points[i].values[0] : ""}<br>${withHalf(p.delay, "ms")}<br>${withHalf(p.accuracy, "%")}`),
      }];
    });
    const means = points.flatMap((p) => p.policies.map((q) => q.delay[0])).filter((v) => v > 0);
    const wide = Math.max(...means) / Math.min(...means) > 50;
    draw("plane", traces, layout({ title: "Mean delay (ms)", own: wide ? { type: "log" } : {} },
      { title: "Accuracy (%)" }));
  };

  const ccdf = () => {
    const here = point();
    const traces = visible((policy, at) => {
      const own = here.policies[at];
      if (!own.beyond?.length) return [];
      const levels = { p50: .5, p90: .1, p95: .05, p99: .01, p999: .001 };
      const marks = Object.entries(own.quantiles)
        .filter(([name, [value]]) => value != null && levels[name] * own.queries >= 1);
      const of = marks.map(([, numbers]) => quantile(numbers));
      return [
        {
          type: "scatter", mode: "lines", ...look(policy), x: own.beyond.map((b) => b[0]),
          y: own.beyond.map((b) => b[1]), line: { ...look(policy).line, shape: "hv" },
          hovertemplate: "%{y:.3p} take longer than %{x:.4g} ms<extra>%{fullData.name}</extra>",
        },
        {
          type: "scatter", mode: "markers", ...look(policy), x: of.map((q) => q.value),
          y: marks.map(([name]) => levels[name]),
          error_x: {
            type: "data", symmetric: false, array: of.map((q) => q.up),
            arrayminus: of.map((q) => q.down), thickness: 1.2, width: 4,
          },
          text: marks.map(([name, n], i) => `${name}: ${text(n[0])} ms [${text(n[1])}, ` +
            `${of[i].open ? "?" : text(n[2])}]`),
          hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
        },
      ];
    });
    draw("ccdf", traces, layout({ title: "Delay t (ms)", own: { type: "log" } },
      { title: "P(delay > t)", own: { type: "log", exponentformat: "power", dtick: 1 } }));
  };

  const stages = () => {
    const here = point();
    // Side by side, or one below the other where there is no room.
    const narrow = byId("stages").clientWidth < 700;
    const groups = [["all", "x", "y"], ["slowest_1_percent", "x2", "y2"]];
    const policies = data.policies.map((_, at) => at).filter((at) =>
      shown[at] && here.policies[at].stages);
    const names = unique(policies.flatMap((at) =>
      Object.values(here.policies[at].stages).flat().map((stage) => stage[0])));
    const traces = names.flatMap((name) => groups.map(([group, axis, row]) => {
      const of = policies.map((at) =>
        (here.policies[at].stages[group] ?? []).find((stage) => stage[0] === name));
      return {
        type: "bar", orientation: "h", name: name.replaceAll("_", " "), legendgroup: name,
        showlegend: axis === "x", xaxis: axis, yaxis: row,
        x: of.map((stage) => stage?.[1] ?? 0),
        y: policies.map((at) => here.policies[at].name),
        marker: { color: data.stageColours[name] },
        text: of.map((stage) => (stage ? withHalf([stage[1], stage[2]], "ms") : "")),
        textposition: "none", hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
      };
    }).filter((trace) => trace.x.some((value) => value > 0)));
    const left = { title: "Mean of all (ms)", own: narrow ? {} : { domain: [0, .47] } };
    const upper = { title: "", own: { autorange: "reversed", domain: narrow ? [.62, 1] : [0, 1] } };
    const form = layout(left, upper, {
      barmode: "stack", showlegend: true, legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0 },
    });
    form.xaxis2 = {
      ...form.xaxis, title: { text: "Mean of the slowest 1 % (ms)" }, anchor: "y2",
      domain: narrow ? [0, 1] : [.53, 1],
    };
    form.yaxis2 = {
      ...form.yaxis, anchor: "x2", domain: narrow ? [0, .38] : [0, 1],
      showticklabels: narrow,
    };
    draw("stages", traces, form);
  };

  const measures = {
    offloaded: ["Offloaded (%)", (p) => p.offloaded], objective: ["Objective (s)", (p) => p.objective],
  };
  for (const name of unique(data.points.flatMap((p) =>
    p.policies.flatMap((q) => Object.keys(q.measures))))) {
    measures[name] = [name, (p) => p.measures[name]];
  }
  const everythingElse = () => {
    const [title, of] = measures[measure];
    along("measure", title, "", (p) => (of(p) ? estimate(of(p)) : null), {});
  };

  // The map: who has a query at an instant of the replication, and where.
  const scene = data.scene;
  const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const serverColour = (server) =>
    (server == null ? colour("--faint") : palette[server % palette.length]);
  let played = 0;
  let now = .35;
  const span = () => {
    const queries = scene.policies[played];
    const from = Math.min(...queries.map((q) => q.arrived_s));
    const to = Math.max(...queries.map((q) => q.arrived_s + q.delay_ms / 1000));
    return [from, to];
  };
  const map = () => {
    if (!scene || !scene.policies[played]?.length) return draw("map", []);
    const [from, to] = span();
    const time = from + now * (to - from);
    const end = (q) => q.arrived_s + q.delay_ms / 1000;
    const queries = scene.policies[played].filter((q) => q.arrived_s <= time);
    const there = queries.filter((q) => end(q) > time);
    const loads = scene.servers_m.map((_, at) => there.filter((q) => q.server === at).length);
    const joined = there.filter((q) => q.server != null);
    const hover = (q) => `user ${q.user}, uncertainty ${text(q.uncertainty)}<br>` +
      `${q.server == null ? "on the phone" : "at server " + q.server}, ` +
      `${text(q.delay_ms)} ms${q.dropped ? ", dropped" : q.right ? ", right" : ", wrong"}`;
    const longest = Math.max(...scene.policies[played].map((q) => q.delay_ms));
    const size = (q) => 6 + 14 * Math.sqrt(q.delay_ms / longest);
    const users = (list, name, open) => ({
      type: "scatter", mode: "markers", name, x: list.map((q) => q.at_m[0]),
      y: list.map((q) => q.at_m[1]), text: list.map(hover), hoverinfo: "text",
      marker: {
        size: list.map(size), color: list.map((q) => serverColour(q.server)),
        symbol: open ? "circle-open" : "circle", opacity: open ? .75 : 1,
      },
    });
    const traces = [
      {
        type: "scatter", mode: "lines", hoverinfo: "skip",
        x: joined.flatMap((q) => [q.at_m[0], scene.servers_m[q.server][0], null]),
        y: joined.flatMap((q) => [q.at_m[1], scene.servers_m[q.server][1], null]),
        line: { color: colour("--line"), width: 1 },
      },
      users(queries.filter((q) => end(q) <= time), "answered", true),
      users(there, "in the system", false),
      {
        type: "scatter", mode: "markers+text", x: scene.servers_m.map((s) => s[0]),
        y: scene.servers_m.map((s) => s[1]), text: loads.map(String),
        textfont: { color: "#ffffff" },
        hovertext: loads.map((load, at) => `server ${at}: ${load} queries`), hoverinfo: "text",
        marker: { symbol: "square", size: 24, color: loads.map((_, at) => serverColour(at)) },
      },
    ];
    const axis = (title, end) => ({ title, own: { range: [0, end], zeroline: false } });
    const form = layout(axis("x (m)", scene.area_m[0]), axis("y (m)", scene.area_m[1]));
    Object.assign(form.xaxis, { constrain: "domain" });
    Object.assign(form.yaxis, { scaleanchor: "x", constrain: "domain" });
    draw("map", traces, form);
    byId("now").textContent = `${((time - from) * 1000).toFixed(1)} ms`;
  };

  const drawAll = () => {
    along("accuracy", "Accuracy", "%", (p) => estimate(p.accuracy), {});
    delay();
    plane();
    ccdf();
    stages();
    everythingElse();
    map();
    const value = byId("point-value");
    if (value) value.textContent = point().values[0];
  };

  // Controls.
  const select = (choices, start, choose) => {
    const box = document.createElement("select");
    for (const [value, label] of choices) box.add(new Option(label, value, false, value === start));
    box.addEventListener("change", () => choose(box.value));
    return box;
  };
  data.policies.forEach((policy, at) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => { shown[at] = box.checked; drawAll(); });
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = policy.colour === "#000000" ? "var(--ink)" : policy.colour;
    label.append(box, swatch, policy.label);
    byId("policies").append(label);
  });
  for (const box of document.querySelectorAll("select[data-held]")) {
    const at = Number(box.dataset.held);
    for (const value of unique(data.points.map((p) => p.values[at]))) box.add(new Option(value));
    box.addEventListener("change", () => { held[at] = box.value; drawAll(); });
  }
  chosen = slice().length - 1;
  const slider = byId("point");
  if (slider) {
    slider.max = chosen;
    slider.value = chosen;
    slider.addEventListener("input", () => { chosen = Number(slider.value); drawAll(); });
  }
  const caption = (id) => byId(id)?.querySelector("figcaption");
  caption("delay")?.append(select(Object.entries(quantities), quantity, (value) => {
    quantity = value;
    delay();
  }));
  measure = Object.keys(measures).includes("ttft_p99_ms") ? "ttft_p99_ms" : "offloaded";
  caption("measure").append(select(Object.entries(measures).map(([name, [title]]) => [name, title]),
    measure, (value) => { measure = value; everythingElse(); }));
  if (scene) {
    const bar = document.createElement("div");
    bar.className = "controls";
    bar.id = "player";
    const names = data.points.at(-1).policies.map((policy, at) => [String(at), policy.name]);
    bar.append(select(names, "0", (value) => { played = Number(value); map(); }));
    const button = document.createElement("button");
    button.textContent = "Play";
    const time = document.createElement("input");
    Object.assign(time, { type: "range", id: "time", min: 0, max: 1, step: .005, value: now });
    time.setAttribute("aria-label", "Time");
    const output = document.createElement("output");
    output.id = "now";
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; button.textContent = "Play"; };
    const go = (to) => { now = Math.min(1, to); time.value = now; map(); };
    button.addEventListener("click", () => {
      if (timer != null) return stop();
      if (now >= 1) go(0);
      button.textContent = "Pause";
      timer = setInterval(() => { go(now + .005); if (now >= 1) stop(); }, 60);
    });
    time.addEventListener("input", () => go(Number(time.value)));
    bar.append(button, time, output);
    caption("map").append(bar);
  }
  byId("save").href = URL.createObjectURL(new Blob([byId("scenario").textContent]));

  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
