#include "web/status_page.hpp"

#include "base/encoding.hpp"
#include "base/sha256.hpp"

#include <fmt/format.h>

namespace mailferry::web {
namespace {

constexpr std::string_view kBeforeStyle = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>mailferry</title>
<link rel="icon" href="data:,">
<style>)html";

constexpr std::string_view kBetween = R"html(</style>
</head>
<body>
<a class="skip" href="#accounts">Go to the accounts</a>
<header>
  <h1>mailferry <span>bridge</span></h1>
  <p id="verdict" class="badge" data-state="starting" role="status">asking …</p>
  <p id="contact" aria-live="polite"></p>
</header>
<main>
  <noscript><p class="note">This page is live and needs JavaScript. The same is at
    <a href="/status.json">/status.json</a> and <a href="/metrics">/metrics</a>, and in
    <code>mailferry status</code>.</p></noscript>
  <ul id="reasons" aria-label="What is wrong"></ul>
  <section aria-label="Summary"><dl id="summary"></dl></section>
  <section aria-labelledby="accounts-title">
    <h2 id="accounts-title">Accounts</h2>
    <ul id="accounts" tabindex="-1"></ul>
  </section>
  <section aria-labelledby="parked-title">
    <h2 id="parked-title">Parked messages</h2>
    <p id="parked-none" class="quiet">None: every message that was seen is delivered or on its way.</p>
    <div id="parked-scroll" class="scroll" tabindex="0" role="region" aria-labelledby="parked-title" hidden>
      <table><thead><tr><th scope="col">UID</th><th scope="col">Mailbox</th><th scope="col">To</th>
        <th scope="col">Reason</th><th scope="col">Tries</th><th scope="col">Since</th></tr></thead>
        <tbody id="parked"></tbody></table>
    </div>
  </section>
  <section aria-labelledby="errors-title">
    <h2 id="errors-title">Last errors</h2>
    <p id="errors-none" class="quiet">None since the start.</p>
    <ol id="errors"></ol>
  </section>
</main>
<footer id="about"></footer>
<script>)html";

constexpr std::string_view kAfterScript = "</script>\n</body>\n</html>\n";

std::string digest_source(std::string_view part) {
  Sha256 sha;
  sha.update(part);
  const auto digest = sha.finish();
  return fmt::format("'sha256-{}'", to_base64(std::string(digest.begin(), digest.end())));
}

StatusPage make_page() {
  StatusPage page;
  for (const auto part : {kBeforeStyle, page_style(), kBetween, page_script(), kAfterScript})
    page.html += part;
  page.content_security_policy = fmt::format(
      "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'",
      digest_source(page_script()), digest_source(page_style()));
  return page;
}

}  // namespace

const StatusPage& status_page() {
  static const StatusPage page = make_page();
  return page;
}

}  // namespace mailferry::web
