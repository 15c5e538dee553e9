#pragma once
#include "base/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The limits of the Model Context Protocol's door; those of every request (body, nesting, header) hold besides.
namespace codi::limits {

inline constexpr std::size_t kMcpTools = 12;
inline constexpr std::size_t kMcpToolListBytes = 8'000;  // of JSON: what a model reads before its first turn
inline constexpr std::size_t kMcpSubscriptions = 64;     // resources that one stream follows
inline constexpr std::size_t kMcpFollowedProjects = 8;   // in which they lie
inline constexpr std::size_t kMcpProjectsListed = 100;   // as resources
inline constexpr std::size_t kMcpUriBytes = 2'048;       // of a resource's address
inline constexpr std::size_t kMcpNameBytes = 128;        // of a tool, a prompt or a method
inline constexpr std::size_t kMcpPromptArgumentBytes = 4'096;
inline constexpr std::size_t kMcpCompletions = 100;               // offered at once (the specification's own limit)
inline constexpr auto kMcpUpdateInterval = 1s;                    // between two notices about one resource
inline constexpr auto kMcpProgressInterval = 5s;                  // between two notices about one wait
inline constexpr std::size_t kMcpBridgeRequests = 32;             // of `codi mcp`, under way at once
inline constexpr auto kMcpBridgeEnd = 1s;                         // for what is under way when its input ends
inline constexpr std::int64_t kMcpEventsShown = 100;              // of the work log, as a resource
inline constexpr std::chrono::milliseconds kMcpListFresh = 5min;  // that a list of tools may be cached

}  // namespace codi::limits
