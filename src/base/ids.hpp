#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace codi {

/// A UUID (RFC 9562) as its 16 bytes in network order.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(Uuid const&) const = default;
};

/// A version 7 UUID (RFC 9562 section 5.7): 48 bits of `now` in milliseconds, the rest drawn from `random`.
Uuid make_uuid_v7(Timestamp now, Random& random);

/// Lower-case, 8-4-4-4-12.
std::string to_string(Uuid const& id);

/// Reads exactly the 36-character form, either case; nothing for anything else.
std::optional<Uuid> parse_uuid(std::string_view text);

/// A UUID of one kind of resource; ids of different kinds don't mix. `Tag::name` names the resource in messages.
template <class Tag>
struct Id {
  Uuid uuid{};
  using tag = Tag;
  auto operator<=>(Id const&) const = default;

  /// A new id (see make_uuid_v7).
  static Id make(Timestamp now, Random& random) { return {make_uuid_v7(now, random)}; }

  /// Reads the 36-character form; nothing for anything else.
  static std::optional<Id> parse(std::string_view text) {
    auto const id = parse_uuid(text);
    if (!id) return std::nullopt;
    return Id{*id};
  }
};

/// Lower-case, 8-4-4-4-12.
template <class Tag>
std::string to_string(Id<Tag> const& id) {
  return to_string(id.uuid);
}

struct TenantTag {
  static constexpr std::string_view name = "tenant";
};
struct UserTag {
  static constexpr std::string_view name = "user";
};
struct InviteTag {
  static constexpr std::string_view name = "invite";
};
struct TokenTag {
  static constexpr std::string_view name = "token";
};
struct LoginTag {
  static constexpr std::string_view name = "login";
};
struct ProjectTag {
  static constexpr std::string_view name = "project";
};
struct SessionTag {
  static constexpr std::string_view name = "session";
};
struct EventTag {
  static constexpr std::string_view name = "event";
};
struct ClaimTag {
  static constexpr std::string_view name = "claim";
};
struct TicketTag {
  static constexpr std::string_view name = "ticket";
};
struct HandoffTag {
  static constexpr std::string_view name = "handoff";
};
struct MessageTag {
  static constexpr std::string_view name = "message";
};

/// Strong ids: one cannot be passed for another.
using TenantId = Id<TenantTag>;
using UserId = Id<UserTag>;
using InviteId = Id<InviteTag>;
using TokenId = Id<TokenTag>;
using LoginId = Id<LoginTag>;  ///< one sign-in: the family of its access, refresh and session tokens
using ProjectId = Id<ProjectTag>;
using SessionId = Id<SessionTag>;
using EventId = Id<EventTag>;
using ClaimId = Id<ClaimTag>;
using TicketId = Id<TicketTag>;
using HandoffId = Id<HandoffTag>;
using MessageId = Id<MessageTag>;

}  // namespace codi

template <>
struct std::hash<codi::Uuid> {
  std::size_t operator()(codi::Uuid const& id) const noexcept {
    std::size_t tail = 0;  // the last bytes of a version 7 UUID are its random ones
    std::memcpy(&tail, id.bytes.data() + 8, sizeof tail);
    return tail;
  }
};
template <class Tag>
struct std::hash<codi::Id<Tag>> {
  std::size_t operator()(codi::Id<Tag> const& id) const noexcept { return std::hash<codi::Uuid>{}(id.uuid); }
};
