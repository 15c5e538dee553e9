#include "db/rocks/rocks_database.hpp"

#include "base/log.hpp"
#include "db/rocks/db_view.hpp"
#include "db/rocks/near_skip_list.hpp"
#include "db/rocks/rocks_look.hpp"
#include "db/rocks/wal_scan.hpp"

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <vector>

namespace codi::db {
namespace {

/// What RocksDB has to say from warnings on goes to codi's own log; it gets no log file of its own, which it would
/// rotate at every start, even in a directory that is then refused.
class ForwardingLogger final : public rocksdb::Logger {
 public:
  ForwardingLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using Logger::Logv;
  void LogHeader(char const* /*format*/, va_list /*arguments*/) override {}
  void Logv(rocksdb::InfoLogLevel level, char const* format, va_list arguments) override {
    if (level < rocksdb::InfoLogLevel::WARN_LEVEL || level > rocksdb::InfoLogLevel::FATAL_LEVEL) return;
    std::array<char, 1'000> text{};
    if (std::vsnprintf(text.data(), text.size(), format, arguments) < 0) return;
    log::write(level == rocksdb::InfoLogLevel::WARN_LEVEL ? log::Level::warn : log::Level::error, "store", "rocksdb",
               {{"metadata", {{"message", text.data()}}}});
  }
};

/// RocksDB takes a failed write or fsync of its log as fatal until the program is started again. Our Committer knows
/// how to go on (see there), so the error becomes one that DB::Resume() may lift when the disk works again. And of what
/// stops writes, only the Committer recovers: RocksDB would wait for more space than is needed, and look seldom. What
/// stops only compaction (soft) RocksDB recovers from by itself, when there is room for it.
class ResumableErrors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status* error) override {
    if (error->IsIOError() && error->severity() == rocksdb::Status::Severity::kFatalError) {
      *error = rocksdb::Status(*error, rocksdb::Status::Severity::kHardError);
    }
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status error,
                            bool* auto_recovery) override {
    if (error.severity() >= rocksdb::Status::Severity::kHardError) *auto_recovery = false;
  }
};

/// Leaves the batch out that was answered as failed, in case its bytes reached the log all the same.
class RefusedBatchFilter final : public rocksdb::WalFilter {
 public:
  explicit RefusedBatchFilter(std::uint64_t refused) : refused_(encode_version(refused)) {}
  [[nodiscard]] char const* Name() const override { return "codi.refused"; }

  WalProcessingOption LogRecord(rocksdb::WriteBatch const& batch, rocksdb::WriteBatch* /*new_batch*/,
                                bool* /*batch_changed*/) const override {
    FirstPut first;
    bool const refused = batch.Iterate(&first).ok() && first.key == kVersionKey && first.value == refused_;
    return refused ? WalProcessingOption::kIgnoreCurrentRecord : WalProcessingOption::kContinueProcessing;
  }

 private:
  // Every batch begins with its version (see Committer).
  struct FirstPut final : rocksdb::WriteBatch::Handler {
    std::string key;
    std::string value;
    bool seen = false;
    rocksdb::Status PutCF(std::uint32_t /*family*/, rocksdb::Slice const& k, rocksdb::Slice const& v) override {
      key = k.ToString();
      value = v.ToString();
      seen = true;
      return {};
    }
    rocksdb::Status DeleteCF(std::uint32_t /*family*/, rocksdb::Slice const& /*key*/) override { return pass(); }
    rocksdb::Status DeleteRangeCF(std::uint32_t /*family*/, rocksdb::Slice const& /*begin*/,
                                  rocksdb::Slice const& /*end*/) override {
      return pass();
    }
    bool Continue() override { return !seen; }
    rocksdb::Status pass() {
      seen = true;
      return {};
    }
  };
  std::string refused_;
};

rocksdb::CompressionType best_of(std::vector<rocksdb::CompressionType> const& wanted) {
  auto const supported = rocksdb::GetSupportedCompressions();
  for (auto const type : wanted) {
    if (std::ranges::find(supported, type) != supported.end()) return type;
  }
  return rocksdb::kNoCompression;
}

rocksdb::BlockBasedTableOptions table_options(RocksOptions const& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 8 << 10;
  table.format_version = 5;
  return table;
}

