#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/redact.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace codi::log {
namespace {

constexpr std::size_t kUsualBytes = 768;

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

Line::Line(Level level, std::string_view component, std::string_view action) {
  text_.reserve(kUsualBytes);
  text_ += '{';
  add("timestamp", to_string(SystemClock().now()));
  add("level", name_of(level)).add("service", "codi").add("component", component).add("action", action);
}

void Line::start_member(std::string_view name) {
  if (text_.back() != '{') text_ += ',';
  append_json(text_, name);
  text_ += ':';
}

Line& Line::add_told(std::string_view name, std::string_view text) {
  return looks_secret(text) ? add(name, redacted(text)) : add(name, text);
}

Line& Line::begin(std::string_view name) {
  start_member(name);
  text_ += '{';
  return *this;
}

Line& Line::end() {
  text_ += '}';
  return *this;
}

void Line::write() {
  text_ += '}';
  if (auto const sink = g_capture.load()) return sink(text_);
  logger().log(spdlog::level::info, text_);
}

void write(Level level, std::string_view component, std::string_view action, boost::json::object members) {
  if (!enabled(level)) return;
  Line line(level, component, action);
  for (auto& [key, value] : members) {
    redact(value);
    line.add(key, value);
  }
  line.write();
}

}  // namespace codi::log
