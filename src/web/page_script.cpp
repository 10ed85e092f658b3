#include "web/status_page.hpp"

namespace mailferry::web {

namespace {

// Text from accounts and servers only ever becomes textContent. What did not change is not drawn again, so that
// selections and the place of the reader stay.
// clang-format off
constexpr std::string_view kScript = R"js(
"use strict";
const PERIOD = 2000, PATIENCE = 8000, MOST_ERRORS = 20;
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
let shown = "", skew = 0, contact = null;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function octets(count) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) { count /= 1000; unit += 1; }
  return (unit === 0 ? count : count.toFixed(1)) + " " + units[unit];
}

function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
  return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
}

function phrase(date) {
  const seconds = (Date.now() + skew - date.getTime()) / 1000;
  return seconds >= -1 ? span(seconds) + " ago" : "in " + span(-seconds);
}

function when(text) {
  if (!text) return document.createTextNode("never");
  const date = new Date(text);
  return make("time", { datetime: text, title: moment.format(date), "data-live": "" }, phrase(date));
}

// A long name breaks behind the user and before the port.
function name(text) {
  return text.split(/(?=[@:])/).flatMap((part, index) => index === 0 ? [part] : [make("wbr"), part]);
}

function badge(state) {
  return make("span", { class: "badge", "data-state": state }, state);
}

function facts(pairs) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of pairs) list.append(make("dt", {}, name), make("dd", {}, value));
  return list;
}

function bar(id, name, used, limit) {
  if (!limit) return null;
  const share = used / limit;
  const label = make("label", { for: id }, make("span", {}, name),
    make("span", {}, octets(used) + " of " + octets(limit)));
  return make("div", { class: "quota" }, label,
    make("progress", { id, max: limit, value: Math.min(used, limit), "data-level": share > 0.5 ? "high" : "low" }));
}

function card(account, index) {
  const quota = account.quota, source = !account.is_destination;
  const pairs = [["Last success", when(account.last_success)]];
  if (account.watching) pairs.push(["New mail by", account.watching]);
  if (source) pairs.push(["Last delivery", when(account.last_delivery)]);
  pairs.push(["Delivered", number.format(account.delivered) + " (" + octets(account.delivered_octets) + ")"]);
  if (source) pairs.push(["Queued", number.format(account.queued)]);
  if (source && account.duplicates) pairs.push(["Were there already", number.format(account.duplicates)]);
  pairs.push(["Connections", account.connections + (account.reconnects ? ", " + account.reconnects + " replaced" : "")]);
  if (quota.resumes_at) pairs.push(["Held back, goes on", when(quota.resumes_at)]);
  if (quota.done_at) pairs.push(["Queue done", when(quota.done_at)]);
  const item = make("li", { "data-state": account.health },
    make("div", { class: "title" }, make("h3", {}, ...name(account.account)), badge(account.health)),
    make("p", { class: "role" }, source ? "source" : "destination"), facts(pairs),
    bar("up" + index, "Sent in 24 h", quota.up, quota.up_limit),
    bar("down" + index, "Fetched in 24 h", quota.down, quota.down_limit));
  if (["degraded", "failing"].includes(account.health) && account.last_error) item.append(make("p", { class: "failure" }, account.last_error));
  return item;
}

function row(message) {
  const reason = make("td", {}, message.reason, message.remedy ? make("small", {}, message.remedy) : null);
  return make("tr", {}, make("td", {}, String(message.uid)),
    make("td", {}, message.mailbox, make("small", {}, message.account)), make("td", {}, message.destination), reason,
    make("td", {}, String(message.attempts)), make("td", {}, when(message.since)));
}

function failure(account) {
  return make("li", {}, when(account.last_error_at), make("strong", {}, account.account), ": " + account.last_error);
}

function sum(accounts, name) {
  return accounts.reduce((total, account) => total + account[name], 0);
}

function draw(status) {
  const rank = { failing: 0, degraded: 1, starting: 2, working: 3, waiting: 4 };
  const accounts = status.accounts.map((account, index) => ({ ...account, index }));
  accounts.sort((a, b) => b.is_destination - a.is_destination || rank[a.health] - rank[b.health] || a.index - b.index);
  const sources = accounts.filter((account) => !account.is_destination);
  const well = sources.filter((account) => !["degraded", "failing"].includes(account.health)).length;
  $("verdict").textContent = status.verdict;
  $("verdict").dataset.state = status.verdict;
  document.title = (status.verdict === "healthy" ? "" : status.verdict + " – ") + "mailferry";
  $("reasons").replaceChildren(...status.reasons.slice(0, MOST_ERRORS).map((reason) => make("li", {}, reason)));
  const tiles = [["Delivered", number.format(sum(sources, "delivered"))], ["Queued", number.format(sum(sources, "queued"))],
    ["Parked", number.format(status.parked.length)], ["Sources well", well + " of " + sources.length]];
  $("summary").replaceChildren(...tiles.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  $("accounts").replaceChildren(...accounts.map(card));
  $("parked").replaceChildren(...status.parked.map(row));
  $("parked-scroll").hidden = status.parked.length === 0;
  $("parked-none").hidden = status.parked.length !== 0;
  const errors = accounts.filter((account) => account.last_error);
  errors.sort((a, b) => (b.last_error_at || "").localeCompare(a.last_error_at || ""));
  $("errors").replaceChildren(...errors.slice(0, MOST_ERRORS).map(failure));
  $("errors-none").hidden = errors.length !== 0;
  $("about").replaceChildren("mailferry " + status.version + ", started ", when(status.started), "; " +
    number.format(status.journal_commits) + " commits, " + octets(status.journal_octets) + " written to the state; ",
    make("a", { href: "/status.json" }, "JSON"), " · ", make("a", { href: "/metrics" }, "metrics"));
  if (status.next_report) $("about").append("; daily report ", when(status.next_report));
}

function tell() {
  for (const time of document.querySelectorAll("time[data-live]")) {
    const text = phrase(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
  const lost = contact !== null && Date.now() - contact > PATIENCE;
  $("contact").classList.toggle("lost", lost);
  const text = lost ? "no answer from the bridge any more" : contact === null ? "" : "live";
  if ($("contact").textContent !== text) $("contact").textContent = text;
  if (lost) { $("verdict").textContent = "unknown"; $("verdict").dataset.state = "unknown"; shown = ""; }
}

async function ask() {
  const answer = await fetch("/status.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error("status " + answer.status);
  const status = await answer.json();
  contact = Date.now();
  skew = Date.parse(status.now) - contact;
  const news = JSON.stringify({ ...status, now: null });
  if (news !== shown) { draw(status); shown = news; }
}

async function turn() {
  try {
    if (!document.hidden) await ask();
  } catch { contact ??= 0; }
  tell();
  setTimeout(turn, PERIOD);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) ask().then(tell, tell); });
turn();
)js";
// clang-format on

}  // namespace

std::string_view page_script() noexcept {
  return kScript;
}

}  // namespace mailferry::web