rocksdb::Options database_options(RocksOptions const& options, bool fresh, rocksdb::Env* env) {
  rocksdb::Options out;
  if (env != nullptr) out.env = env;
  out.create_if_missing = fresh;
  out.error_if_exists = fresh;
  out.paranoid_checks = true;
  out.track_and_verify_wals_in_manifest = true;
  out.info_log = std::make_shared<ForwardingLogger>();
  out.listeners = {std::make_shared<ResumableErrors>()};
  out.max_bgerror_resume_count = 0;  // the Committer resumes; nothing else may let writes through again
  out.max_background_jobs = 2;
  out.bytes_per_sync = 1 << 20;
  out.stats_dump_period_sec = 0;
  out.stats_persist_period_sec = 0;
  // One thread writes: what RocksDB does to share its memtable and its queue among many only costs time.
  out.allow_concurrent_memtable_write = false;
  out.enable_write_thread_adaptive_yield = false;
  out.write_buffer_size = 32 << 20;
  out.max_write_buffer_number = 4;
  out.memtable_factory = std::make_shared<NearSkipListFactory>();
  out.memtable_whole_key_filtering = true;
  out.memtable_prefix_bloom_size_ratio = 0.05;
  out.level_compaction_dynamic_level_bytes = true;
  out.compression = best_of({rocksdb::kLZ4Compression, rocksdb::kSnappyCompression});
  out.bottommost_compression = best_of({rocksdb::kZSTD, rocksdb::kLZ4Compression});
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(options)));
  return out;
}

[[noreturn]] void refuse_damaged(StoreDirectory const& directory, std::string const& why) {
  throw StorageFailure(
      StorageCode::corrupt,
      fmt::format("store directory {} is damaged and was left as it is ({}): restore a backup into a new directory",
                  directory.path().string(), why));
}

[[noreturn]] void refuse(StoreDirectory const& directory, rocksdb::Status const& status) {
  if (status.IsCorruption() || status.IsInvalidArgument() || status.IsPathNotFound() || status.IsNotFound()) {
    refuse_damaged(directory, status.ToString());
  }
  throw StorageFailure(
      StorageCode::unavailable,
      fmt::format("store directory {} can't be opened ({}): {}", directory.path().string(), status.ToString(),
                  status.IsNoSpace() ? "free some space; nothing is lost" : "check the disk and its permissions"));
}

}  // namespace

std::unique_ptr<rocksdb::DB> open_database(StoreDirectory& directory, RocksOptions const& options, rocksdb::Env* env) {
  auto settings = database_options(options, directory.fresh(), env);
  RefusedBatchFilter filter(directory.refused());
  if (directory.refused() != 0) settings.wal_filter = &filter;
  rocksdb::DB* db = nullptr;
  if (!directory.fresh()) {
    auto const damaged_log = find_damaged_log(directory.path());
    if (!damaged_log.empty()) refuse_damaged(directory, "a batch in the middle of " + damaged_log.string());
    auto const status = rocksdb::DB::OpenForReadOnly(settings, directory.path().string(), &db);
    std::unique_ptr<rocksdb::DB> const looked_at(db);
    if (!status.ok()) refuse(directory, status);
  }
  auto const status = rocksdb::DB::Open(settings, directory.path().string(), &db);
  if (!status.ok()) refuse(directory, status);
  return std::unique_ptr<rocksdb::DB>(db);
}

std::string encode_version(std::uint64_t version) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(version >> shift);
  return out;
}

std::uint64_t last_version(rocksdb::DB& db, StoreDirectory const& directory) {
  std::string value;
  auto const status = db.Get({}, rocksdb::Slice(kVersionKey.data(), kVersionKey.size()), &value);
  if (!status.ok() && !status.IsNotFound()) throw_status(status);
  std::uint64_t version = 0;
  for (char const c : value) version = version << 8 | static_cast<std::uint8_t>(c);
  return std::max(version, directory.refused());
}

void count_nothing() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }

std::optional<std::string> peek_rocks(std::filesystem::path const& directory, std::string_view key) {
  auto const failed = [&](rocksdb::Status const& status) {
    return StorageFailure(status.IsCorruption() ? StorageCode::corrupt : StorageCode::unavailable,
                          fmt::format("store directory {} can't be read ({})", directory.string(), status.ToString()));
  };
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::OpenForReadOnly(database_options({}, false, nullptr), directory.string(), &opened);
  std::unique_ptr<rocksdb::DB> const db(opened);
  if (!status.ok()) throw failed(status);
  std::string value;
  status = db->Get({}, rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) throw failed(status);
  return value;
}

}  // namespace codi::db
