#pragma once
#include "base/limits.hpp"
#include "reflect/decode.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::reflect {

/// As decode_stored(), which it calls only for a text that this thread has not decoded lately. Every request reads who
/// calls, the tenant, the project and a session, and these are mostly what they were: comparing the text costs a
/// hundredth of decoding it. What is remembered depends on the text alone, so it can't be out of date.
template <class T>
T decode_stored_cached(std::string_view text) {
  struct Decoded {
    std::string text;
    T value;
  };
  if (text.size() > limits::kDecodedKeptBytes) return decode_stored<T>(text);
  thread_local std::vector<Decoded> kept(limits::kDecodedKept);
  auto& place = kept[std::hash<std::string_view>()(text) % kept.size()];
  if (place.text.empty() || place.text != text) place = {std::string(text), decode_stored<T>(text)};
  return place.value;
}

}  // namespace codi::reflect
