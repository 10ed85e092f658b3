#include "services/manifest.hpp"

#include "mail/internal_date.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mailferry::services {
namespace {

using testing::HasSubstr;

ManifestEntry entry(Uid uid, std::vector<std::string> mailbox = {"INBOX"}) {
  ManifestEntry made;
  made.destination = MailboxPath(mailbox);
  made.source = MailboxPath(std::move(mailbox));
  made.source_uid = uid;
  made.identity = {.digest = {1, 2, 3, static_cast<std::uint8_t>(uid)}, .weak = uid % 2 == 0};
  made.content = {9, 8, 7};
  made.seconds = 837596665;
  made.flags = Flags::from_string("\\Seen $Label1");
  return made;
}

void expect_equal(const ManifestEntry& one, const ManifestEntry& other) {
  EXPECT_EQ(one.destination, other.destination);
  EXPECT_EQ(one.source, other.source);
  EXPECT_EQ(one.source_uid, other.source_uid);
  EXPECT_EQ(one.identity, other.identity);
  EXPECT_EQ(one.content, other.content);
  EXPECT_EQ(one.seconds, other.seconds);
  EXPECT_EQ(one.flags, other.flags);
}

class Manifest : public testing::Test {
 protected:
  Manifest() {
    std::string name = (std::filesystem::temp_directory_path() / "manifest.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/m.txt";
  }
  ~Manifest() override { std::filesystem::remove_all(folder_); }
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  void write(const std::vector<ManifestEntry>& entries) {
    auto writer = ManifestWriter::create(path_, "a to b");
    ASSERT_TRUE(writer) << writer.error().describe();
    for (const auto& one : entries)
      ASSERT_TRUE(writer->add(one));
    EXPECT_FALSE(std::filesystem::exists(path_)) << "not before it is whole";
    ASSERT_TRUE(writer->commit());
  }
  /// The sizes of the mailboxes that are read, or the error.
  Result<std::vector<std::size_t>> read_sizes() {
    TRY(auto reader, ManifestReader::open(path_));
    std::vector<std::size_t> sizes;
    while (true) {
      TRY(const auto mailbox, reader.next_mailbox());
      if (mailbox.empty()) return sizes;
      sizes.push_back(mailbox.size());
    }
  }
  std::string content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string refusal_of(const std::string& text) {
    std::ofstream(path_) << text;
    const auto read = read_sizes();
    EXPECT_FALSE(read) << text;
    if (read) return "";
    EXPECT_EQ(read.error().kind, ErrorKind::usage);
    EXPECT_FALSE(read.error().remedy.empty());
    return read.error().message;
  }

  std::string folder_;
  std::string path_;
};

TEST(ManifestLine, ReadsWhatItWrites) {
  for (const auto& made : {entry(1), entry(2), entry(0xFFFFFFFE, {"A/B", "tab\there", "back\\slash", "line\nend\\t"}),
                           entry(3, {"#news"})}) {
    const auto line = to_line(made);
    EXPECT_FALSE(line.starts_with('#')) << "a comment";
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = parse_manifest_line(line);
    ASSERT_TRUE(read) << read.error().describe();
    expect_equal(*read, made);
  }
}

/// Zones make instants of what no date in UTC can tell.
TEST(ManifestLine, KeepsTheFirstAndTheLastInstantThatAServerCanTell) {
  for (const auto* text : {"01-Jan-0001 00:00:00 +0000", "01-Jan-0001 00:00:00 +2359", "01-Jan-0001 00:00:00 +0100",
                           "31-Dec-9999 23:59:59 +0000", "31-Dec-9999 23:59:59 -2359", "31-Dec-9999 23:59:59 -0100"}) {
    auto made = entry(1);
    made.seconds = InternalDate::parse(text)->seconds;

    const auto read = parse_manifest_line(to_line(made));
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->seconds, made.seconds) << text;
  }
}

TEST(ManifestLine, TellsWhatCannotBeRead) {
  const std::string digest(32, '0');
  const std::string date = "17-Jul-1996 09:44:25 +0000";
  const auto line = [&](const std::string& uid, const std::string& identity, const std::string& content,
                        const std::string& when) {
    return "A\tA\t" + uid + "\t" + identity + "\t" + content + "\t" + when + "\t";
  };
  ASSERT_TRUE(parse_manifest_line(line("1", digest, digest, date)));
  EXPECT_THAT(parse_manifest_line(line("0", digest, digest, date)).error().message, HasSubstr("UID"));
  EXPECT_THAT(parse_manifest_line(line("4294967296", digest, digest, date)).error().message, HasSubstr("UID"));
  EXPECT_THAT(parse_manifest_line(line("1", "xyz", digest, date)).error().message, HasSubstr("identity"));
  EXPECT_THAT(parse_manifest_line(line("1", digest, digest.substr(1), date)).error().message, HasSubstr("content"));
  EXPECT_THAT(parse_manifest_line(line("1", digest, digest, "soon")).error().message, HasSubstr("date"));
  const std::string in_another_zone = "17-Jul-1996 02:44:25 -0700";
  EXPECT_THAT(parse_manifest_line(line("1", digest, digest, in_another_zone)).error().message, HasSubstr("date"));
  EXPECT_THAT(parse_manifest_line("A\tB").error().message, HasSubstr("fields"));
}

TEST_F(Manifest, IsReadMailboxByMailbox) {
  write({entry(1), entry(2), entry(3, {"Work"}), entry(4, {"Work", "Old"}), entry(5, {"Work", "Old"})});
  const auto sizes = read_sizes();
  ASSERT_TRUE(sizes) << sizes.error().describe();
  EXPECT_EQ(*sizes, (std::vector<std::size_t>{2, 1, 2}));
}

TEST_F(Manifest, MayBeEmpty) {
  write({});
  EXPECT_TRUE(read_sizes()->empty());
}

TEST_F(Manifest, MayHaveLongLines) {
  auto long_one = entry(1, {std::string(100'000, '\t')});
  for (int number = 0; number < 2'000; ++number)
    long_one.flags.add("keyword-of-some-length-with-a-number-" + std::to_string(number));
  write({long_one, entry(2)});
  const auto sizes = read_sizes();
  ASSERT_TRUE(sizes) << sizes.error().describe();
  EXPECT_EQ(*sizes, (std::vector<std::size_t>{1, 1}));
}

TEST_F(Manifest, ThatIsCutOffIsRefused) {
  write({entry(1), entry(2)});
  const auto whole = content();
  EXPECT_THAT(refusal_of(whole.substr(0, whole.rfind("# messages"))), HasSubstr("the end is missing"));
  EXPECT_THAT(refusal_of(whole.substr(0, whole.size() - 20)), HasSubstr("line"));
}

TEST_F(Manifest, ThatWasChangedIsRefused) {
  write({entry(1), entry(2)});
  auto text = content();
  const auto first = text.find("INBOX\t");
  text.erase(first, text.find('\n', first) + 1 - first);
  EXPECT_THAT(refusal_of(text), HasSubstr("there are 1 messages before it"));
}

/// Such as two manifests in one file: of the second nothing would be proved.
TEST_F(Manifest, ThatGoesOnBehindItsEndIsRefused) {
  write({entry(1), entry(2)});
  const auto whole = content();
  for (const auto& more : {whole, std::string("x"), std::string("\n")})
    EXPECT_THAT(refusal_of(whole + more), HasSubstr("there is more after the end"));
}

TEST_F(Manifest, LeavesNothingWhereItIsNotFinished) {
  const auto writer = ManifestWriter::create(path_, "a to b");
  ASSERT_TRUE(writer);
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "nor does a signal that ends the program";
}

TEST_F(Manifest, ThatIsAnotherFileIsRefused) {
  EXPECT_THAT(refusal_of("hello\n"), HasSubstr("not a manifest"));
  EXPECT_THAT(refusal_of(""), HasSubstr("not a manifest"));
  EXPECT_THAT(refusal_of("# mailferry manifest 2\nrubbish\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal_of("# mailferry manifest 2\n" + std::string(9'000'000, 'x')), HasSubstr("too long"));
}

TEST_F(Manifest, ThatIsMissingIsALocalError) {
  const auto read = ManifestReader::open(folder_ + "/none");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::local_io);
}

}  // namespace
}  // namespace mailferry::services
