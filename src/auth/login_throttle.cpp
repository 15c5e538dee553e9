#include "auth/login_throttle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cmath>
#include <cstring>

namespace codi::auth {
namespace {

using Ms = std::chrono::milliseconds;

std::string pair_key(std::string const& account, std::string const& address) {
  return fmt::format("p{} {}", address, account);
}
std::string address_key(std::string const& address) { return "a" + address; }
std::string account_key(std::string const& account) { return "u" + account; }
std::string disclosure_key(std::string const& address) { return "d" + address; }

Result<void> refused(Ms wait) {
  Error error;
  error.code = ErrorCode::rate_limited;
  error.detail = "too many attempts failed";
  error.retry_after_s = static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(wait).count());
  error.limit = RateLimit::sign_in;
  return std::unexpected(std::move(error));
}

}  // namespace

std::string throttled_address(std::string const& address) {
  in6_addr bytes{};
  if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &bytes.s6_addr[12], text.data(), text.size());
    return text.data();
  }
  constexpr std::size_t kNetworkBytes = 8;
  std::memset(&bytes.s6_addr[kNetworkBytes], 0, sizeof bytes.s6_addr - kNetworkBytes);
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &bytes, text.data(), text.size());
  return std::string(text.data()) + "/64";
}

Result<void> LoginThrottle::check(std::string const& account, std::string const& address) {
  auto const from = throttled_address(address);
  std::lock_guard const lock(mutex_);
  auto wait = std::max(wait_of(pair_key(account, from), limits::kLoginFailuresPair, limits::kLoginDelayMax),
                       wait_of(address_key(from), limits::kLoginFailuresAddress, limits::kLoginDelayMax));
  auto const* const whole = find(account_key(account));
  bool const is_known = whole != nullptr && std::ranges::find(whole->known, from) != whole->known.end();
  if (!is_known) {
    auto const* const own = find(pair_key(account, from));
    bool const is_calm = own == nullptr || level_of(*own) <= 0;
    Ms const most = is_calm ? Ms(limits::kLoginDelayCalm) : Ms(limits::kLoginDelayMax);
    wait = std::max(wait, wait_of(account_key(account), limits::kLoginFailuresAccount, most));
  }
  if (wait > Ms(0)) return refused(wait);
  return {};
}

void LoginThrottle::failed(std::string const& account, std::string const& address) {
  auto const from = throttled_address(address);
  std::lock_guard const lock(mutex_);
  count(pair_key(account, from));
  count(address_key(from));
  count(account_key(account));
}

void LoginThrottle::succeeded(std::string const& account, std::string const& address) {
  auto const from = throttled_address(address);
  std::lock_guard const lock(mutex_);
  // What others have failed stays counted, or a guesser would only have to wait for the owner to sign in.
  touch(pair_key(account, from)).level = 0;
  auto& known = touch(account_key(account)).known;
  std::erase(known, from);
  known.push_back(from);
  if (known.size() > limits::kThrottleKnownAddresses) known.erase(known.begin());
}

Result<void> LoginThrottle::check_disclosure(std::string const& address) {
  std::lock_guard const lock(mutex_);
  auto const wait =
      wait_of(disclosure_key(throttled_address(address)), limits::kEmailTakenAnswers, limits::kLoginDelayMax);
  if (wait > Ms(0)) return refused(wait);
  return {};
}

void LoginThrottle::disclosed(std::string const& address) {
  std::lock_guard const lock(mutex_);
  count(disclosure_key(throttled_address(address)));
}

LoginThrottle::Entry& LoginThrottle::touch(std::string const& key) {
  auto const found = by_key_.find(key);
  if (found != by_key_.end()) {
    used_.splice(used_.end(), used_, found->second);
    return found->second->second;
  }
  if (used_.size() >= entries_) {
    by_key_.erase(used_.front().first);
    used_.pop_front();
  }
  used_.emplace_back(key, Entry{});
  by_key_.emplace(key, std::prev(used_.end()));
  return used_.back().second;
}

LoginThrottle::Entry const* LoginThrottle::find(std::string const& key) const {
  auto const found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second->second;
}

double LoginThrottle::level_of(Entry const& entry) const {
  auto const passed = clock_.monotonic() - entry.last;
  auto const forgiven =
      static_cast<double>(passed.count()) / static_cast<double>(Ms(limits::kLoginFailureForgotten).count());
  return std::max(0.0, entry.level - forgiven);
}

// How long the next try must still wait. The delay follows from the level at the last failure, so that it doesn't
// shrink while it is being waited for.
LoginThrottle::Ms LoginThrottle::wait_of(std::string const& key, double free, Ms most) const {
  auto const* const entry = find(key);
  if (!entry || entry->level < free) return Ms(0);
  constexpr double kDoublings = 20;  // beyond any cap
  auto const doubled = std::exp2(std::min(std::floor(entry->level - free), kDoublings));
  auto const delay = std::min(Ms(static_cast<Ms::rep>(doubled) * Ms(limits::kLoginDelay).count()), most);
  return std::max(Ms(0), entry->last + delay - clock_.monotonic());
}

void LoginThrottle::count(std::string const& key) {
  auto& entry = touch(key);
  entry.level = level_of(entry) + 1;
  entry.last = clock_.monotonic();
}

}  // namespace codi::auth
