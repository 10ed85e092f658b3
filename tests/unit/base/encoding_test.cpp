#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [data, text] : vectors) {
    EXPECT_EQ(to_base64(data), text);
    EXPECT_EQ(from_base64(text), data);
  }
}

TEST(Base64, CarriesEveryOctet) {
  std::string data;
  for (int i = 0; i < 256; ++i)
    data += static_cast<char>(i);
  EXPECT_EQ(from_base64(to_base64(data)), data);
}

TEST(Base64, RefusesWhatIsNotExact) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v\n", " Zm9v", "Z===", "====", "Zh==", "Zm9=", "Zm=v", "Zm-_", "="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x7f\xff", 3)), "007fff");
  EXPECT_EQ(from_hex("007FfF"), std::string("\x00\x7f\xff", 3));
  EXPECT_EQ(from_hex(""), "");
  for (const std::string_view text : {"0", "0g", " 00", "0x00"})
    EXPECT_FALSE(from_hex(text)) << text;
}

}  // namespace
}  // namespace mailferry
