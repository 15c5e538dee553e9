#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace codi::cli {

/// Takes server-sent events (WHATWG HTML, section 9.2) apart, as codi's server writes them: each has its data in one
/// line. Comments and the other fields are passed over.
class EventStream {
 public:
  /// Gives `sink` the data of each event that is whole; false as soon as it says so.
  bool take(std::string_view bytes, std::function<bool(std::string_view)> const& sink);
  /// The connection has ended: what was cut off is forgotten.
  void reset() { unread_.clear(); }

 private:
  std::string unread_;
};

}  // namespace codi::cli
