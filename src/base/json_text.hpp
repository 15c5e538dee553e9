#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

/// Compact JSON text as codi writes it everywhere: whole numbers without fraction or exponent (50, not 5E1).
namespace codi {

/// Appends one value.
void append_json(std::string& out, double number);
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, boost::json::object const& object);
void append_json(std::string& out, boost::json::value const& value);

}  // namespace codi
