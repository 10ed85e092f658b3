#include "cli/manual.hpp"

#include "cli/exit_codes.hpp"
#include "cli/option_table.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace mailferry::cli {
namespace {

/// A file of the project.
std::string text_of(const std::filesystem::path& name) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../.." / name;
  std::ifstream stream(file);
  EXPECT_TRUE(stream) << file;
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string page(std::string_view command) {
  return text_of("docs/manual/" + std::string(command) + ".md");
}

TEST(Manual, TheManPageIsAsTheProgramMakesIt) {
  EXPECT_EQ(text_of("packaging/mailferry.1"), manual_part("man")) << "run: mailferry config docs man";
}

TEST(Manual, PageOfEachCommandHasItsOptionsAndTheExitCodesAsTheProgramHasThem) {
  for (const auto& command : command_table()) {
    if ((command.set & kManualCommands) == 0) continue;
    const auto text = page(command.name);
    EXPECT_NE(text.find(options_markdown(command)), std::string::npos) << "run: mailferry config docs " << command.name;
    EXPECT_NE(text.find(exit_codes_markdown()), std::string::npos) << "run: mailferry config docs exit-codes";
    EXPECT_NE(text.find("mailferry " + std::string(command.name) + " " + std::string(command.operands)),
              std::string::npos);
  }
}

TEST(Manual, EveryPartHasText) {
  for (const auto name : manual_part_names()) {
    const auto part = manual_part(name);
    ASSERT_TRUE(part) << name;
    EXPECT_FALSE(part->empty()) << name;
  }
  EXPECT_EQ(manual_part_names().size(), 12U);
}

TEST(Manual, AnUnknownPartIsAUsageErrorWithTheNearestName) {
  const auto part = manual_part("exit-code");
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().kind, ErrorKind::usage);
  EXPECT_NE(part.error().message.find("exit-codes"), std::string::npos);
}

}  // namespace
}  // namespace mailferry::cli
