#include "cli/event_stream.hpp"

namespace codi::cli {

bool EventStream::take(std::string_view bytes, std::function<bool(std::string_view)> const& sink) {
  static constexpr std::string_view kEnd = "\n\n";
  static constexpr std::string_view kData = "data: ";
  unread_ += bytes;
  for (auto end = unread_.find(kEnd); end != std::string::npos; end = unread_.find(kEnd)) {
    auto const event = unread_.substr(0, end);
    unread_.erase(0, end + kEnd.size());
    auto const at = event.starts_with(kData) ? 0 : event.find("\n" + std::string(kData));
    if (at == std::string::npos) continue;
    auto const begin = event.find(kData, at) + kData.size();
    if (!sink(std::string_view(event).substr(begin, event.find('\n', begin) - begin))) return false;
  }
  return true;
}

}  // namespace codi::cli
