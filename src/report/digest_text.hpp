// The daily mail as a tree of headings and lines, which is written as text and as HTML. Private to report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mailferry::report {

struct DigestLine {
  std::string head;    // what it is about
  std::string body;    // may be empty
  std::string remark;  // quieter; may be empty
};

struct DigestSection {
  std::string title;
  std::string note;  // a sentence before the lines; may be empty
  std::vector<DigestLine> lines;
};

struct DigestPage {
  std::string title;
  std::string summary;
  std::vector<DigestSection> sections;
};

[[nodiscard]] std::string to_text(const DigestPage& page);
/// Every text is escaped; no script, no image, nothing from elsewhere.
[[nodiscard]] std::string to_html(const DigestPage& page);
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace mailferry::report
