#include "report/digest_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace mailferry::report {
namespace {

constexpr std::string_view kBody =
    "font:15px/1.5 sans-serif;max-width:46rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere";
constexpr std::string_view kHeading = "font-size:16px;margin:1.6em 0 .4em";
constexpr std::string_view kItem = "margin:0 0 .5em";
constexpr std::string_view kRemark = "color:#68737f;font-size:13px";

void add_line(std::string& text, const DigestLine& line) {
  fmt::format_to(std::back_inserter(text), "  {}{}{}\n", line.head, line.body.empty() ? "" : ": ", line.body);
  if (!line.remark.empty()) fmt::format_to(std::back_inserter(text), "      {}\n", line.remark);
}

void add_item(std::string& html, const DigestLine& line) {
  fmt::format_to(std::back_inserter(html), "<li style=\"{}\"><strong>{}</strong>", kItem, escape_html(line.head));
  if (!line.body.empty()) html += ": " + escape_html(line.body);
  if (!line.remark.empty())
    fmt::format_to(std::back_inserter(html), "<br><span style=\"{}\">{}</span>", kRemark, escape_html(line.remark));
  html += "</li>\n";
}

void add_section(std::string& html, const DigestSection& section) {
  fmt::format_to(std::back_inserter(html), "<h2 style=\"{}\">{}</h2>\n", kHeading, escape_html(section.title));
  if (!section.note.empty()) html += "<p style=\"margin:0 0 .5em\">" + escape_html(section.note) + "</p>\n";
  if (section.lines.empty()) return;
  html += "<ul style=\"margin:0;padding-left:1.2em\">\n";
  for (const auto& line : section.lines)
    add_item(html, line);
  html += "</ul>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string to_text(const DigestPage& page) {
  std::string text = page.title + "\n\n" + page.summary + "\n";
  for (const auto& section : page.sections) {
    text += "\n" + section.title + "\n";
    if (!section.note.empty()) text += section.note + "\n";
    for (const auto& line : section.lines)
      add_line(text, line);
  }
  return text;
}

std::string to_html(const DigestPage& page) {
  auto html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light "
      "dark\">\n<title>{0}</title></head>\n<body style=\"{2}\">\n<h1 style=\"font-size:20px\">{0}</h1>\n<p>{1}</p>\n",
      escape_html(page.title), escape_html(page.summary), kBody);
  for (const auto& section : page.sections)
    add_section(html, section);
  return html + "</body></html>\n";
}

}  // namespace mailferry::report
