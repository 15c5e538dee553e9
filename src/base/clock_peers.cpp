#include "base/clock_peers.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace codi {

void ClockPeers::saw(std::span<Published const> others, Timestamp now, std::chrono::milliseconds monotonic) {
  looked_ = monotonic;
  for (auto const& other : others) {
    auto const [at, is_new] = peers_.try_emplace(other.server, Peer{.last = other.at, .heard = monotonic});
    auto& peer = at->second;
    // What was there before anybody looked may be old.
    if (is_new || peer.last == other.at) continue;
    if (monotonic - peer.heard > limits::kServerSilent) peer.differences.clear();
    peer.last = other.at;
    peer.heard = monotonic;
    peer.differences.push_back(now - other.at);
    if (peer.differences.size() > limits::kClockSamples) peer.differences.pop_front();
  }
  std::erase_if(peers_, [&](auto const& entry) {
    return std::ranges::none_of(others, [&](auto const& other) { return other.server == entry.first; });
  });
}

std::vector<std::string> ClockPeers::gone() const {
  std::vector<std::string> out;
  for (auto const& [server, peer] : peers_)
    if (looked_ - peer.heard > limits::kServerKept) out.push_back(server);
  return out;
}

std::chrono::milliseconds ClockPeers::ahead() const {
  std::vector<Milliseconds> differences{Milliseconds(0)};
  for (auto const& [server, peer] : peers_)
    if (!peer.differences.empty() && looked_ - peer.heard <= limits::kServerSilent)
      differences.push_back(std::ranges::min(peer.differences));
  std::ranges::sort(differences);
  auto const middle = differences.size() / 2;
  if (differences.size() % 2 == 1) return differences[middle];
  return (differences[middle - 1] + differences[middle]) / 2;
}

}  // namespace codi
