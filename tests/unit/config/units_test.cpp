#include "config/units.hpp"

#include "config/map_rule.hpp"
#include "config/nearest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace mailferry::config {
namespace {

TEST(Octets, HaveBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_octets("0"), 0U);
  EXPECT_EQ(parse_octets("1048576"), 1048576U);
  EXPECT_EQ(parse_octets("64MiB"), 64U << 20);
  EXPECT_EQ(parse_octets("64 mib"), 64U << 20);
  EXPECT_EQ(parse_octets("3KiB"), 3072U);
  EXPECT_EQ(parse_octets("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_octets("5kB"), 5000U);
  EXPECT_EQ(parse_octets("5MB"), 5'000'000U);
  EXPECT_EQ(parse_octets("1GB"), 1'000'000'000U);
  EXPECT_EQ(parse_octets("7B"), 7U);
  EXPECT_EQ(parse_octets("9223372036854775807"), 9223372036854775807U);
}

TEST(Octets, OfAnotherShapeAreRefused) {
  for (const auto* text : {"", "MiB", "-1", "+1", "1.5MiB", "64MiX", "64  MiB", "64MiB ", " 64MiB", "0x10",
                           "9223372036854775808", "8589934592GiB", "18446744073709551616"}) {
    const auto size = parse_octets(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().kind, ErrorKind::usage);
    EXPECT_FALSE(size.error().remedy.empty());
  }
}

TEST(Duration, NeedsAUnit) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("2 min"), milliseconds(120'000));
  EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
  for (const auto* text : {"", "30", "s", "-1s", "1d", "1.5s", "9223372036854775807h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Count, IsDigitsOnly) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("17"), 17U);
  for (const auto* text : {"", " 1", "1 ", "-1", "+1", "1.0", "x", "18446744073709551616"})
    EXPECT_FALSE(parse_count(text)) << text;
}

TEST(Fingerprint, MayHaveColonsBetweenOctets) {
  std::string colons = "AB";
  for (int i = 0; i < 31; ++i)
    colons += ":cd";
  std::string plain = "ab";
  for (int i = 0; i < 31; ++i)
    plain += "cd";
  EXPECT_EQ(parse_fingerprint(colons), plain);
  EXPECT_EQ(parse_fingerprint(plain), plain);
  for (const auto& text :
       {std::string{}, plain.substr(1), plain + "a", plain + ":", ":" + plain, "a:b" + plain.substr(2),
        "ab::" + plain.substr(2), "zz" + plain.substr(2), "SHA256:" + plain}) {
    EXPECT_FALSE(parse_fingerprint(text)) << text;
  }
}

TEST(MapRules, SeparateAtTheFirstEqualsSign) {
  EXPECT_EQ(parse_map_rule("Sent Items=Sent"), (MapRule{"Sent Items", "Sent"}));
  EXPECT_EQ(parse_map_rule("A=B=C"), (MapRule{"A", "B=C"}));
  EXPECT_EQ(parse_map_rule("A\\=B=C"), (MapRule{"A\\=B", "C"}));
  EXPECT_EQ(parse_map_rule("A\\B=C\\"), (MapRule{"A\\B", "C\\"}));
  for (const auto* text : {"", "A", "=", "A=", "=B", "A\\=B"})
    EXPECT_FALSE(parse_map_rule(text)) << text;
}

TEST(Nearest, IsTheNameWithTheFewestChanges) {
  constexpr std::array<std::string_view, 4> known{"connections", "connect_timeout", "url", "user"};
  EXPECT_EQ(nearest("conections", known), "connections");
  EXPECT_EQ(nearest("connectoins", known), "connections");
  EXPECT_EQ(nearest("usr", known), "user");
  EXPECT_EQ(nearest("window", known), "");
  EXPECT_EQ(nearest("x", known), "");
  EXPECT_EQ(nearest("", known), "");
}

}  // namespace
}  // namespace mailferry::config
