#pragma once
#include "api/operation.hpp"

#include <array>
#include <span>
#include <string_view>

namespace codi::middleware {

/// A message of a client that stands for an operation.
struct FeedCommand {
  std::string_view type;
  std::string_view operation_id;
};

inline constexpr std::array kFeedCommands{
    FeedCommand{"heartbeat", "heartbeat_session"},
    FeedCommand{"log", "append_event"},
    FeedCommand{"claim", "create_claims"},
    FeedCommand{"release", "release_claim"},
    FeedCommand{"message", "send_message"},
    FeedCommand{"inbox", "list_inbox"},
    FeedCommand{"ack", "ack_message"},
};

/// The operation that a message's type stands for; null when there is none.
inline api::Operation const* find_command(std::span<api::Operation const> operations, std::string_view type) {
  for (auto const& command : kFeedCommands) {
    if (command.type != type) continue;
    for (auto const& operation : operations)
      if (operation.meta.id == command.operation_id) return &operation;
  }
  return nullptr;
}

}  // namespace codi::middleware
