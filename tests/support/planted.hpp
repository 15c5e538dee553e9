#pragma once
#include "base/encoding.hpp"
#include "base/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace codi::testing {

/// Text that a test puts where a caller can put text, to be looked for where it must not come out. It survives case
/// folding and stands in no other text.
class Planted {
 public:
  static constexpr std::string_view kMark = "zq7plant";

  /// Another marked text.
  std::string next() { return fmt::format("{}{:05}", kMark, ++count_); }
  std::string email() { return next() + "@example.org"; }

  /// True when something planted stands in the text, as it was or as Base64 (HTTP Basic) of what begins with it.
  static bool in(std::string_view text) {
    return to_lower_ascii(text).find(kMark) != std::string::npos || text.find("enE3cGxhbn") != std::string_view::npos;
  }

 private:
  int count_ = 0;
};

/// Secrets that a server has made: what stands in answers under names that mean one.
class MadeSecrets {
 public:
  /// Adds those of an answer.
  void take(boost::json::value const& answer) {
    if (auto const* const object = answer.if_object())
      for (auto const& [name, value] : *object) {
        bool const is_secret = (std::string_view(name).ends_with("token") && name != "fencing_token") || name == "code";
        if (is_secret && value.is_string())
          all_.emplace_back(value.get_string());
        else
          take(value);
      }
    if (auto const* const array = answer.if_array())
      for (auto const& item : *array) take(item);
  }
  void add(std::string secret) { all_.push_back(std::move(secret)); }
  [[nodiscard]] std::vector<std::string> const& all() const { return all_; }

  /// The secrets and what must not stand in a store either: the random bytes of each part, raw and as hexadecimal.
  [[nodiscard]] std::vector<std::string> with_parts() const {
    auto out = all_;
    constexpr std::size_t kPrefix = std::string_view("codi_a").size();
    constexpr std::size_t kPartBytes = 32;
    for (auto const& secret : all_) {
      if (!secret.starts_with("codi_")) continue;
      auto const bytes = from_base64url(std::string_view(secret).substr(kPrefix)).value_or("");
      for (std::size_t at = 0; at < bytes.size(); at += kPartBytes) {
        out.push_back(bytes.substr(at, kPartBytes));
        out.push_back(to_hex(out.back()));
        out.push_back(to_base64url(bytes.substr(at, kPartBytes)).substr(0, kPartBytes));
      }
    }
    return out;
  }

 private:
  std::vector<std::string> all_;
};

}  // namespace codi::testing
