#include "db/backup.hpp"

#include "base/limits.hpp"
#include "db/keys.hpp"
#include "db/retry.hpp"
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

namespace codi::db {
BOOST_DESCRIBE_STRUCT(BackupHeader, (), (schema, store, epoch, made_at, version))
}  // namespace codi::db

template <>
struct codi::reflect::Fields<codi::db::BackupHeader> {
  static constexpr std::string_view name = "BackupHeader";
  static constexpr std::int64_t kEpochMax = 0xffff'fffe;  // a restore adds one
  static constexpr std::array fields{
      field("schema", "Version of keys and values."),
      field("store", "Id of the store."),
      field("epoch", "Epoch of the store.").range(0, kEpochMax),
      field("made_at", "When the backup was made."),
      field("version", "Of the codi that made it."),
  };
};

namespace codi::db {
namespace {

constexpr std::string_view kMagic = "codi backup 1\n";
constexpr std::size_t kNumberBytes = 8;

std::string number(std::uint64_t value) {
  std::string out(kNumberBytes, '\0');
  for (std::size_t i = 0; i < kNumberBytes; ++i) out[i] = static_cast<char>(value >> (8 * i));
  return out;
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i)
    out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return out;
}

// Cuts a text with its length before it from the front; nothing when it is not all there.
std::optional<std::string> cut_text(std::string_view& rest) {
  if (rest.size() < kNumberBytes) return std::nullopt;
  auto const size = read_number(rest);
  rest.remove_prefix(kNumberBytes);
  if (size > rest.size()) return std::nullopt;
  std::string out(rest.substr(0, size));
  rest.remove_prefix(size);
  return out;
}

}  // namespace

BackupDigest::BackupDigest() {
  static_assert(sizeof(crypto_generichash_state) <= sizeof state_);
  crypto_generichash_init(reinterpret_cast<crypto_generichash_state*>(state_.data()), nullptr, 0, kBytes);
}

