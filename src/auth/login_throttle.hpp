#pragma once
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace codi::auth {

/// The address that failures are counted by: an IPv4 address, the /64 of an IPv6 one, and an IPv4 one mapped into IPv6
/// as itself.
std::string throttled_address(std::string const& address);

/// Slows down guessing of passwords and asking which addresses have accounts. Kept in memory, by each server for
/// itself: what it forgets at a restart is a few free guesses. Only failures count, so any number of callers behind one
/// address that sign in as they should meet nothing. Thread-safe.
///
/// Some failures are free; from then on each next try must wait twice as long, up to limits::kLoginDelayMax, and time
/// forgives them. Failures count three times: by address and account, by address, and by account. The last one would
/// let anyone lock out anyone, so an address that has not failed at the account itself waits limits::kLoginDelayCalm at
/// most, and one from which the account was signed in to lately does not wait for others' failures at all.
///
/// check() and failed() are called by one worker thread around one password verification: guesses that run at the same
/// time are as many as there are workers.
class LoginThrottle {
 public:
  explicit LoginThrottle(Clock const& clock, std::size_t entries = limits::kThrottleEntries)
      : clock_(clock), entries_(entries) {}

  /// AUTH-SYS-1004 with retry_after_s while the account can't be tried from the address. Says nothing of whether it
  /// exists.
  Result<void> check(std::string const& account, std::string const& address);
  void failed(std::string const& account, std::string const& address);
  void succeeded(std::string const& account, std::string const& address);

  /// The same for answers that tell that an e-mail address has an account.
  Result<void> check_disclosure(std::string const& address);
  void disclosed(std::string const& address);

 private:
  using Ms = std::chrono::milliseconds;
  struct Entry {
    double level = 0;                ///< failures, less what time has forgiven
    Ms last{0};                      ///< when the last one was
    std::vector<std::string> known;  ///< of an account: addresses of successes, newest last
  };
  using Used = std::list<std::pair<std::string, Entry>>;

  Entry& touch(std::string const& key);
  Entry const* find(std::string const& key) const;
  [[nodiscard]] double level_of(Entry const& entry) const;
  [[nodiscard]] Ms wait_of(std::string const& key, double free, Ms most) const;
  void count(std::string const& key);

  Clock const& clock_;
  std::size_t const entries_;
  mutable std::mutex mutex_;
  Used used_;  // least recently used first
  std::unordered_map<std::string, Used::iterator> by_key_;
};

}  // namespace codi::auth
