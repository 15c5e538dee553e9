#include "cli/argv.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace codi::cli {
namespace {

constexpr std::array<std::string_view, 2> kSecretOptions{"--token", "--invite"};

void write_over(char* text) { std::memset(text, 'x', std::strlen(text)); }

}  // namespace

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> out;
  bool is_secret = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view const text = out.emplace_back(argv[i]);
    if (is_secret) write_over(argv[i]);
    is_secret = std::ranges::find(kSecretOptions, text) != kSecretOptions.end();
    for (auto const option : kSecretOptions)
      if (text.starts_with(option) && text.substr(option.size()).starts_with('='))
        write_over(argv[i] + option.size() + 1);
  }
  return out;
}

}  // namespace codi::cli
