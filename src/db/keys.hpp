#pragma once
#include "base/ids.hpp"
#include "base/stamp.hpp"
#include "db/tuple.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

/// How keys are put together: every key is a tuple of these parts. docs/keys.md lists them all.
namespace codi::db {

inline void pack_part(tuple::Packer& key, std::string_view part) { key.string(part); }
inline void pack_part(tuple::Packer& key, std::integral auto part) { key.integer(static_cast<std::int64_t>(part)); }
inline void pack_part(tuple::Packer& key, Uuid const& part) { key.uuid(part); }
template <class Tag>
void pack_part(tuple::Packer& key, Id<Tag> const& part) {
  key.uuid(part.uuid);
}
/// A stamp is two elements, epoch and versionstamp, so that keys sort as stamps do.
inline void pack_part(tuple::Packer& key, Stamp const& part) {
  key.integer(part.epoch).versionstamp({part.commit, part.order});
}
/// The segments of a path, one string each.
inline void pack_part(tuple::Packer& key, std::vector<std::string> const& segments) {
  for (auto const& segment : segments) key.string(segment);
}

/// `prefix` with the parts behind it.
template <class... Parts>
std::string make_key(std::string_view prefix, Parts const&... parts) {
  tuple::Packer key(prefix);
  (pack_part(key, parts), ...);
  return key.take();
}

}  // namespace codi::db
