#include "base/log.hpp"

#include "base/utf8.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <memory>

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

/// The lines themselves are made here, so that text and JSON obey the same rules; spdlog adds the time and writes.
spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("mailferry", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %v");
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
  logger().set_pattern(format == Format::json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",%v"
                                              : "%Y-%m-%dT%H:%M:%S.%e%z %v");
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