void BackupDigest::add(std::string_view bytes) {
  crypto_generichash_update(reinterpret_cast<crypto_generichash_state*>(state_.data()),
                            reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
}

std::string BackupDigest::value() const {
  auto copy = *this;
  std::string out(kBytes, '\0');
  crypto_generichash_final(reinterpret_cast<crypto_generichash_state*>(copy.state_.data()),
                           reinterpret_cast<unsigned char*>(out.data()), out.size());
  return out;
}

std::string BackupWriter::sealed(std::string piece) {
  digest_.add(piece);
  auto const digest = digest_.value();
  digest_.add(digest);
  return piece + digest;
}

std::string BackupWriter::begin(BackupHeader const& header) {
  auto const text = reflect::encode_text(header);
  return sealed(std::string(kMagic) + number(text.size()) + text);
}

std::string BackupWriter::block(std::vector<KeyValue> const& rows) {
  std::string payload;
  for (auto const& row : rows)
    payload.append(number(row.key.size())).append(row.key).append(number(row.value.size())).append(row.value);
  rows_ += rows.size();
  return sealed(number(payload.size()) + payload);
}

std::string BackupWriter::end() { return sealed(number(0) + number(rows_)); }

BackupReader::BackupReader(std::istream& in) : in_(in) {
  if (take(kMagic.size()) != kMagic) damaged("the file is no backup of codi");
  auto const size = take_number();
  if (size > limits::kBackupHeaderBytes) damaged("the header is too long");
  auto const text = take(size);
  check_digest();
  auto const value = reflect::parse_json(text);
  auto header = value ? reflect::decode<BackupHeader>(*value) : std::unexpected(value.error());
  if (!header) damaged("the header can't be read: " + header.error().detail);
  header_ = *std::move(header);
}

std::optional<std::vector<KeyValue>> BackupReader::next() {
  auto const size = take_number();
  if (size > limits::kBackupBlockBytes) damaged("a block is too long");
  if (size == 0) {
    auto const rows = take_number();
    check_digest();
    if (rows != rows_) damaged(fmt::format("{} rows were written, {} are there", rows, rows_));
    if (in_.peek() != std::istream::traits_type::eof()) damaged("something stands behind the end");
    return std::nullopt;
  }
  auto const payload = take(size);
  check_digest();
  std::vector<KeyValue> out;
  for (std::string_view rest = payload; !rest.empty();) {
    auto key = cut_text(rest);
    auto value = key ? cut_text(rest) : std::nullopt;
    if (!value) damaged("a row can't be read");
    out.push_back({*std::move(key), *std::move(value)});
    check_row(out.back());
    from_ = out.back().key + '\0';
  }
  rows_ += out.size();
  return out;
}

void BackupReader::check_row(KeyValue const& row) const {
  if (row.key.size() > limits::kKeyBytes) damaged("a key is too long for a store");
  if (row.value.size() > limits::kValueBytes) damaged("a value is too long for a store");
  if (row.key >= kEndOfKeys) damaged("a row is of an engine's own");
  if (row.key < from_) damaged("a key stands twice or out of order");
}

std::string BackupReader::take(std::size_t size) {
  std::string out(size, '\0');
  in_.read(out.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::size_t>(in_.gcount()) != size)
    damaged(in_.bad() ? "the file can't be read" : "the file ends too early");
  bytes_ += size;
  digest_.add(out);
  return out;
}

std::uint64_t BackupReader::take_number() { return read_number(take(kNumberBytes)); }

void BackupReader::check_digest() {
  auto const expected = digest_.value();
  if (take(BackupDigest::kBytes) != expected) damaged("the checksum is wrong");
}

void BackupReader::damaged(std::string const& what) const {
  throw BackupDamaged(fmt::format("{}, at byte {}", what, bytes_));
}

BackupSource::BackupSource(std::unique_ptr<Snapshot> snapshot, BackupHeader header)
    : snapshot_(std::move(snapshot)), header_(std::move(header)) {}

std::optional<std::string> BackupSource::next() {
  if (ended_) return std::nullopt;
  if (!from_) {
    from_ = "";
    return writer_.begin(header_);
  }
  auto const rows = snapshot_->read({*from_, std::string(kEndOfKeys)});
  if (rows.rows.empty()) {
    ended_ = true;
    return writer_.end();
  }
  from_ = rows.rows.back().key + '\0';
  return writer_.block(rows.rows);
}

namespace {

/// Writes rows, some at a time.
class Restore {
 public:
  explicit Restore(Engine& engine) : engine_(engine) {}

  void write(std::vector<KeyValue> rows) {
    for (auto& row : rows) {
      bytes_ += row.key.size() + row.value.size();
      pending_.push_back(std::move(row));
      if (bytes_ >= limits::kRestoreTransactionBytes) flush();
    }
  }
  void flush() {
    auto const body = [this](Transaction& transaction) { return put(transaction, pending_); };
    run_write_blocking(engine_, body);
    pending_.clear();
    bytes_ = 0;
  }

 private:
  static Task<Verdict> put(Transaction& transaction, std::vector<KeyValue> const& rows) {
    for (auto const& row : rows) transaction.set(row.key, row.value);
    co_return Verdict::commit;
  }

  Engine& engine_;
  std::vector<KeyValue> pending_;
  std::size_t bytes_ = 0;
};

}  // namespace

namespace {

void require_schema(BackupHeader const& header) {
  if (header.schema != kSchemaVersion)
    throw BackupDamaged(
        fmt::format("the backup has schema version {}, and this codi reads version {}: restore it with codi {}",
                    header.schema, kSchemaVersion, header.version));
}

}  // namespace

std::uint64_t check_backup(std::istream& in, std::function<void(std::uint64_t)> const& progress) {
  BackupReader backup(in);
  require_schema(backup.header());
  while (backup.next()) progress(backup.bytes());
  return backup.rows();
}

Restored restore_backup(Engine& engine, BackupReader& backup, Timestamp now,
                        std::function<void(std::uint64_t)> const& progress) {
  auto const& header = backup.header();
  require_schema(header);
  begin_restore(engine, header.store);
  Restore restore(engine);
  auto const facts = store_facts_key();
  while (auto rows = backup.next()) {
    std::erase_if(*rows, [&](KeyValue const& row) { return row.key == facts; });
    restore.write(*std::move(rows));
    progress(backup.bytes());
  }
  restore.flush();
  constexpr std::int64_t kMsPerSecond = 1'000;
  auto const epoch = std::max(header.epoch + 1, now.ms / kMsPerSecond);
  finish_restore(engine, {.id = header.store, .epoch = static_cast<std::uint32_t>(epoch)});
  return {.header = header, .rows = backup.rows()};
}

}  // namespace codi::db
