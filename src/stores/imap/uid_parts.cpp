#include "stores/imap/uid_parts.hpp"

namespace mailferry::stores::imap {

UidSet take_part(UidSet& uids, const mailferry::imap::Capabilities& capabilities) {
  const auto limit = capabilities.message_limit().value_or(0);
  if (limit == 0) return uids.take_front_octets(kSetOctets);
  auto part = uids.take_front(limit);
  auto fits = part.take_front_octets(kSetOctets);
  uids.add(part);
  return fits;
}

}  // namespace mailferry::stores::imap
