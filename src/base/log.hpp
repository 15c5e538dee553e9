#pragma once
#include "base/json_text.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

/// One JSON object a line on stderr; the only way in which codi writes its log.
namespace codi::log {

/// How much a line matters, in rising order.
enum class Level { debug, info, warn, error };

/// Sets what is written from now on and starts the writer. Call once, before threads start.
void start(Level at_least);

/// One line in the making, for what is logged often: its members go straight to text. The caller adds each name once.
class Line {
 public:
  Line(Level level, std::string_view component, std::string_view action);
  /// A member of codi's own making.
  template <class Value>
  Line& add(std::string_view name, Value const& value) {
    start_member(name);
    append_json(text_, value);
    return *this;
  }
  /// The same for the words of others, of which what looks like a secret is redacted().
  Line& add_told(std::string_view name, std::string_view text);
  /// What is added up to end() stands in an object of this name.
  Line& begin(std::string_view name);
  Line& end();
  /// Ends the line and writes it, whatever its level is.
  void write();

 private:
  void start_member(std::string_view name);
  std::string text_;
};

/// Writes one line: `timestamp level service component action` and the given members after them, in order.
/// They must hold no secret; what looks like one all the same is redacted(). Thread-safe; never throws, never blocks on
/// a full pipe for longer than the sink does.
void write(Level level, std::string_view component, std::string_view action, boost::json::object members = {});

/// Sends every line to `sink` instead of stderr (tests); an empty function restores stderr.
void capture(void (*sink)(std::string_view line));

/// Whether a line of `level` would be written: asks before costly members are made.
bool enabled(Level level);

}  // namespace codi::log
