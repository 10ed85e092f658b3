#include "base/log.hpp"

#include "base/log_options.hpp"
#include "base/rotating_file.hpp"
#include "base/utf8.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

namespace mailferry::log {
namespace {

struct NamedLevel {
  Level level;
  std::string_view name;
  spdlog::level::level_enum of_spdlog;
};

constexpr std::array<NamedLevel, 5> kLevels = {{{Level::error, "error", spdlog::level::err},
                                                {Level::warning, "warning", spdlog::level::warn},
                                                {Level::info, "info", spdlog::level::info},
                                                {Level::debug, "debug", spdlog::level::debug},
                                                {Level::trace, "trace", spdlog::level::trace}}};

const NamedLevel& describe(Level level) {
  return kLevels.at(static_cast<std::size_t>(level));
}

std::atomic<Level> most_verbose_level{Level::warning};
std::atomic<Format> line_format{Format::text};

constexpr const char* kTime = "%Y-%m-%dT%H:%M:%S.%e%z";

/// "<3>": how the journal of systemd is told the priority of a line (sd-daemon(3)).
class PriorityFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = fmt::format("<{}>", priority(line.level));
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<PriorityFlag>();
  }

 private:
  static int priority(spdlog::level::level_enum level) {
    if (level == spdlog::level::err) return LOG_ERR;
    if (level == spdlog::level::warn) return LOG_WARNING;
    return level == spdlog::level::info ? LOG_INFO : LOG_DEBUG;
  }
};

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(RotatingFile file) : file_(std::move(file)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    // A full disk must not hide what went wrong.
    if (file_.write({text.data(), text.size()})) return;
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  }
  void flush_() override {}

 private:
  RotatingFile file_;
};

/// Whether the descriptor leads to the journal (systemd.exec(5), $JOURNAL_STREAM).
bool is_journal(int descriptor) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && ::fstat(descriptor, &status) == 0 &&
         fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

/// How a line is put together around the text: what the target adds itself is left out.
std::string pattern(Options::Target target, Format format) {
  const bool to_journal = (target == Options::Target::standard_error && is_journal(STDERR_FILENO)) ||
                          (target == Options::Target::standard_output && is_journal(STDOUT_FILENO));
  const std::string priority = to_journal ? "%N" : "";
  if (format == Format::json) return priority + fmt::format("{{\"time\":\"{}\",%v", kTime);
  if (target == Options::Target::syslog || to_journal) return priority + "%v";
  return fmt::format("{} %v", kTime);
}

std::unique_ptr<spdlog::formatter> make_formatter(Options::Target target, Format format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<PriorityFlag>('N').set_pattern(pattern(target, format));
  return formatter;
}

Result<spdlog::sink_ptr> make_sink(const Options& options) {
  switch (options.target) {
    case Options::Target::standard_output:
      return std::make_shared<spdlog::sinks::stdout_sink_mt>();
    case Options::Target::syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>("mailferry", LOG_PID, LOG_MAIL, true);
    case Options::Target::file: {
      TRY(auto file, RotatingFile::open(options.file, options.most_octets, options.most_files));
      return std::make_shared<FileSink>(std::move(file));
    }
    case Options::Target::standard_error:
      break;
  }
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

/// Hands lines on to the sink of the moment, which a reload replaces.
spdlog::sinks::dist_sink_mt& outlet() {
  static const auto instance = std::make_shared<spdlog::sinks::dist_sink_mt>(
      std::vector<spdlog::sink_ptr>{std::make_shared<spdlog::sinks::stderr_sink_mt>()});
  return *instance;
}

/// The lines themselves are made here, so that text and JSON obey the same rules; spdlog adds the time and writes.
spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    // Never freed before the last line.
    auto made = std::make_shared<spdlog::logger>("mailferry", spdlog::sink_ptr(&outlet(), [](auto*) {}));
    made->set_formatter(make_formatter(Options::Target::standard_error, Format::text));
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

void append_json_string(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : sanitize_for_terminal(text)) {
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

void append_text_value(std::string& line, const Field& field) {
  const bool plain = !field.value.empty() && field.value.find_first_of(" \"=\\\t\r\n") == std::string::npos;
  if (!field.quoted || plain) {
    line += sanitize_for_terminal(field.value);
  } else {
    append_json_string(line, field.value);
  }
}

std::string to_text(Level level, std::string_view sentence, std::initializer_list<Field> fields) {
  std::string line = fmt::format("{}: {}", describe(level).name, sanitize_for_terminal(sentence));
  for (const Field& field : fields) {
    line += fmt::format(" {}=", field.name);
    append_text_value(line, field);
  }
  return line;
}

/// JSON has no "nan" and no "inf".
bool has_json_form(std::string_view number) {
  return number.find_first_of("ni") == std::string_view::npos;
}

std::string to_json(Level level, std::string_view sentence, std::initializer_list<Field> fields) {
  std::string line = fmt::format("{{\"level\":\"{}\",\"message\":", describe(level).name);
  append_json_string(line, sentence);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    if (!field.quoted && has_json_form(field.value)) {
      line += field.value;
    } else {
      append_json_string(line, field.value);
    }
  }
  return line + '}';
}

}  // namespace

void configure(Level most_verbose, Format format) {
  most_verbose_level = most_verbose;
  line_format = format;
  logger().set_formatter(make_formatter(Options::Target::standard_error, format));
}

Result<> configure(const Options& options) {
  TRY(auto sink, make_sink(options));
  static_cast<void>(logger());  // made before its sink is replaced
  sink->set_formatter(make_formatter(options.target, options.format));
  most_verbose_level = options.level;
  line_format = options.format;
  outlet().set_sinks({std::move(sink)});
  return {};
}

bool is_enabled(Level level) noexcept {
  return level <= most_verbose_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view sentence, std::initializer_list<Field> fields) {
  if (!is_enabled(level)) return;
  const Format format = line_format.load(std::memory_order_relaxed);
  const std::string line = to_line(level, sentence, fields, format);
  // The pattern of JSON lines opens the object with the time.
  const std::string_view shown = format == Format::json ? std::string_view(line).substr(1) : std::string_view(line);
  logger().log(describe(level).of_spdlog, spdlog::string_view_t(shown.data(), shown.size()));
}

std::string to_line(Level level, std::string_view sentence, std::initializer_list<Field> fields, Format format) {
  return format == Format::json ? to_json(level, sentence, fields) : to_text(level, sentence, fields);
}

bool parse_level(std::string_view name, Level& level) noexcept {
  for (const NamedLevel& known : kLevels) {
    if (known.name != name) continue;
    level = known.level;
    return true;
  }
  return false;
}

}  // namespace mailferry::log
