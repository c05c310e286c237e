// Makes the page quicker to use. Without it everything but the leads beyond the first ones is there to be read.
"use strict";

const STEP = 100;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function day(seconds) {
  const at = new Date(seconds * 1000);
  return `${at.getUTCDate()}\u00a0${MONTHS[at.getUTCMonth()]}\u00a0${at.getUTCFullYear()}`;
}

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// --- Leads: searching, sorting, showing more, saving ---

const KEYS = { lead: (row) => row.name || row.id, since: (row) => row.since, next: (row) => row.next, truth: (row) => row.truth };

class Leads {
  constructor(box) {
    const { criteria, leads } = JSON.parse(document.getElementById(box.dataset.leads).textContent);
    Object.assign(this, { box, criteria, leads, shown: box.querySelectorAll(".lead").length, found: leads });
    this.mould = box.querySelector("template").content.querySelector(".lead");
    this.table = box.querySelector("table");
    this.first = this.shown;
    this.wire();
    this.draw();
  }

  wire() {
    this.box.querySelector(".controls").hidden = false;
    this.input = this.box.querySelector("input");
    this.input.addEventListener("input", () => { this.shown = this.first; this.draw(); });
    this.box.addEventListener("click", (event) => this.clicked(event.target.closest("[data-do]")));
    for (const head of this.box.querySelectorAll("th[data-sort]")) {
      const button = make("button", "", head.textContent);
      button.type = "button";
      button.dataset.do = "sort";
      head.replaceChildren(button);
    }
  }

  clicked(button) {
    if (!button) return;
    if (button.dataset.do === "csv") { this.save(); return; }
    if (button.dataset.do === "more") this.shown += STEP;
    if (button.dataset.do === "all") this.shown = this.leads.length;
    if (button.dataset.do === "sort") this.sort(button.closest("th"));
    this.draw();
  }

  sort(head) {
    const up = head.ariaSort ? head.ariaSort !== "ascending" : head.dataset.sort !== "since";
    for (const other of this.box.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = KEYS[head.dataset.sort];
    const order = new Intl.Collator("en", { numeric: true }).compare;
    const compare = head.dataset.sort === "since" ? (a, b) => key(a) - key(b) : (a, b) => order(key(a), key(b));
    this.leads = [...this.leads].sort((a, b) => (up ? compare(a, b) : compare(b, a)));
  }

  draw() {
    const wanted = this.input.value.trim().toLowerCase();
    this.found = wanted ? this.leads.filter((row) => this.words(row).includes(wanted)) : this.leads;
    const rows = this.found.slice(0, this.shown);
    this.table.querySelectorAll(":scope > .lead").forEach((lead) => lead.remove());
    this.table.append(...rows.map((row) => this.row(row)));
    const of = wanted ? `${this.found.length.toLocaleString("en")} found` : this.leads.length.toLocaleString("en");
    this.box.querySelector("[role=status]").textContent =
      rows.length < this.found.length ? `Showing ${rows.length.toLocaleString("en")} of ${of}.` : `Showing all ${of}.`;
    this.box.querySelector(".more").hidden = rows.length >= this.found.length;
  }

  words(row) {
    row.words ??= [row.id, row.name, row.facts, row.next, row.truth, ...row.doers.map((each) => each[0])].join("\n").toLowerCase();
    return row.words;
  }

  row(row) {
    const made = this.mould.cloneNode(true);
    const slot = (name, text) => { const place = made.querySelector(`[data-slot=${name}]`); if (place) place.textContent = text; };
    slot("title", row.name || row.id);
    slot("id", row.name ? row.id : "");
    for (const name of ["facts", "ago", "next", "truth"]) slot(name, row[name]);
    slot("day", day(row.since));
    this.evidence(made.querySelector(".evidence"), row.has);
    this.doers(made.querySelector("[data-slot=doers]"), row.doers);
    const more = made.querySelector("details");
    more.hidden = row.has.length === 0;
    more.addEventListener("toggle", () => { if (!more.querySelector("ul")) more.append(this.detail(row.has)); });
    return made;
  }

  evidence(list, has) {
    if (!has.length) { list.replaceChildren(); return; }
    [...list.children].forEach((item, i) => {
      const [done, amount] = has[i];
      item.className = done ? "done" : "open";
      item.querySelector("[data-slot=sign]").textContent = done ? "✓" : "○";
      item.querySelector("[data-slot=state]").textContent = done ? "done:" : "not done:";
      item.querySelector("[data-slot=amount]").textContent = amount;
      if (amount === this.criteria[i].needed) item.querySelector("[data-slot=needed]").textContent = "";
    });
  }

  doers(list, doers) {
    list.replaceChildren(...doers.map(([called, did]) => {
      const item = make("li");
      item.append(make("bdi", "", called), " ", make("bdi", "soft", did));
      return item;
    }));
  }

  detail(has) {
    const list = make("ul", "detail small");
    has.forEach(([done, amount, reached, since], i) => {
      const { label, needed, circle } = this.criteria[i];
      const words = [`${amount}, needed ${needed}`];
      if (!done && reached !== null) words.push(`${reached}\u00a0% of the way`);
      if (since !== null) words.push(`${done ? "done" : "not done"} since ${day(since)}`);
      const item = make("li");
      item.append(make("bdi", "", label), `: ${words.join("; ")}`, make("span", "soft", circle ? ` (${circle})` : ""));
      list.append(item);
    });
    return list;
  }

  save() {
    const heads = ["lead", "name", "facts", "qualified since", "next step", ...this.criteria.map((c) => `${c.label} (${c.needed})`), "talk to"];
    const rows = this.found.map((r) => [r.id, r.name, r.facts, new Date(r.since * 1000).toISOString(), r.next, ...r.has.map((h) => h[1]), r.doers.map((each) => each[0]).join("; ")]);
    const text = [heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
    const link = make("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = `${this.box.dataset.name}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

// A cell that begins like a formula would be run by a spreadsheet: an apostrophe keeps it text.
function cell(value) {
  const text = String(value).replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// --- What a mark of a chart says, under the pointer ---

function tips() {
  const tip = make("div", "tip");
  tip.hidden = true;
  document.body.append(tip);
  for (const title of document.querySelectorAll("svg title")) {
    title.parentNode.dataset.tip = title.textContent;
    title.remove();
  }
  document.addEventListener("pointerover", (event) => {
    const words = event.target.dataset?.tip;
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    const mark = event.target.getBoundingClientRect();
    const left = Math.min(mark.left + mark.width / 2 - tip.offsetWidth / 2, document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${Math.max(scrollY + 4, mark.top + scrollY - tip.offsetHeight - 6)}px`;
  });
}

for (const box of document.querySelectorAll("[data-leads]")) new Leads(box);
tips();
