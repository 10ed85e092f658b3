// What the program tells its operator on standard error. A line is a fixed sentence and fields; it never holds secrets,
// message contents or anything that a terminal would act on. (Progress and reports are the business of cli/.)
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace mailferry::log {

/// error: the user must act; warning: recovered or skipped something; info: one line a run or mailbox; debug: decisions
/// and their reasons; trace: the wire.
enum class Level { error, warning, info, debug, trace };
enum class Format { text, json };

/// One named value of a line, kept as text. Made from anything fmt can write; Secret is not among those.
struct Field {
  std::string_view name;
  std::string value;
  /// Numbers and booleans are not quoted in JSON.
  bool quoted = true;

  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  template <class T>
  requires(std::is_arithmetic_v<T> && !std::is_same_v<T, char>) Field(std::string_view field_name, T number)
      : name(field_name), value(fmt::format("{}", number)), quoted(false) {}
};

/// Called once, before threads start. Without it, errors and warnings are written as text.
void configure(Level most_verbose, Format format);

[[nodiscard]] bool is_enabled(Level level) noexcept;

/// Safe from any thread; whole lines.
void write(Level level, std::string_view sentence, std::initializer_list<Field> fields = {});

inline void error(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::error, sentence, fields);
}
inline void warning(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::warning, sentence, fields);
}
inline void info(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::info, sentence, fields);
}
inline void debug(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::debug, sentence, fields);
}
inline void trace(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::trace, sentence, fields);
}

/// One line without its time, as configured by `format`: "warning: mailbox was replaced mailbox=Sent uid=7".
[[nodiscard]] std::string to_line(Level level, std::string_view sentence, std::initializer_list<Field> fields,
                                  Format format);

/// "warning" → Level::warning; false when there is no such level.
[[nodiscard]] bool parse_level(std::string_view name, Level& level) noexcept;

}  // namespace mailferry::log
