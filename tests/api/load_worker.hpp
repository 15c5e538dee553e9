#pragma once
#include "support/curl_client.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::testing {

inline constexpr std::array<std::string_view, 6> kLoadTargets{"src/",     "src/a.rs",  "src/b.rs",
                                                              "src/c.rs", "port:5432", "docs/x.md"};

/// Whether two of kLoadTargets overlap.
inline bool meet(std::string_view a, std::string_view b) {
  return a == b || (a == "src/" && b.starts_with("src/")) || (b == "src/" && a.starts_with("src/"));
}

/// Who holds what, as a log or its callers tell it. A grant over another's is a failure of the test. Thread-safe.
class Referee {
 public:
  void granted(std::string const& target, std::string const& session) {
    std::scoped_lock const lock(mutex_);
    for (auto const& [held, holder] : holders_)
      EXPECT_TRUE(holder == session || !meet(held, target))
          << session << " was given " << target << " while " << holder << " held " << held;
    holders_.emplace(target, session);
  }
  void given_up(std::string const& target, std::string const& session) {
    std::scoped_lock const lock(mutex_);
    holders_.erase({target, session});
  }
  void ended(std::string const& session) {
    std::scoped_lock const lock(mutex_);
    std::erase_if(holders_, [&](auto const& held) { return held.second == session; });
  }
  /// Tokens only grow along the grants of one target.
  void fenced(std::string const& target, std::string const& token) {
    std::scoped_lock const lock(mutex_);
    auto& last = tokens_[target];
    EXPECT_LT(last, token) << target;
    last = token;
  }
  [[nodiscard]] std::set<std::pair<std::string, std::string>> holders() {
    std::scoped_lock const lock(mutex_);
    return holders_;
  }

 private:
  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> holders_;  // target and session
  std::map<std::string, std::string> tokens_;
};

/// The events whose writing was acknowledged. Thread-safe.
class Ledger {
 public:
  void add(std::string cursor, std::string text) {
    std::scoped_lock const lock(mutex_);
    EXPECT_TRUE(written_.emplace(std::move(cursor), std::move(text)).second) << "a cursor was given twice";
  }
  [[nodiscard]] std::map<std::string, std::string> written() {
    std::scoped_lock const lock(mutex_);
    return written_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> written_;
};

/// One agent that does what agents do, drawn from a seed, and tells referee and ledger of what it was answered.
class LoadWorker {
 public:
  LoadWorker(CurlClient client, std::uint16_t port, std::size_t number, Referee& referee, Ledger& ledger)
      : client_(std::move(client)), port_(port), number_(number), random_(number), referee_(referee), ledger_(ledger) {}

  /// Joins with an invite, signs in by password and refreshes that login once.
  void sign_in(std::string const& invite) {
    auto const email = fmt::format("agent-{}@example.org", number_);
    auto const joined =
        client_.post("/v1/invites/" + invite + "/accept",
                     fmt::format(R"({{"email":"{}","password":"{}","name":"Agent"}})", email, kPassword));
    ASSERT_EQ(joined.status, 201) << joined.body;
    auto const login =
        client_.post("/v1/auth/login", fmt::format(R"({{"email":"{}","password":"{}"}})", email, kPassword));
    ASSERT_EQ(login.status, 200) << login.body;
    auto const refreshed =
        client_.post("/v1/auth/refresh", fmt::format(R"({{"refresh_token":"{}"}})", login.text("/refresh_token")));
    ASSERT_EQ(refreshed.status, 200) << refreshed.body;
    client_.set_token(refreshed.text("/access_token"));
  }

  void work(int steps) {
    start_session();
    while (steps-- > 0) step();
  }

  /// Appends events until the server is gone.
  void append_to_the_end() try {
    while (append()) {
    }
  } catch (std::runtime_error const&) {
    return;  // refused or cut: nothing was acknowledged
  }

 private:
  static constexpr std::string_view kPassword = "correct horse battery staple";
  static constexpr std::string_view kProject = "/v1/projects/default";

  struct Claim {
    std::string id;
    std::string token;
  };

