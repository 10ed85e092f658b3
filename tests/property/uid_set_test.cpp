// UidSet obeys the algebra of std::set. (RC_ASSERT takes expressions apart: || needs parentheses to be
// short-circuited.)
#include "mail/uid_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace mailferry {
namespace {

using Model = std::set<Uid>;

/// Small numbers, so that ranges touch and overlap often.
rc::Gen<std::vector<UidRange>> ranges() {
  return rc::gen::container<std::vector<UidRange>>(rc::gen::apply(
      [](Uid first, Uid size) {
        return UidRange{first, first + size};
      },
      rc::gen::inRange<Uid>(1, 80), rc::gen::inRange<Uid>(0, 6)));
}

UidSet set_of(const std::vector<UidRange>& added) {
  UidSet set;
  for (const UidRange& range : added)
    set.add(range);
  return set;
}

Model model_of(const std::vector<UidRange>& added) {
  Model model;
  for (const UidRange& range : added) {
    for (Uid uid = range.first; uid <= range.last; ++uid)
      model.insert(uid);
  }
  return model;
}

/// The set has these members, and its ranges are as few as possible and in order.
void require_equal(const UidSet& set, const Model& model) {
  RC_ASSERT(set.size() == model.size());
  RC_ASSERT(set.min() == (model.empty() ? 0 : *model.begin()));
  RC_ASSERT(set.max() == (model.empty() ? 0 : *model.rbegin()));
  for (Uid uid = 0; uid < 100; ++uid)
    RC_ASSERT(set.contains(uid) == (model.count(uid) == 1));
  for (std::size_t i = 0; i < set.ranges().size(); ++i) {
    RC_ASSERT(set.ranges()[i].first <= set.ranges()[i].last);
    RC_ASSERT((i == 0 || set.ranges()[i].first > set.ranges()[i - 1].last + 1));
  }
}

RC_GTEST_PROP(UidSetProperty, AddingRangesAgreesWithASet, ()) {
  const auto added = *ranges();
  require_equal(set_of(added), model_of(added));
}

RC_GTEST_PROP(UidSetProperty, UnionAgreesWithASet, ()) {
  const auto left = *ranges();
  const auto right = *ranges();
  UidSet set = set_of(left);
  set.add(set_of(right));
  Model model = model_of(left);
  model.merge(model_of(right));
  require_equal(set, model);
}

RC_GTEST_PROP(UidSetProperty, RemovingAgreesWithASet, ()) {
  const auto left = *ranges();
  const auto right = *ranges();
  UidSet set = set_of(left);
  set.remove(set_of(right));
  Model model = model_of(left);
  for (const Uid uid : model_of(right))
    model.erase(uid);
  require_equal(set, model);
}

RC_GTEST_PROP(UidSetProperty, RemovingARangeAgreesWithRemovingASet, ()) {
  const auto left = *ranges();
  const auto right = *ranges();
  UidSet expected = set_of(left);
  expected.remove(set_of(right));
  UidSet set = set_of(left);
  const UidSet removed = set_of(right);
  for (const UidRange& range : removed.ranges())
    set.remove(range);
  RC_ASSERT(set == expected);
}

RC_GTEST_PROP(UidSetProperty, IntersectionAgreesWithASet, ()) {
  const auto left = *ranges();
  const auto right = model_of(*ranges());
  UidSet other;
  for (const Uid uid : right)
    other.add(uid);
  Model model;
  for (const Uid uid : model_of(left)) {
    if (right.count(uid) == 1) model.insert(uid);
  }
  require_equal(set_of(left).intersection(other), model);
}

RC_GTEST_PROP(UidSetProperty, TakingFromTheFrontSplitsTheSet, ()) {
  const auto added = *ranges();
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 100);
  UidSet rest = set_of(added);
  const UidSet taken = rest.take_front(count);
  RC_ASSERT(taken.size() == std::min<std::uint64_t>(count, set_of(added).size()));
  RC_ASSERT((rest.empty() || taken.empty() || taken.max() < rest.min()));
  UidSet together = taken;
  together.add(rest);
  RC_ASSERT(together == set_of(added));
}

RC_GTEST_PROP(UidSetProperty, TakingTextFitsAndLosesNothing, ()) {
  const auto added = *ranges();
  const auto octets = *rc::gen::inRange<std::size_t>(0, 60);
  UidSet rest = set_of(added);
  const UidSet taken = rest.take_front_octets(octets);
  RC_ASSERT((taken.ranges().size() <= 1 || taken.to_string().size() <= octets));
  RC_ASSERT(taken.empty() == added.empty());
  UidSet together = taken;
  together.add(rest);
  RC_ASSERT(together == set_of(added));
}

RC_GTEST_PROP(UidSetProperty, TextRoundTrips, ()) {
  const auto added = *rc::gen::nonEmpty(ranges());
  const UidSet set = set_of(added);
  const auto read = UidSet::parse(set.to_string());
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == set);
}

}  // namespace
}  // namespace mailferry
