#pragma once
#include "base/encoding.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace codi::testing {

/// The size, last change and content of every file below `directory`, to compare before and after.
inline std::map<std::string, std::string> digest(std::filesystem::path const& directory) {
  std::map<std::string, std::string> out;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    out[entry.path().string()] =
        to_hex(sha256(text.str())) + " " + std::to_string(entry.last_write_time().time_since_epoch().count());
  }
  return out;
}

}  // namespace codi::testing
