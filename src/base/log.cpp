#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/redact.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace codi::log {
namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): one process has one log.
std::atomic<Level> g_level{Level::info};
std::atomic<void (*)(std::string_view)> g_capture{nullptr};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

spdlog::logger& logger() {
  static auto const instance = [] {
    auto made = std::make_shared<spdlog::logger>("codi", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "info";
}

// Members are told by others too: the words of an exception, of the system, of RocksDB.
void redact(boost::json::value& value) {
  if (auto* const text = value.if_string()) {
    if (looks_secret(*text)) *text = redacted(*text);
  } else if (auto* const object = value.if_object()) {
    for (auto& member : *object) redact(member.value());
  } else if (auto* const array = value.if_array()) {
    for (auto& item : *array) redact(item);
  }
}

}  // namespace

void start(Level at_least) { g_level = at_least; }

bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

void capture(void (*sink)(std::string_view line)) { g_capture = sink; }

void write(Level level, std::string_view component, std::string_view action, boost::json::object members) {
  if (!enabled(level)) return;
  boost::json::object line;
  line.reserve(5 + members.size());
  line["timestamp"] = to_string(SystemClock().now());
  line["level"] = name_of(level);
  line["service"] = "codi";
  line["component"] = component;
  line["action"] = action;
  for (auto& [key, value] : members) {
    redact(value);
    line[key] = std::move(value);
  }
  std::string text;
  append_json(text, line);
  if (auto const sink = g_capture.load()) return sink(text);
  logger().log(spdlog::level::info, text);
}

}  // namespace codi::log
