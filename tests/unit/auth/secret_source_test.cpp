#include "auth/secret_source.hpp"

#include "async/signal_guard.hpp"
#include "auth/line_reader.hpp"
#include "auth/secret_command.hpp"
#include "auth/secret_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <pty.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mailferry::auth {
namespace {

using Kind = SecretSource::Kind;

class SecretFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mailferry-secret-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  SecretSource file(const std::string& content, ::mode_t mode = 0600) {
    const std::string path = directory_ + "/secret";
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return SecretSource{.kind = Kind::file, .value = path};
  }
  std::string directory_;
};

std::string reveal(const Result<Secret>& secret) {
  EXPECT_TRUE(secret) << secret.error().describe();
  return secret ? std::string(secret->reveal()) : "(error)";
}

TEST_F(SecretFile, ThatIsAPipeWithoutAWriterIsNotWaitedForForEver) {
  const std::string path = directory_ + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto secret = read_secret_file(path, "password", std::chrono::milliseconds(20));
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::timeout);
}

TEST_F(SecretFile, MayBeAPipe) {
  const std::string path = directory_ + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int writer = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::write(writer, "hunter2\n", 8), 8);
  EXPECT_EQ(reveal(read_secret_file(path, "password", std::chrono::milliseconds(1000))), "hunter2");
  ::close(writer);
}

TEST_F(SecretFile, GivesItsFirstLineWithoutLineEnd) {
  EXPECT_EQ(reveal(read_secret(file("hunter2\nsecond\n"), "a@h")), "hunter2");
  EXPECT_EQ(reveal(read_secret(file("hunter2\r\n"), "a@h")), "hunter2");
  EXPECT_EQ(reveal(read_secret(file("no line end"), "a@h")), "no line end");
  EXPECT_EQ(reveal(read_secret(file("  blanks belong to it \n"), "a@h")), "  blanks belong to it ");
}

TEST_F(SecretFile, ThatOthersCanReadIsRefusedWithTheRemedy) {
  for (const ::mode_t mode : {0640U, 0604U, 0660U, 0644U, 0610U}) {
    const auto secret = read_secret(file("hunter2\n", mode), "a@h");
    ASSERT_FALSE(secret) << mode;
    EXPECT_EQ(secret.error().kind, ErrorKind::auth);
    EXPECT_EQ(secret.error().remedy, "chmod 600 " + directory_ + "/secret");
    EXPECT_EQ(secret.error().describe().find("hunter2"), std::string::npos);
  }
  EXPECT_EQ(reveal(read_secret(file("hunter2\n", 0400), "a@h")), "hunter2");
}

TEST_F(SecretFile, ThatIsMissingOrADirectoryIsALocalError) {
  for (const auto& path : {directory_ + "/none", directory_}) {
    const auto secret = read_secret(SecretSource{.kind = Kind::file, .value = path}, "a@h");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().kind, ErrorKind::auth);
    EXPECT_NE(secret.error().describe().find(path), std::string::npos);
  }
}

TEST_F(SecretFile, ThatIsEmptyIsAnErrorWithTheAccount) {
  for (const auto* content : {"", "\n", "\r\n", "\nhunter2\n"}) {
    const auto secret = read_secret(file(content), "alice@host");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().kind, ErrorKind::auth);
    EXPECT_NE(secret.error().describe().find("alice@host"), std::string::npos);
  }
}

TEST_F(SecretFile, HasALimitForItsFirstLine) {
  const std::string longest(kMaxSecretOctets, 'x');
  EXPECT_EQ(reveal(read_secret(file(longest + "\n"), "a@h")), longest);
  EXPECT_FALSE(read_secret(file(longest + "x\n"), "a@h"));
}

TEST(SecretVariable, GivesItsValueOrSaysThatItIsNotSet) {
  ::setenv("MAILFERRY_TEST_SECRET", "hunter2", 1);
  const SecretSource source{.kind = Kind::environment, .value = "MAILFERRY_TEST_SECRET"};
  EXPECT_EQ(reveal(read_secret(source, "a@h")), "hunter2");
  ::unsetenv("MAILFERRY_TEST_SECRET");
  const auto secret = read_secret(source, "a@h");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::auth);
  EXPECT_NE(secret.error().describe().find("MAILFERRY_TEST_SECRET"), std::string::npos);
}

TEST(SecretDescriptor, GivesOneLineAndLeavesTheNextForTheOtherAccount) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ASSERT_EQ(::write(ends[1], "one\ntwo\n", 8), 8);
  ::close(ends[1]);
  const SecretSource source{.kind = Kind::descriptor, .value = std::to_string(ends[0])};
  EXPECT_EQ(reveal(read_secret(source, "a@h")), "one");
  EXPECT_EQ(reveal(read_secret(source, "b@h")), "two");
  EXPECT_FALSE(read_secret(source, "c@h")) << "empty";
  ::close(ends[0]);
}

TEST(SecretDescriptor, ThatIsNotANumberOrNotOpenIsAnError) {
  for (const auto* text : {"", "x", "3x", "-1", "99999999999"}) {
    const auto secret = read_secret(SecretSource{.kind = Kind::descriptor, .value = text}, "a@h");
    ASSERT_FALSE(secret) << text;
    EXPECT_EQ(secret.error().kind, ErrorKind::usage) << text;
  }
  const auto closed = read_secret(SecretSource{.kind = Kind::descriptor, .value = "987"}, "a@h");
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().kind, ErrorKind::auth);
}

