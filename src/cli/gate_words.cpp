#include "cli/gate_words.hpp"

#include <fmt/format.h>

namespace codi::cli {

std::string number_of(json::value const& object, std::string_view name) {
  auto const* const value = member_of(object, name);
  return value == nullptr || value->is_null() ? std::string() : compact(*value);
}

bool is(json::value const& object, std::string_view name, bool wanted) {
  auto const* const value = member_of(object, name);
  return value != nullptr && *value == json::value(wanted);
}

std::string wanted_of(json::value const& gate) {
  auto const unit = printable(text_of(gate, "unit"));
  return fmt::format("{} {}{}{}", printable(text_of(gate, "op")), number_of(gate, "threshold"),
                     unit.empty() || unit == "%" ? "" : " ", unit);
}

Cell verdict_of(json::value const& gate) {
  if (is(gate, "passed", true)) return {"passed", Tone::green};
  if (is(gate, "passed", false)) return {"FAILED", Tone::red};
  return {"not measured", Tone::dim};
}

std::string gate_line(json::value const& gate) {
  auto const unit = printable(text_of(gate, "unit"));
  return fmt::format("{} is {}, and must be {} {}{}{}", printable(text_of(gate, "measure")), number_of(gate, "value"),
                     printable(text_of(gate, "op")), number_of(gate, "threshold"), unit.empty() ? "" : " ", unit);
}

void warn_of_gates(std::ostream& err, std::string_view program, json::value const& holder) {
  for (auto const& gate : items_of(holder, "failed_gates")) err << program << ": warning: " << gate_line(gate) << '\n';
}

}  // namespace codi::cli
