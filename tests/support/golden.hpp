#pragma once
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace codi::testing {

/// JSON with a member a line, so that a difference can be read in a review.
inline std::string pretty(boost::json::value const& value, std::string const& indent = {}) {
  auto const deeper = indent + "  ";
  std::string out;
  auto const add = [&](std::string const& text) { out += (out.empty() ? "\n" : ",\n") + deeper + text; };
  if (value.is_object() && !value.get_object().empty()) {
    for (auto const& member : value.get_object())
      add(boost::json::serialize(member.key()) + ": " + pretty(member.value(), deeper));
    return "{" + out + "\n" + indent + "}";
  }
  if (value.is_array() && !value.get_array().empty()) {
    for (auto const& item : value.get_array()) add(pretty(item, deeper));
    return "[" + out + "\n" + indent + "]";
  }
  return boost::json::serialize(value);
}

/// Compares with tests/golden/NAME; CODI_UPDATE_GOLDEN=1 writes it anew instead.
inline void expect_golden(std::string const& name, std::string const& text) {
  auto const path = std::string(CODI_SOURCE_DIR) + "/tests/golden/" + name;
  if (std::getenv("CODI_UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::ofstream(path) << text << '\n';
    return;
  }
  std::stringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_TRUE(golden.str() == text + "\n")
      << "tests/golden/" << name
      << " is out of date: run this test with CODI_UPDATE_GOLDEN=1 and look at the difference";
}

}  // namespace codi::testing
