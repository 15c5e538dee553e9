#include "db/rocks/wal_scan.hpp"

#include "db/engine.hpp"
#include "db/rocks/rocks_database.hpp"

#include <boost/crc.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace codi::db {
namespace {

constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kHeader = 7;        // masked CRC-32C (4), length (2), type (1)
constexpr std::size_t kBatchHeader = 12;  // sequence number (8), count (4)
constexpr unsigned kFull = 1;
constexpr unsigned kFirst = 2;
constexpr unsigned kLast = 4;

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) out = out << 8 | static_cast<std::uint8_t>(bytes[i]);
  return out;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  auto const value = static_cast<std::uint32_t>(crc.checksum());
  return ((value >> 15) | (value << 17)) + 0xa282ead8U;
}

// The size of the sound record at `at`, header included; nothing when there is none.
std::optional<std::size_t> sound_record(std::string_view content, std::size_t at) {
  if (content.size() - at < kHeader) return std::nullopt;
  auto const length = little_endian(content.substr(at + 4, 2));
  auto const type = static_cast<std::uint8_t>(content[at + 6]);
  std::size_t const size = kHeader + length;
  if (type < kFull || type > kLast || size > kBlock - at % kBlock || size > content.size() - at) return std::nullopt;
  if (masked_crc32c(content.substr(at + 6, 1 + length)) != little_endian(content.substr(at, 4))) return std::nullopt;
  return size;
}

// Where the sound records end.
std::size_t end_of_sound(std::string_view content) {
  std::size_t at = 0;
  while (at < content.size()) {
    auto const left_in_block = kBlock - at % kBlock;
    if (left_in_block < kHeader) {
      at += left_in_block;
      continue;
    }
    auto const size = sound_record(content, at);
    if (!size) return at;
    at += *size;
  }
  return content.size();
}

}  // namespace

bool has_batch_behind_damage(std::string_view content) {
  // What a batch of ours begins with, behind the headers of record and batch: the first put, of the version.
  std::string mark{"\x01"};
  mark += static_cast<char>(kVersionKey.size());
  mark += kVersionKey;
  constexpr std::size_t kBefore = kHeader + kBatchHeader;
  // The damaged record itself begins like this where its head is whole, so the search starts behind that.
  auto found = content.find(mark, std::min(content.size(), end_of_sound(content) + kBefore + 1));
  for (; found != std::string_view::npos; found = content.find(mark, found + 1)) {
    auto const start = found - kBefore;
    auto const type = static_cast<std::uint8_t>(content[start + 6]);
    if ((type == kFull || type == kFirst) && sound_record(content, start)) return true;
  }
  return false;
}

std::filesystem::path find_damaged_log(std::filesystem::path const& directory) {
  for (auto const& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string const content{std::istreambuf_iterator<char>(file), {}};
    if (!file)
      throw StorageFailure(StorageCode::unavailable, "log " + entry.path().string() + " can't be read: check the disk");
    if (has_batch_behind_damage(content)) return entry.path();
  }
  return {};
}

}  // namespace codi::db
