// One use of a prepared statement. Comes from Connection::prepare and goes back to its cache when it is destroyed.
#pragma once

#include "base/result.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>

struct sqlite3_stmt;

namespace mailferry::db {

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const noexcept;
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

/// Must not outlive its Connection. Text that is bound is copied.
class Statement {
 public:
  /// `home` is where the statement is put back; for Connection only.
  Statement(StatementHandle statement, StatementHandle& home) noexcept
      : statement_(std::move(statement)), home_(&home) {}
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Starts over with these values for ?1, ?2, …: integers or text. What SQLite refuses is reported by the next step().
  template <class... Values>
  void bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_value(++index, values), ...);
  }

  /// Goes to the next row of the answer; false: there is none. Errors as in sqlite_error().
  [[nodiscard]] Result<bool> step();

  /// Binds and steps to the end, for statements without an answer.
  template <class... Values>
  [[nodiscard]] Result<> run(const Values&... values) {
    bind(values...);
    return finish();
  }

  /// Of the current row, columns from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next step(), bind() or the end of the statement.
  [[nodiscard]] std::string_view text(int column) const;

 private:
  void reset() noexcept;
  [[nodiscard]] Result<> finish();
  void bind_integer(int index, std::int64_t value) noexcept;
  void bind_text(int index, std::string_view value) noexcept;

  template <class Value>
  void bind_value(int index, const Value& value) {
    if constexpr (std::integral<Value>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else {
      bind_text(index, value);
    }
  }

  StatementHandle statement_;
  StatementHandle* home_;
  int bind_error_ = 0;
};

}  // namespace mailferry::db
