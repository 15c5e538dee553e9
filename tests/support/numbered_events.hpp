#pragma once
#include "support/curl_client.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace codi::testing {

/// Appends numbered events that no compression makes smaller, and keeps the numbers of those that were acknowledged.
class NumberedEvents {
 public:
  explicit NumberedEvents(CurlClient client, std::size_t bytes = 60'000) : client_(std::move(client)), bytes_(bytes) {
    client_.post("/v1/projects/default/sessions", R"({"alias":"writer"})");
  }

  WebAnswer append() {
    static constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    std::string filler(bytes_, ' ');
    for (auto& c : filler) c = kLetters[random_() % kLetters.size()];
    auto const number = next_++;
    auto answer =
        client_.post("/v1/projects/default/events",
                     fmt::format(R"({{"session":"writer","action":"NUMBER","text":"{}","data":{{"filler":"{}"}}}})",
                                 number, filler));
    if (answer.status == 201) acknowledged_.insert(number);
    return answer;
  }
  /// Appends until one is refused; answers the refusal.
  WebAnswer append_until_refused() {
    for (;;)
      if (auto answer = append(); answer.status != 201) return answer;
  }
  [[nodiscard]] std::set<int> const& acknowledged() const { return acknowledged_; }

 private:
  CurlClient client_;
  std::size_t bytes_;
  std::mt19937 random_{7};  // NOLINT(cert-msc51-cpp): the same bytes in every run
  int next_ = 0;
  std::set<int> acknowledged_;
};

/// Every number that the log has; one that it has twice is a failure.
inline std::set<int> numbers_in_log(CurlClient& client) {
  std::set<int> out;
  for (std::string after;;) {
    auto const page = client.get("/v1/projects/default/events?action=NUMBER&limit=500" + after);
    EXPECT_EQ(page.status, 200) << page.body;
    if (page.status != 200) return out;
    auto const body = page.json();
    for (auto const& item : body.at("items").as_array()) {
      auto const number = std::stoi(std::string(item.at("text").as_string()));
      EXPECT_TRUE(out.insert(number).second) << number << " is there twice";
    }
    if (body.at("next").is_null()) return out;
    after = "&after=" + std::string(body.at("next").as_string());
  }
}

}  // namespace codi::testing
