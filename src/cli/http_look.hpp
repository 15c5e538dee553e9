#pragma once
#include "base/clock.hpp"
#include "cli/http.hpp"

#include <expected>
#include <optional>
#include <string_view>

namespace codi::cli {

/// An answer, and what it shows of the server that gave it.
struct ServerLook {
  HttpAnswer answer;
  std::optional<Timestamp> date = {};              ///< of its clock, whole seconds
  std::optional<Timestamp> certificate_ends = {};  ///< its own certificate; nothing without TLS
};

/// One exchange as Http::perform, on a connection of its own.
std::expected<ServerLook, HttpTrouble> look(HttpCall const& call);

/// True for an `http` or `https` address of this machine's own.
bool is_loopback(std::string_view url);

}  // namespace codi::cli
