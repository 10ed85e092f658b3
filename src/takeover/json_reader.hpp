// JSON objects that people wrote for another program: read key by key, and all that is wrong is gathered.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::takeover {

/// Values of the file are never repeated in either, unless they are names.
struct Findings {
  std::vector<std::string> problems{};  // the file cannot be used
  std::vector<std::string> warnings{};  // it can, but something in it means nothing or not what it says
};

/// The one object of the file. Error{usage}: "FILE:LINE:COLUMN: …" where the text is no JSON, or no object.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view text, const std::string& file);

/// One object. The case of keys does not matter, as it did not to those who read them; null is as good as nothing.
class ObjectReader {
 public:
  /// `place` is "destination", "sources[0]" or empty for the whole file. The object and the findings must outlive this.
  ObjectReader(const boost::json::object& object, std::string place, Findings& findings);
  /// Warns of each key that nobody asked for.
  ~ObjectReader();
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  /// Each returns what stands for `key`; empty or nothing when it is absent. A value of another type is a problem.
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] Secret secret(std::string_view key);
  [[nodiscard]] bool flag(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view key);
  [[nodiscard]] const boost::json::object* object(std::string_view key);
  [[nodiscard]] const boost::json::array* list(std::string_view key);
  /// A list of texts; also a single text where `single` allows it.
  enum class Single { allowed, refused };
  [[nodiscard]] std::vector<std::string> texts(std::string_view key, Single single);

  /// The same place one level down: "sources[0].host".
  [[nodiscard]] std::string place_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const;

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view key);
  void wrong_type(std::string_view key, std::string_view expected);

  const boost::json::object& object_;
  std::string place_;
  Findings& findings_;
  std::set<std::string> known_;
};

}  // namespace mailferry::takeover
