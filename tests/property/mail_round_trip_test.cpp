// What is written is read back: flags, dates, mailbox names.
#include "mail/flags.hpp"
#include "mail/internal_date.hpp"
#include "mail/mailbox_path.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mailferry {
namespace {

rc::Gen<std::string> text_of(std::string_view alphabet) {
  return rc::gen::container<std::string>(rc::gen::elementOf(std::string(alphabet)));
}

rc::Gen<Flags> flags() {
  const auto name = rc::gen::oneOf(
      rc::gen::element<std::string>("\\Seen", "\\answered", "\\FLAGGED", "\\Deleted", "\\Draft", "\\Recent", "\\Other"),
      text_of("aAbB$_-.\xC3"));
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(name), [](const std::vector<std::string>& names) {
    Flags made;
    for (const std::string& each : names)
      made.add(each);
    return made;
  });
}

RC_GTEST_PROP(FlagsProperty, TextRoundTrips, ()) {
  const Flags made = *flags();
  RC_ASSERT(Flags::from_string(made.to_string()) == made);
  RC_ASSERT(Flags::from_string(made.to_string()).to_string() == made.to_string());
}

RC_GTEST_PROP(FlagsProperty, MinusAndUnitedAreSetAlgebra, ()) {
  const Flags left = *flags();
  const Flags right = *flags();
  RC_ASSERT(left.minus(right).united(right) == left.united(right));
  RC_ASSERT(left.united(right) == right.united(left));
  RC_ASSERT(left.minus(left).empty());
  RC_ASSERT(left.minus(right).minus(right) == left.minus(right));
}

RC_GTEST_PROP(FlagsProperty, StorableIsAPartOfWhatIsWanted, ()) {
  const Flags wanted = *flags();
  const PermanentFlags permanent{.flags = *flags(), .new_keywords = *rc::gen::arbitrary<bool>(), .known = true};
  const Flags kept = permanent.storable(wanted);
  RC_ASSERT(kept.minus(wanted).empty());
  RC_ASSERT(permanent.storable(kept) == kept);
}

RC_GTEST_PROP(InternalDateProperty, TextRoundTrips, ()) {
  // From year 1 to 9999, a day from the ends so that every zone has a year of four digits.
  const InternalDate date{.seconds = *rc::gen::inRange<std::int64_t>(-62135510400, 253402214400),
                          .zone_minutes = *rc::gen::inRange<std::int16_t>(-1439, 1440)};
  const std::string text = date.to_string();
  RC_ASSERT(text.size() == 26U);
  const auto read = InternalDate::parse(text);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == date);
  RC_ASSERT(read->zone_minutes == date.zone_minutes);
}

RC_GTEST_PROP(InternalDateProperty, LaterSecondsAreLaterDates, ()) {
  const auto seconds = *rc::gen::inRange<std::int64_t>(-62135510400, 253402214400);
  const InternalDate date{.seconds = seconds, .zone_minutes = 0};
  const InternalDate next{.seconds = seconds + 86400, .zone_minutes = 0};
  RC_ASSERT(date.to_string().substr(11) == next.to_string().substr(11));
  RC_ASSERT(date.to_string().substr(0, 11) != next.to_string().substr(0, 11));
}

RC_GTEST_PROP(InternalDateProperty, AnyTextIsReadOrRefused, ()) {
  const auto read = InternalDate::parse(*text_of("0123456789 -+:JanFebMrOct"));
  RC_ASSERT((!read.has_value() || InternalDate::parse(read->to_string()).has_value()));
}

RC_GTEST_PROP(MailboxPathProperty, JoinGivesBackWhatWasSplit, ()) {
  const std::string name = *text_of("ab./\\ &*");
  const char separator = *rc::gen::element('/', '.', '\\', '\0');
  RC_ASSERT(MailboxPath::split(name, separator).join(separator) == name);
}

RC_GTEST_PROP(MailboxPathProperty, SplitGivesBackWhatWasJoined, ()) {
  const auto components =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty(text_of("abINOX. "))));
  const MailboxPath path(components);
  RC_ASSERT(MailboxPath::split(path.join('/'), '/') == path);
}

}  // namespace
}  // namespace mailferry
