#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi {

/// The 10 bytes that a commit gives its transaction: ordered as commits are, within one epoch of one store.
using CommitStamp = std::array<std::uint8_t, 10>;

/// A position in the order of commits: what cursors of events and fencing tokens are made of. The epoch is raised by a
/// restore, so that nothing new ever sorts below something old. Its text has a fixed width and compares in byte order
/// as the stamp does.
struct Stamp {
  std::uint32_t epoch = 0;
  CommitStamp commit{};
  std::uint16_t order = 0;  ///< among the stamps of one transaction
  bool pending = false;     ///< true until the commit: its text is then filled in after it
  auto operator<=>(Stamp const&) const = default;

  /// A place holder for the stamp that the commit will give.
  static Stamp make_pending(std::uint32_t epoch, std::uint16_t order) { return {epoch, {}, order, true}; }
};

inline constexpr std::size_t kStampTextSize = 32;   ///< 16 bytes in lower-case hexadecimal
inline constexpr std::size_t kStampBytesSize = 16;  ///< epoch, commit, order; big-endian

/// The 32-character text. For a pending stamp the commit part is zeros, to be overwritten.
std::string to_string(Stamp const& stamp);
/// Reads exactly what to_string writes; nothing for anything else.
std::optional<Stamp> parse_stamp(std::string_view text);

/// The 16 raw bytes, and back.
std::string stamp_bytes(Stamp const& stamp);
std::optional<Stamp> stamp_from_bytes(std::string_view bytes);

}  // namespace codi
