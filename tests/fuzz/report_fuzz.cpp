#include "cli/report_files.hpp"
#include "fuzz/check.hpp"

#include <array>

namespace codi::cli {
namespace {

using testing::check;

void check_reading(ReportFormat format, std::string_view text) {
  auto const read = read_report(format, text);
  if (!read) {
    auto const& [line, message] = read.error();
    check(!message.empty(), "trouble says what is wrong");
    check(!line || *line > 0, "lines count from 1", message);
    return;
  }
  auto const all = read->all();
  check(!all.empty(), "something is measured");
  for (auto const& [name, value] : all) {
    check(is_measured_number(value), "values are finite and not negative", name);
    check(!name.empty(), "a measure has a name");
  }
  for (auto const& [name, share] : read->shares) check(share.hit <= share.found, "no more is hit than is there", name);
  FileMeasures twice = *read;
  auto const clash = twice.add(*read);
  check(clash.has_value() == !read->values.empty(), "only what does not add up clashes");
}

// A digit for the format, then the file; without one as its beginning says.
void run(std::string_view input) {
  using enum ReportFormat;
  constexpr std::array kFormats{lcov, cobertura, junit, sarif, k6, wrk};
  if (input.empty()) return;
  auto const index = static_cast<std::size_t>(input.front() - '0');
  if (index < kFormats.size()) return check_reading(kFormats.at(index), input.substr(1));
  if (auto const format = format_of(input)) check_reading(*format, input);
}

}  // namespace
}  // namespace codi::cli

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  codi::cli::run(codi::testing::text_of(data, size));
  return 0;
}
