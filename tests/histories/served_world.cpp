#include "histories/served_world.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongest = std::chrono::hours(1);
constexpr auto kLookAgain = 20ms;

std::string as_query(json::value const& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

}  // namespace

Reply ServedWorld::call(std::string_view operation, json::object members, CallingStyle const& style) {
  auto const& meta = ApiHarness::find(operation).meta;
  std::string path = "/v1";
  for (auto const part : split(meta.path.substr(1), '/')) {
    bool const is_member = part.starts_with('{');
    auto const name = is_member ? part.substr(1, part.size() - 2) : part;
    path += '/' + (is_member ? as_query(members.at(name)) : std::string(part));
    if (is_member) members.erase(name);
  }
  bool const has_body = meta.method == api::Method::post;
  if (!has_body)
    for (bool first = true; auto const& [name, value] : members)
      path += fmt::format("{}{}={}", std::exchange(first, false) ? '?' : '&', std::string(name), as_query(value));
  auto const body = json::serialize(members);
  auto const patience = std::chrono::ceil<std::chrono::milliseconds>(style.patience.value_or(kLongest));
  http_.set_timeout(std::max(patience, 1ms));
  Reply out;
  try {
    auto const answer = http_.send(std::string(api::to_string(meta.method)), path, has_body ? &body : nullptr);
    out.status = static_cast<unsigned>(answer.status);
    if (!answer.body.empty()) out.body = answer.json();
    if (auto const* const code = out.body.if_contains("code")) out.code = code->as_string();
  } catch (std::runtime_error const&) {
    out.status = 0;
  }
  // A store that did not answer may have carried it out.
  if (out.status != 0 && out.status != 503) return out;
  if (!style.patience) std::this_thread::sleep_for(kLookAgain);
  return {.code = std::string(kLost)};
}

void ServedWorld::pass_time(std::chrono::milliseconds time) { std::this_thread::sleep_for(time / 10); }

}  // namespace codi::testing
