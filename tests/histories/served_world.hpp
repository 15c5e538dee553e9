#pragma once
#include "histories/history_world.hpp"
#include "support/curl_client.hpp"

#include <string>

namespace codi::testing {

/// A server in a process of its own, which may be killed and started again: every call goes over HTTP. Time is that of
/// the machine. Not thread-safe: one a client.
class ServedWorld final : public HistoryWorld {
 public:
  ServedWorld(std::string const& url, std::string token) : http_(url) { http_.set_token(std::move(token)); }

  Reply call(std::string_view operation, json::object members, CallingStyle const& style) override;
  /// A tenth of it.
  void pass_time(std::chrono::milliseconds time) override;
  /// The server does it.
  bool reap(std::uint64_t /*server*/) override { return false; }

 private:
  CurlClient http_;
};

}  // namespace codi::testing