TEST(SecretDescriptor, ThatStaysSilentEndsWithATimeout) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const auto secret = read_secret_line(ends[0], "file descriptor 3", std::chrono::milliseconds(10));
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::timeout);
  ::close(ends[0]);
  ::close(ends[1]);
}

Result<Secret> command(const std::string& text, bool is_token = false) {
  return read_secret(SecretSource{.kind = Kind::command, .value = text, .is_token = is_token}, "alice@host");
}

TEST(SecretCommand, GivesTheFirstLineThatItPrints) {
  EXPECT_EQ(reveal(command("echo hunter2; echo ignored")), "hunter2");
  EXPECT_EQ(reveal(command("printf 'a b'")), "a b");
}

TEST(SecretCommand, MayPrintMoreThanAPipeHolds) {
  EXPECT_EQ(reveal(command("set -e; echo hunter2; head -c 300000 /dev/zero")), "hunter2");
}

TEST(SecretCommand, MayLeaveSomethingRunningThatHoldsItsOutputOpen) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(reveal(command("echo hunter2; sleep 30 2>/dev/null &")), "hunter2");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(SecretCommand, ThatPrintsForEverIsEndedAtItsDeadline) {
  const auto secret = run_secret_command("echo hunter2; while :; do echo more; done",
                                         "the password command for alice@host", std::chrono::milliseconds(50));
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::timeout);
}

TEST(SecretCommand, ThatFailsIsNamedWithItsExitCodeAndNotItsOutput) {
  const auto secret = command("echo hunter2; exit 3");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::auth);
  const auto text = secret.error().describe() + secret.error().remedy;
  EXPECT_NE(text.find("exit code 3"), std::string::npos);
  EXPECT_NE(text.find("alice@host"), std::string::npos);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  const auto killed = command("kill -TERM $$");
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().describe().find("signal 15"), std::string::npos);
}

TEST(SecretCommand, HoldsNoSignalBackThatWeHoldBack) {
  const async::SignalGuard guard{SIGTERM, SIGHUP};

  const auto killed = command("kill -TERM $$; echo hunter2");

  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().describe().find("signal 15"), std::string::npos);
}

TEST(SecretCommand, IgnoresNoSignalThatWeIgnore) {
  const auto before = std::signal(SIGUSR2, SIG_IGN);

  const auto killed = command("kill -USR2 $$; echo hunter2");

  std::signal(SIGUSR2, before);
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().describe().find("signal 12"), std::string::npos);
}

TEST(SecretCommand, ForATokenIsCalledSo) {
  const auto secret = command("exit 1", true);
  ASSERT_FALSE(secret);
  EXPECT_NE(secret.error().describe().find("access token"), std::string::npos);
}

TEST(SecretCommand, ThatHangsIsEndedAtItsDeadline) {
  for (const auto* text : {"exec sleep 600", "echo hunter2; exec sleep 600 >/dev/null"}) {
    const auto secret = run_secret_command(text, "the password command for alice@host", std::chrono::milliseconds(50));
    ASSERT_FALSE(secret) << text;
    EXPECT_EQ(secret.error().kind, ErrorKind::timeout) << text;
  }
}

TEST(NoSecret, IsAUsageErrorWithRemedy) {
  const auto secret = read_secret(SecretSource{}, "alice@host");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::usage);
  EXPECT_FALSE(secret.error().remedy.empty());
}

/// Reads from the terminal until `text` came; everything read.
std::string read_until(int terminal, const std::string& text) {
  std::string seen;
  std::array<char, 256> block;
  while (seen.find(text) == std::string::npos) {
    const auto count = ::read(terminal, block.data(), block.size());
    if (count <= 0) break;
    seen.append(block.data(), static_cast<std::size_t>(count));
  }
  return seen;
}

TEST(SecretPrompt, AsksAtTheTerminalAndDoesNotEcho) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto secret = read_secret(SecretSource{.kind = Kind::prompt, .value = {}}, "alice@host");
    const bool right = secret && secret->reveal() == "hunter2";
    const auto told = ::write(STDOUT_FILENO, right ? "RIGHT." : "WRONG.", 6);
    ::_exit(right && told == 6 ? 0 : 1);
  }
  EXPECT_NE(read_until(terminal, ": ").find("Password for alice@host: "), std::string::npos);
  ASSERT_EQ(::write(terminal, "hunter2\n", 8), 8);
  const auto seen = read_until(terminal, ".");
  EXPECT_EQ(seen.find("hunter2"), std::string::npos);
  EXPECT_NE(seen.find("RIGHT."), std::string::npos);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ::close(terminal);
}

TEST(SecretPrompt, InterruptedEndsTheProgramBySignal) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(child, 0);
  if (child == 0) {
    (void)read_secret(SecretSource{.kind = Kind::prompt, .value = {}}, "alice@host");
    ::_exit(0);
  }
  read_until(terminal, ": ");
  ASSERT_EQ(::write(terminal, "\x03", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
  ::close(terminal);
}

TEST(SecretPrompt, WithoutATerminalIsAUsageError) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::setsid();
    const auto secret = read_secret(SecretSource{.kind = Kind::prompt, .value = {}}, "alice@host");
    ::_exit(!secret && secret.error().kind == ErrorKind::usage && !secret.error().remedy.empty() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace mailferry::auth
