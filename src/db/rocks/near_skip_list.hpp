#pragma once
#include <rocksdb/memtablerep.h>

#include <cstddef>
#include <cstdint>

namespace codi::db {

/// RocksDB's skip list, which begins to look for a row's place at the last row of the same kind: mostly it is near.
/// Rows of one kind of one project begin alike for kKindBytes. RocksDB has an option for this
/// (`memtable_insert_with_hint_prefix_extractor`), but hands what it remembers of rows to its list of range deletions,
/// too (7.8). For one writing thread.
class NearSkipListFactory final : public rocksdb::MemTableRepFactory {
 public:
  static constexpr std::size_t kKindBytes = 52;        ///< two ids and two words
  static constexpr std::size_t kKindsPerList = 4'096;  ///< of whose last rows a list remembers the place

  using rocksdb::MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(rocksdb::MemTableRep::KeyComparator const& compare,
                                          rocksdb::Allocator* allocator, rocksdb::SliceTransform const* transform,
                                          rocksdb::Logger* logger) override;
  [[nodiscard]] char const* Name() const override { return "codi.near_skip_list"; }
  [[nodiscard]] bool CanHandleDuplicatedKey() const override { return list_.CanHandleDuplicatedKey(); }

 private:
  rocksdb::SkipListFactory list_;
};

}  // namespace codi::db
