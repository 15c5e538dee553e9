#pragma once
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace codi::testing {

/// What goes wrong with RocksDB's logs.
enum class DiskTrouble : int {
  none,
  sync_fails,    ///< the bytes are in the file, their fsync is an I/O error
  append_tears,  ///< half of the bytes are in the file, then an I/O error
  no_space,      ///< nothing more fits on the disk
  damages,       ///< logs fail as for sync_fails, and tables turn out to be damaged while they are written
};

/// A file system whose logs can be made to fail. Manifests fail only for no_space, tables for damages too.
class FailingDisk final : public rocksdb::FileSystemWrapper {
 public:
  FailingDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] char const* Name() const override { return "FailingDisk"; }
  void fail(DiskTrouble trouble) { trouble_ = trouble; }

  rocksdb::IOStatus NewWritableFile(std::string const& name, rocksdb::FileOptions const& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    if (trouble_ == DiskTrouble::no_space) return full();
    auto status = target()->NewWritableFile(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<File>(std::move(*result), *this, name);
    return status;
  }

 private:
  static rocksdb::IOStatus broken() { return rocksdb::IOStatus::IOError("made by a test"); }
  static rocksdb::IOStatus full() { return rocksdb::IOStatus::NoSpace("made by a test"); }

  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FailingDisk const& disk, std::string const& name)
        : FSWritableFileOwnerWrapper(std::move(file)),
          disk_(disk),
          log_(name.ends_with(".log")),
          table_(name.ends_with(".sst")) {}

    rocksdb::IOStatus Append(rocksdb::Slice const& data, rocksdb::IOOptions const& options,
                             rocksdb::IODebugContext* debug) override {
      if (disk_.trouble_ == DiskTrouble::no_space) return full();
      if (table_ && disk_.trouble_ == DiskTrouble::damages) return rocksdb::IOStatus::Corruption("made by a test");
      if (!log_ || disk_.trouble_ != DiskTrouble::append_tears) return target()->Append(data, options, debug);
      auto const written = target()->Append({data.data(), data.size() / 2}, options, debug);
      return written.ok() ? broken() : written;
    }
    rocksdb::IOStatus Append(rocksdb::Slice const& data, rocksdb::IOOptions const& options,
                             rocksdb::DataVerificationInfo const& /*verification*/,
                             rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    rocksdb::IOStatus Sync(rocksdb::IOOptions const& options, rocksdb::IODebugContext* debug) override {
      if (log_ && disk_.log_syncs_fail()) return broken();
      return target()->Sync(options, debug);
    }
    rocksdb::IOStatus Fsync(rocksdb::IOOptions const& options, rocksdb::IODebugContext* debug) override {
      if (log_ && disk_.log_syncs_fail()) return broken();
      return target()->Fsync(options, debug);
    }

   private:
    FailingDisk const& disk_;
    bool log_;
    bool table_;
  };
  [[nodiscard]] bool log_syncs_fail() const {
    return trouble_ == DiskTrouble::sync_fails || trouble_ == DiskTrouble::damages;
  }

  std::atomic<DiskTrouble> trouble_ = DiskTrouble::none;
};

}  // namespace codi::testing
