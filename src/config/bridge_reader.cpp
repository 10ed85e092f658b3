#include "config/bridge_reader.hpp"

#include "config/bridge_check.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace mailferry::config {
namespace {

constexpr std::string_view kSource = "source";
constexpr std::string_view kMappings = "mappings";

/// Where a source and its mappings stand, for problems that are found later.
struct SourcePlace {
  toml::source_region source;
  std::vector<toml::source_region> mappings;
};

class BridgeReader {
 public:
  explicit BridgeReader(SectionReader& reader) : reader_(reader) {}

  Bridge read(const toml::node& node, std::span<const Account> accounts, std::span<const std::string_view> names) {
    if (!node.is_table()) {
      complain(node, "'bridge' must be a section");
      return {};
    }
    const auto before = reader_.problems().size();
    const auto& table = *node.as_table();
    reader_.read(table, Section::bridge, Target{.bridge = &bridge_}, kSource);
    if (const auto* sources = table.get(kSource)) read_sources(*sources);
    // What the keys mean together says nothing new when one of them is wrong.
    if (reader_.problems().size() == before) check(node, accounts, names);
    return std::move(bridge_);
  }

 private:
  void complain(const toml::node& node, std::string text) { reader_.problems().add(node.source(), std::move(text)); }

  void read_sources(const toml::node& node) {
    if (!node.is_array()) return complain(node, "a source is written [[bridge.source]], with two brackets");
    for (const auto& source : *node.as_array()) {
      if (source.is_table()) {
        read_source(*source.as_table());
      } else {
        complain(source, "a source is written [[bridge.source]]");
      }
    }
  }

  void read_source(const toml::table& table) {
    BridgeSource source;
    SourcePlace place{.source = table.source(), .mappings = {}};
    reader_.read(table, Section::source, Target{.source = &source});
    if (const auto* mappings = table.get(kMappings)) read_mappings(*mappings, source, place);
    bridge_.sources.push_back(std::move(source));
    places_.push_back(std::move(place));
  }

  void read_mappings(const toml::node& node, BridgeSource& source, SourcePlace& place) {
    if (!node.is_array()) return wrong_mappings(node);
    for (const auto& element : *node.as_array()) {
      if (!element.is_table()) return wrong_mappings(element);
      BridgeMapping mapping;
      reader_.read(*element.as_table(), Section::mapping, Target{.mapping = &mapping});
      source.mappings.push_back(std::move(mapping));
      place.mappings.push_back(element.source());
    }
  }

  void wrong_mappings(const toml::node& node) {
    const Key& key = *find_key(Section::source, kMappings);
    complain(node, fmt::format("{0} must be {1}, like {0} = {2}", key.name, type_description(key.type), key.example));
  }

  void check(const toml::node& node, std::span<const Account> accounts, std::span<const std::string_view> names) {
    for (auto& [source, mapping, text] : check_bridge(bridge_, accounts, names)) {
      const auto& place = !source    ? node.source()
                          : !mapping ? places_[*source].source
                                     : places_[*source].mappings[*mapping];
      reader_.problems().add(place, std::move(text));
    }
  }

  SectionReader& reader_;
  Bridge bridge_;
  std::vector<SourcePlace> places_;
};

}  // namespace

Bridge read_bridge(const toml::node& node, SectionReader& reader, std::span<const Account> accounts,
                   std::span<const std::string_view> names) {
  return BridgeReader(reader).read(node, accounts, names);
}

}  // namespace mailferry::config
