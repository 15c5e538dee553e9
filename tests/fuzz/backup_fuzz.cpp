#include "db/backup.hpp"
#include "fuzz/check.hpp"

#include <algorithm>
#include <functional>
#include <fuzzer/FuzzedDataProvider.h>
#include <optional>
#include <ranges>
#include <sstream>

namespace codi::db {
namespace {

using testing::check;

struct Read {
  BackupHeader header;
  std::vector<std::vector<KeyValue>> blocks;
};

// Nothing for a file that is refused. Whatever else is thrown ends the run.
std::optional<Read> read(std::string const& file) {
  std::istringstream in(file);
  try {
    BackupReader reader(in);
    Read out{.header = reader.header()};
    while (auto rows = reader.next()) out.blocks.push_back(std::move(*rows));
    check(reader.bytes() == file.size(), "a backup is read to its end");
    auto rows = out.blocks | std::views::join;
    check(std::ranges::adjacent_find(rows, std::ranges::greater_equal(), &KeyValue::key) == rows.end(),
          "keys stand in their order, each once");
    return out;
  } catch (BackupDamaged const& damaged) {
    check(std::string_view(damaged.what()).find(", at byte ") != std::string_view::npos, "a refusal names the byte",
          damaged.what());
    return std::nullopt;
  }
}

std::string write(Read const& content) {
  BackupWriter writer;
  auto out = writer.begin(content.header);
  for (auto const& rows : content.blocks) out += writer.block(rows);
  return out + writer.end();
}

// Each key with its number before it, so that they stand in their order.
Read content_of(FuzzedDataProvider& in) {
  char number = 0;
  Read out{.header = {.store = "fuzz", .epoch = in.ConsumeIntegralInRange<std::int64_t>(0, 9), .version = "1"}};
  auto const blocks = in.ConsumeIntegralInRange<int>(0, 3);
  for (int i = 0; i < blocks; ++i) {
    auto& rows = out.blocks.emplace_back();
    auto const count = in.ConsumeIntegralInRange<int>(1, 3);
    for (int row = 0; row < count; ++row)
      rows.push_back({std::string(1, number++) + in.ConsumeRandomLengthString(20), in.ConsumeRandomLengthString(40)});
  }
  return out;
}

// Some bytes changed, cut out or put in.
void damage(std::string& file, FuzzedDataProvider& in) {
  auto const at = in.ConsumeIntegralInRange<std::size_t>(0, file.size() - 1);
  switch (in.ConsumeIntegralInRange<int>(0, 4)) {
    case 0: file[at] = static_cast<char>(file[at] ^ in.ConsumeIntegralInRange<int>(1, 255)); break;
    case 1: file.resize(at); break;
    case 2: file.erase(at, in.ConsumeIntegralInRange<std::size_t>(1, 64)); break;
    case 3: file.insert(at, in.ConsumeBytesAsString(1 + in.ConsumeIntegralInRange<std::size_t>(0, 63))); break;
    default: file += in.ConsumeBytesAsString(1 + in.ConsumeIntegralInRange<std::size_t>(0, 63)); break;
  }
}

void check_content(FuzzedDataProvider& in) {
  auto const content = content_of(in);
  auto const file = write(content);
  auto const back = read(file);
  check(back && back->blocks == content.blocks && back->header.epoch == content.header.epoch,
        "a backup is read as it was written");
  auto damaged = file;
  damage(damaged, in);
  check(damaged == file || !read(damaged), "a damaged backup is refused");
}

// Gives the fuzzer's bytes the checksums that it can't find, so that it gets behind them. In the text `\x1f` ends a
// piece.
std::string sealed(std::string_view pieces) {
  std::string out;
  BackupDigest digest;
  while (!pieces.empty()) {
    auto const end = std::min(pieces.find('\x1f'), pieces.size());
    digest.add(pieces.substr(0, end));
    auto const value = digest.value();
    digest.add(value);
    out.append(pieces.substr(0, end)).append(value);
    pieces.remove_prefix(std::min(end + 1, pieces.size()));
  }
  return out;
}

void check_file(std::string const& file) {
  auto const content = read(file);
  if (!content) return;
  auto const again = read(write(*content));
  check(again && again->blocks == content->blocks, "what is read can be written and read again");
}

}  // namespace
}  // namespace codi::db

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const bytes = codi::testing::text_of(data, size);
  codi::db::check_file(std::string(bytes));
  codi::db::check_file(codi::db::sealed(bytes));
  FuzzedDataProvider in(data, size);
  codi::db::check_content(in);
  return 0;
}
