#pragma once
#include "cli/json_access.hpp"
#include "cli/render.hpp"

#include <ostream>
#include <string>
#include <string_view>

/// Gates and values as a person reads them.
namespace codi::cli {

/// A number as it is written in the answer; empty when there is none.
std::string number_of(json::value const& object, std::string_view name);

/// Whether a member is there and true (false).
bool is(json::value const& object, std::string_view name, bool wanted);

/// `>= 95%`, `< 100 ms`.
std::string wanted_of(json::value const& gate);

/// passed, FAILED, or not measured.
Cell verdict_of(json::value const& gate);

/// `coverage is 90, and must be >= 95 %`.
std::string gate_line(json::value const& gate);

/// Says which gates had failed of what the project's policy let through: those in the member `failed_gates`.
void warn_of_gates(std::ostream& err, std::string_view program, json::value const& holder);

}  // namespace codi::cli
