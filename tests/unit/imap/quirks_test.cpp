// The table of quirks: its page, its order, and that each row is cited where something is done about it.
#include "imap/quirks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace mailferry::imap {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

fs::path root() {
  return fs::path(__FILE__).parent_path() / "../../..";
}

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// "x19" → {'x', 19}; number 0: not an id.
std::pair<char, int> to_key(std::string_view id) {
  int number = 0;
  const auto* end = id.data() + id.size();
  const auto read = std::from_chars(id.data() + 1, end, number);
  return {id.front(), read.ec == std::errc{} && read.ptr == end ? number : 0};
}

/// The ids behind "quirk" and "quirks" in a text.
void collect_cited(const std::string& text, std::set<std::string>& cited) {
  static const std::regex kCitation("[Qq]uirks?[ \n/]+((?:[a-z][0-9]+(?:, | and )?)+)");
  static const std::regex kId("[a-z][0-9]+");
  for (std::sregex_iterator at(text.begin(), text.end(), kCitation), end; at != end; ++at) {
    const auto ids = (*at)[1].str();
    for (std::sregex_iterator id(ids.begin(), ids.end(), kId); id != end; ++id)
      cited.insert(id->str());
  }
}

std::set<std::string> cited_in_the_code() {
  std::set<std::string> cited;
  for (const auto& entry : fs::recursive_directory_iterator(root() / "src")) {
    const auto ending = entry.path().extension();
    if (ending != ".cpp" && ending != ".hpp") continue;
    if (entry.path().stem() == "quirks") continue;
    collect_cited(read(entry.path()), cited);
  }
  return cited;
}

TEST(Quirks, HaveIdsInAscendingOrder) {
  std::pair<char, int> last{'\0', 0};
  for (const auto& quirk : quirk_table()) {
    const auto key = to_key(quirk.id);
    EXPECT_GT(key.second, 0) << quirk.id;
    EXPECT_LT(last, key) << quirk.id;
    last = key;
  }
}

TEST(Quirks, SayWhereAndWhatInOneLine) {
  for (const auto& quirk : quirk_table()) {
    for (const auto text : {quirk.seen_at, quirk.observed, quirk.done}) {
      EXPECT_FALSE(text.empty()) << quirk.id;
      EXPECT_FALSE(text.ends_with('.')) << quirk.id;
      EXPECT_EQ(text.find_first_of("|\n"), std::string_view::npos) << quirk.id;
    }
  }
}

TEST(Quirks, AreCitedWhereSomethingIsDone) {
  const auto cited = cited_in_the_code();
  std::set<std::string> left;
  for (const auto& quirk : quirk_table()) {
    if (!cited.contains(std::string(quirk.id))) left.emplace(quirk.id);
  }
  EXPECT_THAT(left, IsEmpty());
}

TEST(QuirksPage, HasTheTableOfTheCode) {
  const auto page = read(root() / "docs/quirks.md");
  const auto table = page.find("| id |");
  ASSERT_NE(table, std::string::npos);

  EXPECT_EQ(page.substr(table), quirks_markdown()) << "put this in the place of the table in docs/quirks.md:\n"
                                                   << quirks_markdown();
}

}  // namespace
}  // namespace mailferry::imap
