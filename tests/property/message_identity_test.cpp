// A message stays the same message however its header is written, and is another one when an identity field differs.
#include "mail/message_identity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace mailferry {
namespace {

using Words = std::vector<std::string>;

struct Field {
  std::string name;
  Words words;
};

rc::Gen<std::string> word() {
  return rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abz019<>@:;.,=?()\x80\xC3\xFF"))));
}

/// Any number of fields, several of one name among them, also ones that do not identify.
rc::Gen<std::vector<Field>> header() {
  std::vector<std::string> names(kIdentityFields.begin(), kIdentityFields.end());
  names.insert(names.end(), {"X-Spam", "Content-Type"});
  return rc::gen::scale(0.3, rc::gen::container<std::vector<Field>>(rc::gen::apply(
                                 [](std::string name, Words words) {
                                   return Field{std::move(name), std::move(words)};
                                 },
                                 rc::gen::elementOf(names), rc::gen::nonEmpty(rc::gen::container<Words>(word())))));
}

bool identifies(const Field& field) {
  return std::find(kIdentityFields.begin(), kIdentityFields.end(), field.name) != kIdentityFields.end();
}

std::string plain(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) {
    text += field.name + ":";
    for (const std::string& each : field.words)
      text += " " + each;
    text += "\r\n";
  }
  return text + "\r\n";
}

/// The same header with other blanks, folds, line ends and cases; random, but legal.
std::string rewritten(const std::vector<Field>& fields) {
  const std::string line_end = *rc::gen::element<std::string>("\n", "\r\n");
  const auto blank =
      rc::gen::element<std::string>(" ", "\t", "  ", line_end + " ", line_end + "\t ", " " + line_end + " ");
  std::string text = *rc::gen::element<std::string>("", "From a b" + line_end, " stray" + line_end);
  for (const Field& field : fields) {
    std::string name = field.name;
    if (*rc::gen::arbitrary<bool>()) std::transform(name.begin(), name.end(), name.begin(), ::toupper);
    text += name + *rc::gen::element<std::string>(":", ": ", ":" + line_end + " ");
    for (std::size_t i = 0; i < field.words.size(); ++i)
      text += (i == 0 ? "" : *blank) + field.words[i];
    text += *rc::gen::element<std::string>("", " ", "\t ") + line_end;
  }
  return text + *rc::gen::element<std::string>("", line_end, line_end + "Subject: of the body" + line_end);
}

/// Fields of different names in another order; those of one name stay in theirs.
std::vector<Field> reordered(const std::vector<Field>& fields) {
  std::map<std::string, std::vector<Field>> by_name;
  for (const Field& field : fields)
    by_name[field.name].push_back(field);
  std::vector<Field> mixed;
  while (!by_name.empty()) {
    auto queue =
        std::next(by_name.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(by_name.size())));
    mixed.push_back(queue->second.front());
    queue->second.erase(queue->second.begin());
    if (queue->second.empty()) by_name.erase(queue);
  }
  return mixed;
}

RC_GTEST_PROP(IdentityProperty, DoesNotDependOnHowTheHeaderIsWritten, ()) {
  const auto fields = *header();
  RC_ASSERT(identify_headers(rewritten(fields)) == identify_headers(plain(fields)));
}

RC_GTEST_PROP(IdentityProperty, DoesNotDependOnTheOrderOfFields, ()) {
  const auto fields = *header();
  RC_ASSERT(identify_headers(plain(reordered(fields))) == identify_headers(plain(fields)));
}

RC_GTEST_PROP(IdentityProperty, DoesNotDependOnOtherFields, ()) {
  const auto fields = *header();
  std::vector<Field> asked_for;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(asked_for), identifies);
  RC_ASSERT(identify_headers(plain(asked_for)) == identify_headers(plain(fields)));
}

RC_GTEST_PROP(IdentityProperty, ChangesWithAnyIdentityField, ()) {
  auto fields = *header();
  const auto original = identify_headers(plain(fields));
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (identifies(fields[i])) candidates.push_back(i);
  }
  RC_PRE(!candidates.empty());
  const std::size_t index = *rc::gen::elementOf(candidates);
  Words& words = fields[index].words;
  std::string& changed = words[*rc::gen::inRange<std::size_t>(0, words.size())];
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      changed += 'q';
      break;
    case 1:
      words.push_back("q");
      break;
    default:
      fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(index));
  }
  RC_ASSERT(identify_headers(plain(fields)).digest != original.digest);
}

RC_GTEST_PROP(IdentityProperty, SurvivesAnyOctets, ()) {
  const auto garbage = *rc::gen::container<std::string>(rc::gen::elementOf(std::string(":\r\n \tSubject\0\xFF", 14)));
  RC_ASSERT(identify_headers(garbage) == identify_headers(garbage));
}

}  // namespace
}  // namespace mailferry