  void step() {
    switch (draw(12)) {
      case 0:
      case 1:
      case 2:
      case 3: return claim_or_release(std::string(kLoadTargets[draw(kLoadTargets.size())]));
      case 4: return renew();
      case 5: EXPECT_TRUE(append()); return;
      case 6: return write_line();
      case 7: return expect(client_.post(path("/sessions/" + alias_ + "/heartbeat"), "{}"), {200});
      case 8: return list();
      case 9: return read_pages();
      case 10: return be_rude();
      default: end_session(); return start_session();
    }
  }

  std::size_t draw(std::size_t below) { return random_() % below; }
  static std::string path(std::string_view rest) { return std::string(kProject).append(rest); }
  static void expect(WebAnswer const& answer, std::set<long> const& statuses) {
    EXPECT_TRUE(statuses.contains(answer.status)) << answer.status << ' ' << answer.body;
  }
  std::string say() { return fmt::format("{} says {}", alias_, ++said_); }

  void start_session() {
    alias_ = fmt::format("AGENT-SESSION-{}", number_ * 1'000 + ++sessions_);
    auto const started = client_.post(path("/sessions"), fmt::format(R"({{"alias":"{}"}})", alias_));
    expect(started, {201});
    session_ = started.text("/id");
  }

  void end_session() {
    referee_.ended(session_);
    claims_.clear();
    expect(client_.post(path("/sessions/" + alias_ + "/end"), "{}"), {200});
  }

  void claim_or_release(std::string const& target) {
    if (auto const held = claims_.extract(target)) {
      referee_.given_up(target, session_);
      auto const body = fmt::format(R"({{"fencing_token":"{}"}})", held.mapped().token);
      return expect(client_.post(path("/claims/" + held.mapped().id + "/release"), body), {200});
    }
    auto const answer =
        client_.post(path("/claims"), fmt::format(R"({{"session":"{}","targets":["{}"]}})", alias_, target));
    expect(answer, {201, 409});
    if (answer.status != 201) return;
    referee_.granted(target, session_);
    Claim const claim{answer.text("/claims/0/id"), answer.text("/fencing_token")};
    referee_.fenced(target, claim.token);
    claims_.emplace(target, claim);
  }

  void renew() {
    if (claims_.empty()) return;
    auto const& [id, token] = claims_.begin()->second;
    auto const answer =
        client_.post(path("/claims/" + id + "/renew"), fmt::format(R"({{"fencing_token":"{}"}})", token));
    expect(answer, {200});
    EXPECT_EQ(answer.text("/fencing_token"), token);
  }

  bool append() {
    auto const text = say();
    auto const answer = client_.post(
        path("/events"), fmt::format(R"({{"session":"{}","action":"PROGRESS","text":"{}"}})", alias_, text));
    if (answer.status == 201) ledger_.add(answer.text("/cursor"), text);
    return answer.status == 201;
  }

  void write_line() {
    auto const text = say() + ", 50% done";
    auto const answer = client_.post(path("/log"), fmt::format(R"({{"line":"{}: {}"}})", alias_, text));
    expect(answer, {200, 201});
    ledger_.add(answer.text("/event/cursor"), text);
  }

  void list() {
    expect(client_.get(path("/claims?limit=3")), {200});
    expect(client_.get(path("/sessions?limit=3")), {200});
    expect(client_.get(path("/events?limit=20&session=" + alias_)), {200});
  }

  void read_pages() {
    expect(client_.get("/metrics"), {200});
    expect(client_.get("/readyz"), {200});
    expect(client_.get("/openapi.json"), {200});
  }

  // Comes, says something or nothing, and is gone before the answer.
  void be_rude() {
    constexpr std::array<std::string_view, 4> kSaid{"", "GET /v1/projects HT", "\x16\x03\x01\x02",
                                                    "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"};
    RawClient guest(port_);
    guest.send(kSaid[draw(kSaid.size())]);
  }

  CurlClient client_;
  std::uint16_t port_;
  std::size_t number_;
  std::mt19937_64 random_;
  Referee& referee_;
  Ledger& ledger_;
  std::string alias_;
  std::string session_;
  std::map<std::string, Claim> claims_;  // by target
  std::size_t sessions_ = 0;
  std::size_t said_ = 0;
};

}  // namespace codi::testing
