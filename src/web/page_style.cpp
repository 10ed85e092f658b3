#include "web/status_page.hpp"

namespace mailferry::web {

// clang-format off
std::string_view page_style() noexcept {
  return R"css(
:root {
  --paper: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #55626f; --line: #dde2e8; --accent: #1a5fb4;
  --good: #1d7a3e; --good-bg: #e2f3e7; --busy: #1a5fb4; --busy-bg: #e3edfa; --warn: #8a5a00; --warn-bg: #fdf0d3;
  --bad: #b3261e; --bad-bg: #fce5e3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12171d; --card: #1b222b; --ink: #e7ecf2; --soft: #9fadbb; --line: #303a46; --accent: #84b6f4;
    --good: #7fd69b; --good-bg: #173323; --busy: #93c0f7; --busy-bg: #16304e; --warn: #f2c063; --warn-bg: #3b2d10;
    --bad: #ff9a92; --bad-bg: #451b18;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; padding-top: 1.25rem; }
h1 { font-size: 1.4rem; margin: 0; letter-spacing: -.01em; }
h1 span { font-weight: 400; color: var(--soft); }
h2 { font-size: 1rem; margin: 2rem 0 .75rem; }
#contact { margin: 0 0 0 auto; color: var(--soft); font-size: .875rem; }
#contact.lost { color: var(--bad); font-weight: 600; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem; z-index: 1; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.badge { display: inline-flex; align-items: center; gap: .4em; margin: 0; padding: .1em .7em; border-radius: 99px;
  font-size: .8125rem; font-weight: 600; white-space: nowrap; color: var(--busy); background: var(--busy-bg); }
.badge::before { content: "\25CC"; }
.badge[data-state=healthy], .badge[data-state=waiting] { color: var(--good); background: var(--good-bg); }
.badge[data-state=healthy]::before, .badge[data-state=waiting]::before { content: "\2713"; }
.badge[data-state=working]::before { content: "\21BB"; }
.badge[data-state=degraded] { color: var(--warn); background: var(--warn-bg); }
.badge[data-state=degraded]::before { content: "\25B3"; }
.badge[data-state=failing], .badge[data-state=unknown] { color: var(--bad); background: var(--bad-bg); }
.badge[data-state=failing]::before, .badge[data-state=unknown]::before { content: "\2715"; }
.note, #reasons li { background: var(--bad-bg); color: var(--bad); border-radius: 8px; padding: .6rem .9rem; }
#reasons { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: .5rem; overflow-wrap: anywhere; }
#reasons:empty { display: none; }
#summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0 0; }
#summary div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; }
#summary dt { color: var(--soft); font-size: .8125rem; }
#summary dd { margin: 0; font-size: 1.375rem; font-weight: 650; font-variant-numeric: tabular-nums; }
#accounts { list-style: none; padding: 0; margin: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); }
#accounts > li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem;
  min-width: 0; }
#accounts > li[data-state=failing] { border-color: var(--bad); }
.title { display: flex; gap: .5rem; justify-content: space-between; align-items: start; }
.title h3 { font-size: .9375rem; margin: 0; overflow-wrap: anywhere; }
.role { color: var(--soft); font-size: .8125rem; margin: 0 0 .5rem; }
.facts { display: grid; grid-template-columns: auto 1fr; gap: .1rem .9rem; margin: 0; font-size: .875rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.quota { margin: .6rem 0 0; font-size: .8125rem; color: var(--soft); }
.quota label { display: flex; justify-content: space-between; gap: 1rem; }
progress { display: block; width: 100%; height: .5rem; border: 0; border-radius: 99px; overflow: hidden;
  appearance: none; background: var(--line); accent-color: var(--accent); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent); border-radius: 99px; }
progress::-moz-progress-bar { background: var(--accent); }
progress[data-level=high]::-webkit-progress-value { background: var(--warn); }
progress[data-level=high]::-moz-progress-bar { background: var(--warn); }
.failure { margin: .6rem 0 0; color: var(--bad); font-size: .875rem; overflow-wrap: anywhere; }
.quiet { color: var(--soft); margin: 0; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; padding: .5rem .75rem; vertical-align: top; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; min-width: 4rem; }
td:nth-child(2), td:nth-child(3) { min-width: 9rem; }
td:nth-child(4) { min-width: 15rem; }
tbody tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
small { display: block; color: var(--soft); }
#errors { margin: 0; padding: 0; list-style: none; display: grid; gap: .5rem; font-size: .875rem; }
#errors li { overflow-wrap: anywhere; }
#errors time { color: var(--soft); margin-right: .5rem; white-space: nowrap; }
footer { color: var(--soft); font-size: .8125rem; padding-top: 2rem; padding-bottom: 2rem; }
[hidden] { display: none !important; }
)css";
}
// clang-format on

}  // namespace mailferry::web
